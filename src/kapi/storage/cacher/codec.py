"""Codec: from a stored value to an Entry, and the layout of stored values.

A stored value is a plain Kubernetes object in compact JSON whose first members are apiVersion,
kind and metadata, without metadata.resourceVersion:

    stored  {"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{}}
    header  {"apiVersion":"v1","kind":"Pod","metadata":{
    body    {"metadata":{"resourceVersion":"7","name":"a"},"spec":{}}

Turning one into the other is a concatenation. A value of another layout (an older API version,
or written by another program into a shared etcd) is parsed, converted and laid out again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import orjson

from kapi.storage.cacher.entry import Entry, resource_version_prefix
from kapi.storage.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.apimachinery.types import JSONObject

__all__ = ["Codec", "JSONCodec", "body_of", "stored_value", "value_header"]


class Codec(Protocol):
    """Given by the layer above: knows the resource's key layout, labels and fields."""

    def decode(self, key: str, value: bytes, revision: int) -> Entry:
        """The entry of a stored value; raises Corrupt when it cannot be read.

        The cacher sets ``create_revision`` afterwards.
        """
        ...

    def note(self, value: bytes, obj: JSONObject) -> None:
        """Take a hint: ``value`` is about to be stored and holds ``obj``."""
        ...


def value_header(api_version: str, kind: str) -> bytes:
    """How stored values of a kind begin, up to the first member of metadata."""
    return b'{"apiVersion":%b,"kind":%b,"metadata":{' % (
        orjson.dumps(api_version),
        orjson.dumps(kind),
    )


def stored_value(obj: JSONObject, header: bytes) -> bytes:
    """The value to store for an object; apiVersion and kind come from the header.

    ``metadata.resourceVersion`` is left out. The object itself is not changed.
    """
    metadata = obj["metadata"]
    if "resourceVersion" in metadata:
        metadata = {name: value for name, value in metadata.items() if name != "resourceVersion"}
    rest = {
        name: value for name, value in obj.items() if name not in ("apiVersion", "kind", "metadata")
    }
    members = orjson.dumps(metadata)[1:]
    if not rest:
        return header + members + b"}"
    return b"%b%b,%b" % (header, members, orjson.dumps(rest)[1:])


def body_of(value: bytes, revision: int, header: bytes) -> bytes:
    """The served form of a stored value that begins with ``header``."""
    start = len(header)
    if value[start] == 0x7D:  # a closing brace: metadata is empty
        return resource_version_prefix(revision) + value[start:]
    return b"%b,%b" % (resource_version_prefix(revision), value[start:])


def _relaid(
    key: str, value: bytes, revision: int, convert: _Convert | None, read: _Read
) -> tuple[bytes, JSONObject]:
    try:
        obj = read(value)
        if convert is not None:
            obj = convert(obj)
        metadata = dict(obj["metadata"])
    except (orjson.JSONDecodeError, TypeError, KeyError, ValueError, AttributeError) as error:
        raise Corrupt(f"the value of key {key!r} is not a Kubernetes object: {error}") from error
    metadata.pop("resourceVersion", None)
    obj["metadata"] = metadata
    return body_of(stored_value(obj, b'{"metadata":{'), revision, b'{"metadata":{'), obj


# What selectors ask for: the labels and the values of the selectable fields.
_Selectable: TypeAlias = "tuple[dict[str, str] | None, tuple[str, ...]]"
# Brings an object that was stored in another version into the form of the first header.
_Convert: TypeAlias = "Callable[[JSONObject], JSONObject]"
# Reads a value of another layout; raises ValueError.
_Read: TypeAlias = "Callable[[bytes], JSONObject]"
# How a value that was noted in another encoding is laid out.
_BARE = b'{"metadata":{'
# Values noted and not seen again yet; more than can be under way at once.
_NOTED = 4096


class JSONCodec:
    """A codec for keys ``<prefix>[namespace/]name`` and values of the layout above.

    ``headers`` are those of the versions that may be stored. ``fields`` computes the values for
    field selectors besides name and namespace from the parsed object. Values with another header
    are read by ``read``, which may know other encodings, and brought into form by ``convert``.
    """

    def __init__(
        self,
        prefix: str,
        headers: Sequence[bytes],
        fields: Callable[[JSONObject], tuple[str, ...]] | None = None,
        convert: _Convert | None = None,
        read: _Read = orjson.loads,
    ) -> None:
        self._read = read
        self._convert = convert
        self._prefix_length = len(prefix)
        self._headers = tuple(headers)
        self._fields = fields
        self._noted: dict[int, tuple[bytes, _Selectable, bytes]] = {}

    def note(self, value: bytes, obj: JSONObject) -> None:
        """Remember what selectors ask for of an object that is about to be stored.

        And its layout as JSON, when it is stored in another encoding. Saves parsing the value
        again when it comes back from the engine in this process.
        """
        if len(self._noted) >= _NOTED:
            self._noted.clear()  # of writes that failed
        laid_out = b"" if value[:1] == b"{" else stored_value(obj, _BARE)
        self._noted[id(value)] = (value, self._selectable(obj), laid_out)

    def _selectable(self, obj: JSONObject) -> _Selectable:
        labels: dict[str, str] | None = obj["metadata"].get("labels") or None
        return labels, () if self._fields is None else self._fields(obj)

    def decode(self, key: str, value: bytes, revision: int) -> Entry:
        """The entry of a stored value; raises Corrupt when it is not a Kubernetes object."""
        namespace, _, name = key[self._prefix_length :].rpartition("/")
        obj: JSONObject | None = None
        noted = self._noted.pop(id(value), None)
        if noted is not None and noted[0] is not value:
            noted = None
        for header in self._headers:
            if value.startswith(header):
                body = body_of(value, revision, header)
                break
        else:
            header = b""
            if noted is not None and noted[2]:
                body = body_of(noted[2], revision, _BARE)
            else:
                body, obj = _relaid(key, value, revision, self._convert, self._read)
        labels: dict[str, str] | None = None
        fields: tuple[str, ...] = ()
        if noted is not None:
            labels, fields = noted[1]
        elif obj is not None:
            labels, fields = self._selectable(obj)
        elif self._fields is not None or b'"labels":' in value:
            labels, fields = self._selectable(_parsed(key, value))
        return Entry(key, revision, body, namespace, name, labels, fields, header)


def _parsed(key: str, value: bytes) -> JSONObject:
    try:
        obj: JSONObject = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise Corrupt(f"the value of key {key!r} is not JSON: {error}") from error
    return obj
