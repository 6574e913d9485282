"""ScaleHandler: ownership of the replicas field, seen through the scale subresource.

A Scale object is made up from its parent on each request. So that managers of the one conflict
with managers of the other, entries that own the parent's replicas show in the Scale as owners of
``spec.replicas``, and what a write of the Scale does to them is carried back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.managedfields.entries import UPDATE, Entry, Managed, decode_live, encode
from kapi.structuredmerge.fieldpath import FieldSet, difference, from_paths, has

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kapi.apimachinery.types import JSONObject

__all__ = ["ScaleHandler"]

_SCALE_VERSION = "autoscaling/v1"
_SCALE_REPLICAS = ("f:spec", "f:replicas")


class ScaleHandler:
    """Carries the managedFields of one parent object to its Scale and back.

    ``paths`` has the dotted path of the replicas field for each API version of the parent
    (``{"apps/v1": "spec.replicas"}``); ``api_version`` is the one of the request.
    """

    def __init__(
        self, parent: Iterable[JSONObject], api_version: str, paths: Mapping[str, str]
    ) -> None:
        self._parent = decode_live(parent)
        self._api_version = api_version
        self._paths = {
            version: tuple("f:" + name for name in path.lstrip(".").split("."))
            for version, path in paths.items()
        }

    def to_scale(self) -> list[JSONObject]:
        """The managedFields of the Scale: everybody who owns the parent's replicas."""
        fields = from_paths([_SCALE_REPLICAS])
        owners: Managed = {}
        for manager, entry in self._parent.items():
            path = self._paths.get(entry.api_version)
            if path is not None and has(entry.fields, path):
                owners[manager] = Entry(fields, _SCALE_VERSION, entry.time)
        return encode(owners)

    def to_parent(self, scale: Iterable[JSONObject]) -> list[JSONObject]:
        """The parent's managedFields after a write that left the Scale with ``scale``."""
        owners = decode_live(scale)
        result: Managed = {}
        for manager, entry in self._parent.items():
            path = self._paths.get(entry.api_version)
            if path is None:
                continue  # the version is gone
            seen = manager
            if manager.operation == UPDATE:
                seen = manager._replace(api_version=_SCALE_VERSION)
            if not has(entry.fields, path) or owners.pop(seen, None) is not None:
                result[manager] = entry
                continue
            rest = difference(entry.fields, from_paths([path]))
            if rest:
                result[manager] = entry._replace(fields=rest)
        replicas: FieldSet = from_paths([self._paths[self._api_version]])
        for manager, entry in owners.items():
            if has(entry.fields, _SCALE_REPLICAS):
                owner = manager
                if manager.operation == UPDATE:
                    owner = manager._replace(api_version=self._api_version)
                known = self._parent.get(owner)
                result[owner] = Entry(replicas, self._api_version, known.time if known else "")
        return encode(result)
