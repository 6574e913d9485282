"""ObjectCodec: how objects of one resource at one version are read.

Built-in kinds are read by the Types of the scheme and defaulted by functions, custom resources
are read and defaulted by the schema of their definition; handlers know only this protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kapi.apimachinery.scheme import Decoded
from kapi.apimachinery.serializer.protobuf import Enveloped

if TYPE_CHECKING:
    from kapi.apimachinery.managedfields import TypeConverter
    from kapi.apimachinery.scheme import Scheme, Type
    from kapi.apimachinery.types import GroupVersionKind, JSONObject, JSONValue
    from kapi.registry.rules import Default
    from kapi.structuredmerge.typed import TypedSchema

__all__ = ["ObjectCodec", "TypeCodec"]


class ObjectCodec(Protocol):
    """Reads objects at the version of its resource."""

    def decode(self, value: JSONValue) -> Decoded:
        """A new object, pruned and defaulted, and the paths of its unknown fields.

        A protobuf body comes as Enveloped. ``apiVersion`` and ``kind`` are those of the resource.
        Raises DecodeError, worded as Go words it, when a member has a wrong type, ProtobufError
        for broken protobuf.
        """
        ...

    def empty(self) -> JSONObject:
        """An object without content, as bookmarks carry it."""
        ...

    def schema(self) -> JSONObject | None:
        """The OpenAPI schema that a definition gave the kind; None for built-in kinds."""
        ...

    def typed(self, converter: TypeConverter) -> TypedSchema:
        """The schema by which server-side apply merges."""
        ...


class TypeCodec:
    """The codec of a built-in kind."""

    def __init__(
        self, scheme: Scheme, kind_type: Type, gvk: GroupVersionKind, default: Default | None
    ) -> None:
        self._scheme = scheme
        self._type = kind_type
        self._api_version = gvk.api_version
        self._kind = gvk.kind
        self._default = default

    def decode(self, value: JSONValue) -> Decoded:
        """See :class:`ObjectCodec`."""
        if isinstance(value, Enveloped):
            decoded = Decoded(self._scheme.protobuf.decode(self._type, value.raw), [])
        else:
            decoded = self._scheme.decode(self._type, value)
        obj = decoded.obj
        obj["apiVersion"] = self._api_version
        obj["kind"] = self._kind
        if self._default is not None:
            self._default(obj)
        return decoded

    def empty(self) -> JSONObject:
        """See :class:`ObjectCodec`."""
        return self._scheme.decode(self._type, {}).obj

    def schema(self) -> JSONObject | None:
        """Built-in kinds are described by the scheme's definitions."""
        return None

    def typed(self, converter: TypeConverter) -> TypedSchema:
        """See :class:`ObjectCodec`."""
        return converter.typed(self._type)
