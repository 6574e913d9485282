"""What the expressions of policies see of one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.admission.webhook.rules import is_exempt
from kapi.admission.webhook.versions import reviewed_kind

if TYPE_CHECKING:
    from kapi.admission.webhook.matching import Invocation, Matching
    from kapi.admission.webhook.mutating import WebhookAccess
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["RequestInputs", "is_judged"]

# Reviews are questions about access, which no policy may answer or refuse.
_REVIEWS = frozenset({"authentication.k8s.io", "authorization.k8s.io"})
_WEBHOOKS = "webhookconfigurations"


def is_judged(attributes: Attributes) -> bool:
    """Whether policies may see an operation.

    They never see policies and bindings of either kind, or nobody could mend a mistake. An update
    through a subresource whose objects are of another kind (but for Scale) is a step of the
    server's own, after the request itself was admitted.
    """
    resource, subresource = attributes.resource, attributes.subresource
    if resource.group in _REVIEWS:
        return False
    if is_exempt(resource.group, resource.resource) and not resource.resource.endswith(_WEBHOOKS):
        return False
    if attributes.operation != "UPDATE" or subresource == "scale":
        return True
    return reviewed_kind(resource, subresource) == resource.gvk


class RequestInputs:
    """The variables of one request, but for those that a policy or its binding adds."""

    def __init__(self, attributes: Attributes, access: WebhookAccess, matching: Matching) -> None:
        self._attributes = attributes
        self._access = access
        self._objects = matching.objects
        self._namespace: JSONObject | None = None

    async def read_namespace(self) -> None:
        """Find the namespace of the request, if it has one."""
        name = self._attributes.context.namespace
        if self._namespace is None and name:
            self._namespace = await self._access.lookup.get("", "namespaces", "", name)

    def scope(self, invocation: Invocation) -> dict[str, Any]:
        """The variables as they are now, in a dict of their own."""
        from kapi.admission.expression_authorizer import (  # noqa: PLC0415 - loads CEL
            authorizer_variables,
        )

        request, resource = invocation.request, invocation.resource
        user = self._attributes.context.user
        return {
            "object": self._objects.new(resource)[0],
            "oldObject": self._objects.old(resource)[0],
            "request": request,
            "namespaceObject": self._namespace,
            **authorizer_variables(self._access.authorizer, user, request),
        }
