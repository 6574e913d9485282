"""Codecs of custom resources: from requests, and from the store.

An object from a request is pruned and defaulted by the schema of the request's version, one from
the store by the schema of the version it is stored in; the schema may have changed since then.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import orjson

from kapi.apiextensions.customresource.functions import refuse_to_store, unconverted
from kapi.apiextensions.schema.merge import merge_schema
from kapi.apimachinery.errors import StatusError
from kapi.apimachinery.scheme import Decoded, DecodeError
from kapi.apimachinery.scheme.go_names import json_kind
from kapi.storage.cacher.codec import JSONCodec, stored_value, value_header
from kapi.storage.errors import Corrupt
from kapi.structuredmerge.typed import TypedSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kapi.apiextensions.schema.reading import ReadMetadata
    from kapi.apiextensions.schema.structural import StructuralSchema
    from kapi.apimachinery.managedfields import TypeConverter
    from kapi.apimachinery.scheme import Scheme
    from kapi.apimachinery.types import GroupVersionKind, JSONObject, JSONValue
    from kapi.storage.cacher.entry import Entry
    from kapi.structuredmerge.schema import Schema

__all__ = ["CustomResourceCodec", "StoredCodec", "metadata_reader"]

_LOG = logging.getLogger(__name__)

# Values on their way to the engine and back.
_WRITTEN = 1024
_OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def metadata_reader(scheme: Scheme) -> ReadMetadata:
    """Reads metadata as that of built-in kinds is read."""
    meta_type = scheme.named(_OBJECT_META)

    def read(value: JSONValue, unknown: list[str]) -> JSONValue:
        if value.__class__ is not dict:
            found = json_kind(value)
            raise DecodeError(f"json: cannot unmarshal {found} into Go value of type v1.ObjectMeta")
        decoded = scheme.decode(meta_type, value)
        unknown.extend(decoded.unknown)
        return decoded.obj

    return read


class CustomResourceCodec:
    """The :class:`~kapi.registry.codec.ObjectCodec` of a custom resource at one version."""

    def __init__(self, scheme: Scheme, schema: StructuralSchema, gvk: GroupVersionKind) -> None:
        self._scheme = scheme
        self._schema = schema
        self._api_version = gvk.api_version
        self._kind = gvk.kind

    def decode(self, value: JSONValue) -> Decoded:
        """A pruned and defaulted object; its metadata is always there."""
        if value.__class__ is not dict:
            raise DecodeError("the object must be a JSON object")
        unknown: list[str] = []
        obj = self._schema.read(value, unknown)
        if unknown:
            unknown.sort()
        obj["apiVersion"] = self._api_version
        obj["kind"] = self._kind
        if "metadata" not in obj:
            obj["metadata"] = {}
        return Decoded(obj, unknown)

    def empty(self) -> JSONObject:
        """An object with nothing but a place for metadata."""
        return {"metadata": {}}

    def schema(self) -> JSONObject | None:
        """The schema of the definition."""
        return self._schema.schema

    def typed(self, converter: TypeConverter) -> TypedSchema:
        """How objects are merged, compiled from the schema when first asked for."""
        meta_type = self._scheme.named(_OBJECT_META)

        def object_meta() -> Schema:
            return converter.schema(meta_type)

        schema = merge_schema(self._schema.schema, object_meta, root=True)
        return TypedSchema(schema, {"metadata": {}}, exact=True, strict=True)


class StoredCodec:
    """The codec of stored custom resources, whatever schema they were written with.

    An object is read by the schema of the version it was stored in, so one that was stored in a
    former storage version keeps what only that version has. With ``stored_versions`` entries keep
    that version, too, and their header tells it; without, it is the storage version for all.
    """

    def __init__(
        self,
        prefix: str,
        gvk: GroupVersionKind,
        schemas: Mapping[str, StructuralSchema],
        fields: Callable[[JSONObject], tuple[str, ...]] | None,
        stored_versions: Mapping[bytes, str] | None = None,
        convert: Callable[[JSONObject, str, str], JSONObject] | None = None,
    ) -> None:
        self._convert = convert  # from one version to another; None: by nothing
        self._api_version = gvk.api_version
        self._header = value_header(gvk.api_version, gvk.kind)
        self._headers = {version: header for header, version in (stored_versions or {}).items()}
        headers = list(stored_versions or (self._header,))
        self._plain = JSONCodec(prefix, headers, fields)
        self._schemas = schemas
        self._version = gvk.version
        self._written: dict[int, bytes] = {}

    def note(self, value: bytes, obj: JSONObject) -> None:
        """Remember a value that need not be read again when it comes back from the engine.

        With one schema, what is written has been read by it.
        """
        if len(self._schemas) == 1:
            if len(self._written) >= _WRITTEN:
                self._written.clear()  # of writes that failed
            self._written[id(value)] = value
            self._plain.note(value, obj)

    def encode(self, obj: JSONObject) -> bytes:
        """The value to store; raises InternalError for what was shown in place of an object."""
        refuse_to_store(obj)
        return stored_value(obj, self._header)

    def decode(self, key: str, value: bytes, revision: int) -> Entry:
        """The entry of a stored value as its schema wants it now; raises Corrupt."""
        if self._written.pop(id(value), None) is value:
            return self._plain.decode(key, value, revision)
        try:
            obj = orjson.loads(value)
            read = self._read(obj)
        except (orjson.JSONDecodeError, AttributeError, DecodeError) as error:
            raise Corrupt(f"the value of key {key!r} is no custom resource: {error}") from error
        header = self._headers.get(obj.get("apiVersion", ""), self._header)
        if read != obj or not value.startswith(header):
            value = stored_value(read, header)
        entry = self._plain.decode(key, value, revision)
        if not self._headers and obj.get("apiVersion") != self._api_version:
            entry.header = b""  # as for every value that was rewritten
        return entry

    def _read(self, obj: JSONObject) -> JSONObject:
        """The object as its schemas want it, at the storage version where a function converts."""
        version = obj.get("apiVersion", "").rpartition("/")[2]
        schema = self._schemas.get(version) or self._schemas[self._version]
        read: JSONObject = schema.read(obj, [])
        if self._convert is None or version not in self._schemas or version == self._version:
            return read
        try:
            converted = self._convert(read, version, self._version)
        except StatusError as error:  # the others of the resource can be read all the same
            _LOG.error("%s: %s", obj["metadata"].get("name"), error)
            return unconverted(read, f"{version}: {error}")
        return self._stored_form(converted)

    def _stored_form(self, obj: JSONObject) -> JSONObject:
        read: JSONObject = self._schemas[self._version].read(obj, [])
        return read
