"""Content negotiation: which representation of an answer a client prefers.

Implements "Alternate representations of resources" and "Receiving resources as Tables" of the
API concepts. Results are cached by the text of the Accept header; clients send few of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from kapi.apimachinery.errors import NotAcceptable

__all__ = ["JSON", "ContentType", "Negotiator", "Representation", "parse_content_type"]

_ENCODINGS = {"application/json": "json", "application/yaml": "yaml"}
ACCEPTED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
STREAMS = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
_META_KINDS = frozenset({"Table", "PartialObjectMetadata", "PartialObjectMetadataList"})
_META_VERSIONS = frozenset({"v1", "v1beta1"})
# Accept headers kept; a client that makes up new ones all the time gets no more than this.
_CACHE_SIZE = 512


@dataclass(frozen=True, slots=True)
class Representation:
    """How to write an answer.

    ``encoding`` is json or yaml. ``as_kind`` is empty or one of Table, PartialObjectMetadata
    and PartialObjectMetadataList, then ``as_version`` is their version in ``meta.k8s.io``.
    """

    encoding: str = "json"
    as_kind: str = ""
    as_version: str = ""

    @property
    def content_type(self) -> bytes:
        """The Content-Type of the answer."""
        return b"application/json" if self.encoding == "json" else b"application/yaml"


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
    """Chooses representations for one server."""

    def __init__(self) -> None:
        self._cache: dict[tuple[bytes, bool], Representation | NotAcceptable] = {}

    def choose(self, accept: bytes | None, *, streams: bool = False) -> Representation:
        """The representation for an Accept header (None: there is none).

        ``streams`` says that the endpoint also serves watches. Raises NotAcceptable.
        """
        if accept is None:
            return JSON
        key = (accept, streams)
        found = self._cache.get(key)
        if found is None:
            try:
                found = _choose(accept.decode("latin-1"), streams)
            except NotAcceptable as error:
                found = error
            if len(self._cache) >= _CACHE_SIZE:
                self._cache.clear()
            self._cache[key] = found
        if isinstance(found, NotAcceptable):
            raise NotAcceptable(found.message, found.details)
        return found


def _choose(accept: str, streams: bool) -> Representation:
    ranges = parse_accept(accept)
    if not ranges:
        return JSON
    servable = False
    for wanted in ranges:
        if wanted.media_type == "*/*":
            return JSON
        encoding = _ENCODINGS.get(wanted.media_type)
        if encoding is None:
            continue
        servable = True
        as_kind = wanted.parameters.get("as", "")
        if not as_kind:
            return Representation(encoding)
        version = wanted.parameters.get("v", "")
        group = wanted.parameters.get("g", "")
        if as_kind in _META_KINDS and version in _META_VERSIONS and group == "meta.k8s.io":
            return Representation(encoding, as_kind, version)
    if servable:
        raise NotAcceptable(f"only the following media types are accepted: {ACCEPTED}")
    available = f"{ACCEPTED}, {STREAMS}" if streams else ACCEPTED
    raise NotAcceptable(f"406: Not Acceptable\n\nAvailable representations: {available}", {})
