"""StorageObjectInUseProtection: volumes and claims are not removed while they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin

if TYPE_CHECKING:
    from kapi.registry.admission import Attributes

__all__ = ["StorageObjectInUseProtection"]

_FINALIZERS = {
    "persistentvolumes": "kubernetes.io/pv-protection",
    "persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "volumeattributesclasses": "kubernetes.io/vac-protection",
}


class StorageObjectInUseProtection(Plugin):
    """See the module."""

    name: ClassVar[str] = "StorageObjectInUseProtection"
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset(
        {
            ("", "persistentvolumes"),
            ("", "persistentvolumeclaims"),
            ("storage.k8s.io", "volumeattributesclasses"),
        }
    )

    async def mutate(self, attributes: Attributes) -> None:
        """Add the finalizer that the protection controllers take off."""
        obj = attributes.obj
        if obj is None:
            return
        finalizer = _FINALIZERS[attributes.resource.resource]
        meta = obj["metadata"]
        finalizers = meta.get("finalizers") or []
        if finalizer not in finalizers:
            meta["finalizers"] = [*finalizers, finalizer]
