"""ProtobufCodec: objects of one Scheme to and from the Kubernetes protobuf encoding.

Encoders and decoders are compiled per kind on first use. Objects go in and come out as plain
dictionaries in the form that JSON has; apiVersion and kind travel in the envelope only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.scheme.model import Field, Type
from kapi.apimachinery.scheme.protobuf_decode import MessageDecoderCompiler
from kapi.apimachinery.scheme.protobuf_encode import EncoderCompiler
from kapi.apimachinery.serializer.protobuf import envelope_head, framed, joined, unwrap, wrap
from kapi.apimachinery.serializer.protobuf_wire import ProtobufError
from kapi.apimachinery.types import GroupVersion, GroupVersionKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.scheme.scheme import Scheme
    from kapi.apimachinery.types import JSONObject

__all__ = ["ProtobufCodec"]

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_META_BETA = "io.k8s.apimachinery.pkg.apis.meta.v1beta1."
_PARTIAL = "PartialObjectMetadata"


class ProtobufCodec:
    """The protobuf form of every built-in kind of one Kubernetes version."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._encoders = EncoderCompiler(scheme.presence)
        self._decoders = MessageDecoderCompiler(
            scheme.presence, scheme.compiler, self.decode_object
        )
        self._heads: dict[tuple[str, str], bytes] = {}
        self._views = _metadata_views(scheme)

    # -- messages -----------------------------------------------------------------------------

    def encode(self, kind: Type, obj: JSONObject) -> bytes:
        """An object's message, without envelope."""
        return self._encoders.message(kind)(obj)

    def decode(self, kind: Type, raw: bytes) -> JSONObject:
        """The object of a message, without apiVersion and kind; raises ProtobufError."""
        try:
            obj = self._decoders.message(kind)(raw, 0, len(raw), {})
            orjson.dumps(obj)  # what is nested too deeply could never be written again
        except IndexError:
            raise ProtobufError("unexpected EOF") from None
        except (RecursionError, orjson.JSONEncodeError):
            raise ProtobufError("exceeded max depth") from None
        return obj

    # -- whole objects ------------------------------------------------------------------------

    def type(self, gvk: GroupVersionKind) -> Type | None:
        """The Type of a kind, or None when it has no protobuf form."""
        found = self._scheme.type(gvk)
        if found is None:
            return self._views.get(gvk)
        return found if self._scheme.presence.message(found.name) else None

    def head(self, api_version: str, kind: str) -> bytes:
        """How the envelopes of a kind begin."""
        found = self._heads.get((api_version, kind))
        if found is None:
            found = self._heads[api_version, kind] = envelope_head(api_version, kind)
        return found

    def wrap(self, api_version: str, kind: str, frame: bytes) -> bytes:
        """The envelope of a framed message."""
        return wrap(self.head(api_version, kind), frame)

    def encode_object(self, obj: JSONObject) -> bytes:
        """An object with apiVersion and kind in its envelope.

        Raises KeyError when its kind has no protobuf form.
        """
        # Discovery of the core group has no apiVersion, neither in JSON nor here.
        api_version, kind = obj.get("apiVersion", ""), obj["kind"]
        found = self.type(GroupVersionKind(*GroupVersion.parse(api_version or "v1"), kind))
        if found is None:
            raise KeyError(f"{api_version}, Kind={kind}")
        return self.wrap(api_version, kind, framed(self.encode(found, obj)))

    def decode_object(self, data: bytes) -> JSONObject:
        """The object in an envelope, with apiVersion and kind; raises ProtobufError."""
        envelope = unwrap(data)
        gvk = GroupVersionKind(*GroupVersion.parse(envelope.api_version), envelope.kind)
        found = self.type(gvk)
        if found is None:
            raise ProtobufError(
                f'no kind "{envelope.kind}" is registered for version "{envelope.api_version}"'
            )
        obj = self.decode(found, envelope.raw)
        return {"apiVersion": envelope.api_version, "kind": envelope.kind, **obj}

    # -- lists --------------------------------------------------------------------------------

    def encode_list(
        self, gvk: GroupVersionKind, metadata: JSONObject, items: Sequence[bytes]
    ) -> bytes:
        """A list of a kind in its envelope, out of the framed messages of its items."""
        found = self.type(gvk)
        if found is None:
            raise KeyError(str(gvk))
        # Items are field 2 of every list of resources, as framed messages are.
        members = self.encode(found, {"metadata": metadata, "items": None})
        return joined(self.head(gvk.api_version, gvk.kind), [members, *items])


def _metadata_views(scheme: Scheme) -> dict[GroupVersionKind, Type]:
    """PartialObjectMetadata and its lists, which no schema definition describes."""
    views: dict[GroupVersionKind, Type] = {}
    presence = scheme.presence
    meta = Field("metadata", scheme.named(f"{_META}ObjectMeta"), number=1)
    partial = Type("struct", f"{_META}{_PARTIAL}", {"metadata": meta})
    for version, package in (("v1", _META), ("v1beta1", _META_BETA)):
        name = f"{package}{_PARTIAL}List"
        numbers = presence.message(name)
        fields = {
            "metadata": Field(
                "metadata", scheme.named(f"{_META}ListMeta"), number=numbers["metadata"].number
            ),
            "items": Field(
                "items",
                Type("list", element=partial),
                omitempty=False,
                number=numbers["items"].number,
            ),
        }
        views[GroupVersionKind("meta.k8s.io", version, _PARTIAL)] = partial
        views[GroupVersionKind("meta.k8s.io", version, f"{_PARTIAL}List")] = Type(
            "struct", name, fields
        )
    return views
