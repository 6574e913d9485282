"""NamespaceLifecycle: nothing is created in a namespace that is missing or going away.

Also keeps the three namespaces without which the API does not work from being deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.admission.refusal import refused
from kapi.apimachinery.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.registry.admission import Attributes

__all__ = ["NamespaceLifecycle"]

_IMMORTAL = frozenset({"default", "kube-public", "kube-system"})
# Access reviews and tokens reviews work in any namespace, also in one that does not exist.
_REVIEWS = frozenset({("authorization.k8s.io", "localsubjectaccessreviews")})


class NamespaceLifecycle(Plugin):
    """See the module."""

    name: ClassVar[str] = "NamespaceLifecycle"
    operations: ClassVar[frozenset[str]] = frozenset({"CREATE", "DELETE"})

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def handles(self, attributes: Attributes) -> bool:
        """Creations in namespaces and deletions of them."""
        resource = attributes.resource
        if attributes.operation == "DELETE":
            return (resource.group, resource.resource) == ("", "namespaces")
        return (
            attributes.operation == "CREATE"
            and resource.namespaced
            and (resource.group, resource.resource) not in _REVIEWS
        )

    async def mutate(self, attributes: Attributes) -> None:
        """Refuse before anybody changes the object."""
        context = attributes.context
        if attributes.operation == "DELETE":
            if context.name in _IMMORTAL:
                raise Forbidden.resource(
                    "", "namespaces", context.name, "this namespace may not be deleted"
                )
            return
        namespace = await self._lookup.get("", "namespaces", "", context.namespace)
        if namespace is None:
            raise NotFound.resource("", "namespaces", context.namespace)
        if (namespace.get("status") or {}).get("phase") != "Terminating":
            return
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {context.namespace} is being terminated",
            "field": "metadata.namespace",
        }
        raise refused(
            attributes,
            f"unable to create new content in namespace {context.namespace} "
            "because it is being terminated",
            [cause],
        )
