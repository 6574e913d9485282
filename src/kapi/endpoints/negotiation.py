"""Content negotiation: which representation of an answer a client prefers.

Implements "Alternate representations of resources" and "Receiving resources as Tables" of the
API concepts. Results are cached by the text of the Accept header; clients send few of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import NotAcceptable
from kapi.apimachinery.serializer import cbor, protobuf

if TYPE_CHECKING:
    from kapi.apimachinery.scheme.protobuf import ProtobufCodec

__all__ = ["JSON", "ContentType", "Negotiator", "Representation", "parse_content_type"]

_ENCODINGS = {
    "application/json": "json",
    "application/yaml": "yaml",
    protobuf.MEDIA_TYPE: "protobuf",
}
_CONTENT_TYPES = {encoding: media_type.encode() for media_type, encoding in _ENCODINGS.items()}
_CONTENT_TYPES["cbor"] = cbor.MEDIA_TYPE.encode()
ACCEPTED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
STREAMS = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
_META_KINDS = frozenset({"Table", "PartialObjectMetadata", "PartialObjectMetadataList"})
_META_VERSIONS = frozenset({"v1", "v1beta1"})
# Accept headers kept; a client that makes up new ones all the time gets no more than this.
_CACHE_SIZE = 512


@dataclass(frozen=True, slots=True)
class Representation:
    """How to write an answer.

    ``encoding`` is json, yaml, cbor or protobuf (then ``protobuf`` is the codec to use).
    ``as_kind`` is empty or one of Table, PartialObjectMetadata and PartialObjectMetadataList,
    then ``as_version`` is their version in ``meta.k8s.io``.
    """

    encoding: str = "json"
    as_kind: str = ""
    as_version: str = ""
    protobuf: ProtobufCodec | None = field(default=None, repr=False, compare=False)

    @property
    def content_type(self) -> bytes:
        """The Content-Type of the answer."""
        return _CONTENT_TYPES[self.encoding]


JSON = Representation()


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type with its parameters."""

    media_type: str
    parameters: dict[str, str]
    quality: float = 1.0


def parse_content_type(text: str) -> ContentType:
    """Read one media range or Content-Type header."""
    media_type, *rest = text.split(";")
    parameters: dict[str, str] = {}
    for part in rest:
        name, _, value = part.partition("=")
        parameters[name.strip().lower()] = value.strip().strip('"')
    try:
        quality = float(parameters.get("q", "1"))
    except ValueError:
        quality = 1.0
    return ContentType(media_type.strip().lower(), parameters, quality)


def parse_accept(text: str) -> list[ContentType]:
    """The media ranges of an Accept header, most wanted first; refused ones (q=0) are left out."""
    ranges = [parse_content_type(part) for part in text.split(",") if part.strip()]
    wanted = [r for r in ranges if r.quality > 0]
    return sorted(wanted, key=lambda r: -r.quality)


class Negotiator:
    """Chooses representations for one server; ``codec`` writes protobuf.

    ``with_cbor`` says that the server also speaks CBOR (off in Kubernetes by default).
    """

    def __init__(self, codec: ProtobufCodec, *, with_cbor: bool = False) -> None:
        self._codec = codec
        self.with_cbor = with_cbor
        self._encodings = dict(_ENCODINGS)
        if with_cbor:
            self._encodings[cbor.MEDIA_TYPE] = self._encodings[cbor.SEQUENCE_TYPE] = "cbor"
        self._cache: dict[tuple[bytes, bool, bool, bool, bool], Representation | NotAcceptable] = {}

    def choose(
        self,
        accept: bytes | None,
        *,
        streams: bool = False,
        messages: bool = True,
        tables: bool = True,
        other_kinds: bool = True,
    ) -> Representation:
        """The representation for an Accept header (None: there is none).

        ``streams`` says that the endpoint also serves watches, ``messages`` that its objects have
        a protobuf form (those of custom resources have none), ``tables`` that they have a Table
        form (reviews have none), ``other_kinds`` that they may be shown as another kind at all
        (errors and discovery may not). Raises NotAcceptable.
        """
        if accept is None:
            return JSON
        key = (accept, streams, messages, tables, other_kinds)
        found = self._cache.get(key)
        if found is None:
            try:
                text = accept.decode("latin-1")
                found = self._choose(text, streams, messages, tables, other_kinds)
            except NotAcceptable as error:
                found = error
            if len(self._cache) >= _CACHE_SIZE:
                self._cache.clear()
            self._cache[key] = found
        if isinstance(found, NotAcceptable):
            raise NotAcceptable(found.message, found.details)
        return found

    def _choose(
        self, accept: str, streams: bool, messages: bool, tables: bool, other_kinds: bool
    ) -> Representation:
        ranges = parse_accept(accept)
        if not ranges:
            return JSON
        servable = False
        for wanted in ranges:
            if wanted.media_type == "*/*":
                return JSON
            encoding = self._encodings.get(wanted.media_type)
            if encoding is None:
                continue
            servable = True
            found = self._representation(encoding, wanted.parameters, messages)
            if found is None or (found.as_kind == "Table" and not tables):
                continue
            if other_kinds or not found.as_kind:
                return found
        if servable:
            raise NotAcceptable(f"only the following media types are accepted: {ACCEPTED}")
        if not messages:  # custom resources are served by another part of kube-apiserver
            raise NotAcceptable(f"only the following media types are accepted: {ACCEPTED}")
        available = f"{ACCEPTED}, {STREAMS}" if streams else ACCEPTED
        raise NotAcceptable(f"406: Not Acceptable\n\nAvailable representations: {available}", {})

    def _representation(
        self, encoding: str, parameters: dict[str, str], messages: bool
    ) -> Representation | None:
        """What a media range asks for, or None when that cannot be had."""
        codec = self._codec if encoding == "protobuf" else None
        as_kind = parameters.get("as", "")
        if not as_kind:
            if codec is not None and not messages:
                return None
            return JSON if encoding == "json" else Representation(encoding, protobuf=codec)
        version = parameters.get("v", "")
        known = as_kind in _META_KINDS and version in _META_VERSIONS
        if not known or parameters.get("g", "") != "meta.k8s.io":
            return None
        if codec is not None and as_kind == "Table":
            return None  # cells are any JSON, which has no message
        return Representation(encoding, as_kind, version, codec)
