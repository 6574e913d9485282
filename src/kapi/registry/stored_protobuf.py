"""StoredProtobuf: the values of one resource as kube-apiserver stores them, in protobuf envelopes.

Lets kapi read an etcd that kube-apiserver has written, and write values that it reads
(``--storage-media-type``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.serializer.protobuf import MAGIC, framed
from kapi.apimachinery.types import GroupVersion

if TYPE_CHECKING:
    from kapi.apimachinery.scheme.protobuf import ProtobufCodec
    from kapi.apimachinery.types import GroupVersionKind, JSONObject
    from kapi.registry.rules import KindRules

__all__ = ["StoredProtobuf"]

# Kinds that kube-apiserver stores as JSON whatever the storage media type is.
_ALWAYS_JSON = frozenset({"apiextensions.k8s.io", "apiregistration.k8s.io"})


class StoredProtobuf:
    """Reads and writes stored values; ``hub`` is the version that is stored."""

    def __init__(self, codec: ProtobufCodec, hub: GroupVersionKind, rules: KindRules) -> None:
        self._codec = codec
        self._hub = hub
        self._rules = rules
        self._type = codec.type(hub)

    @property
    def is_writable(self) -> bool:
        """Whether the kind is stored as protobuf when that is asked for."""
        return self._type is not None and self._hub.group not in _ALWAYS_JSON

    def read(self, value: bytes) -> JSONObject:
        """The object of a stored value, JSON or protobuf, at the version it was stored in.

        What messages do not carry is set as on reading a request. Raises ValueError.
        """
        if not value.startswith(MAGIC):
            obj: JSONObject = orjson.loads(value)
            return obj
        obj = self._codec.decode_object(value)
        default = self._rules.defaults.get(GroupVersion.parse(obj["apiVersion"]).version)
        if default is not None:
            default(obj)
        return obj

    def write(self, obj: JSONObject) -> bytes:
        """The value to store for an object at the hub version, without resourceVersion."""
        assert self._type is not None
        metadata = obj["metadata"]
        if "resourceVersion" in metadata:
            metadata = {k: v for k, v in metadata.items() if k != "resourceVersion"}
        message = self._codec.encode(self._type, {**obj, "metadata": metadata})
        return self._codec.wrap(self._hub.api_version, self._hub.kind, framed(message))
