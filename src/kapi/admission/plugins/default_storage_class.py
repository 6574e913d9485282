"""DefaultStorageClass: a claim that names no class gets the default one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["DefaultStorageClass"]

_IS_DEFAULT = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"


class DefaultStorageClass(Plugin):
    """See the module."""

    name: ClassVar[str] = "DefaultStorageClass"
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset({("", "persistentvolumeclaims")})

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def mutate(self, attributes: Attributes) -> None:
        """Set spec.storageClassName; of several defaults the newest counts."""
        obj = attributes.obj
        if obj is None:
            return
        spec = obj.get("spec") or {}
        annotations = obj["metadata"].get("annotations") or {}
        if spec.get("storageClassName") is not None or _CLASS_ANNOTATION in annotations:
            return
        classes = await self._lookup.list("storage.k8s.io", "storageclasses")
        defaults = [c for c in classes if _is_default(c)]
        if not defaults:
            return
        defaults.sort(key=lambda c: c["metadata"]["name"])
        newest = max(defaults, key=lambda c: c["metadata"].get("creationTimestamp", ""))
        spec["storageClassName"] = newest["metadata"]["name"]


def _is_default(storage_class: JSONObject) -> bool:
    annotations = storage_class["metadata"].get("annotations") or {}
    return any(annotations.get(name) == "true" for name in _IS_DEFAULT)
