"""DefaultIngressClass: an Ingress that names no class gets the default one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.registry.admission import Attributes

__all__ = ["DefaultIngressClass"]

_GROUP = "networking.k8s.io"
_IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"


class DefaultIngressClass(Plugin):
    """See the module."""

    name: ClassVar[str] = "DefaultIngressClass"
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset({(_GROUP, "ingresses")})

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def mutate(self, attributes: Attributes) -> None:
        """Set spec.ingressClassName; of several defaults the newest counts."""
        ingress = attributes.obj
        if ingress is None:
            return
        annotations = ingress["metadata"].get("annotations") or {}
        spec = ingress.get("spec") or {}
        if spec.get("ingressClassName") is not None or _CLASS_ANNOTATION in annotations:
            return
        defaults = [
            each["metadata"]
            for each in await self._lookup.list(_GROUP, "ingressclasses")
            if (each["metadata"].get("annotations") or {}).get(_IS_DEFAULT) == "true"
        ]
        if defaults:
            defaults.sort(key=lambda meta: meta["name"])
            newest = max(defaults, key=lambda meta: meta.get("creationTimestamp", ""))
            ingress["spec"] = {**spec, "ingressClassName": newest["name"]}
