"""PersistentVolumeClaimResize: a claim grows only where its class says that volumes can."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.admission.refusal import refused
from kapi.apimachinery.quantity import Quantity, parse

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["PersistentVolumeClaimResize"]

_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"


class PersistentVolumeClaimResize(Plugin):
    """See the module."""

    name: ClassVar[str] = "PersistentVolumeClaimResize"
    operations: ClassVar[frozenset[str]] = frozenset({"UPDATE"})
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset({("", "persistentvolumeclaims")})

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def validate(self, attributes: Attributes) -> None:
        """Refuse growth of a claim that is not bound, or whose class does not allow it."""
        claim, old = attributes.obj, attributes.old
        if claim is None or old is None or not _storage(old) < _storage(claim):
            return
        if (old.get("status") or {}).get("phase") != "Bound":
            raise refused(attributes, "Only bound persistent volume claims can be expanded")
        name = _class_name(claim)
        found: JSONObject | None = None
        if name and name == _class_name(old):
            found = await self._lookup.get("storage.k8s.io", "storageclasses", "", name)
        if found is None or not found.get("allowVolumeExpansion"):
            raise refused(
                attributes,
                "only dynamically provisioned pvc can be resized and the storageclass that "
                "provisions the pvc must support resize",
            )


def _storage(claim: JSONObject) -> Quantity:
    resources = (claim.get("spec") or {}).get("resources") or {}
    return parse((resources.get("requests") or {}).get("storage", "0"))


def _class_name(claim: JSONObject) -> str:
    annotations = claim["metadata"].get("annotations") or {}
    if _CLASS_ANNOTATION in annotations:
        return str(annotations[_CLASS_ANNOTATION])
    return (claim.get("spec") or {}).get("storageClassName") or ""
