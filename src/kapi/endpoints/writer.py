"""ObjectWriter: stored bytes and objects in the representation that a client asked for.

JSON of the stored version is joined from cached bytes; everything else (YAML, Tables, metadata
only, other versions) is built from the parsed object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import NotAcceptable, StatusError
from kapi.apimachinery.serializer import cbor, yaml
from kapi.apimachinery.serializer.protobuf import MEDIA_TYPE, framed
from kapi.apimachinery.types import GroupVersionKind
from kapi.endpoints.negotiation import JSON, Representation
from kapi.endpoints.request import Response
from kapi.endpoints.table import include_object, partial_metadata
from kapi.storage.cacher.entry import alternates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.apimachinery.scheme.protobuf import ProtobufCodec
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.endpoints.request import Request
    from kapi.endpoints.table import TableWriter
    from kapi.registry.catalogue import Resource
    from kapi.storage.cacher.entry import Entry
    from kapi.util.clock import Clock

__all__ = ["ObjectWriter", "convert_body", "encode", "object_message"]

_PROTOBUF = MEDIA_TYPE.encode()


def encode(value: JSONValue, representation: Representation, *, pretty: bool = False) -> bytes:
    """A value as JSON or YAML text, or as protobuf if it is an object."""
    if representation.protobuf is not None:
        return representation.protobuf.encode_object(value)
    if representation.encoding == "yaml":
        return yaml.dump(value).encode()
    if representation.encoding == "cbor":
        return cbor.dumps(value)
    if pretty:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n"
    return orjson.dumps(value) + b"\n"


def convert_body(resource: Resource, body: bytes) -> bytes:
    """A stored body in the form of the resource's version, still without kind and apiVersion."""
    convert = resource.rules.from_hub.get(resource.version)
    if convert is None or resource.is_hub:
        return body
    return orjson.dumps(_without_type(convert(orjson.loads(body))))


def _versioned_body(resource: Resource, body: bytes, entry: Entry | None) -> bytes:
    """``convert_body``, kept with the entry that the body was read from."""
    if entry is None or resource.is_hub or resource.version not in resource.rules.from_hub:
        return convert_body(resource, body)
    return entry.alternate(resource.gvk, lambda read: convert_body(resource, read.body))


def _without_type(obj: JSONObject) -> JSONObject:
    obj.pop("kind", None)
    obj.pop("apiVersion", None)
    return obj


def object_message(codec: ProtobufCodec, resource: Resource, entry: Entry) -> bytes:
    """An object's framed protobuf message at the resource's version, kept with its entry."""
    return entry.alternate(resource.api_version, _builder(codec, resource))


def _builder(codec: ProtobufCodec, resource: Resource) -> Callable[[Entry], bytes]:
    return lambda entry: _message(codec, resource, entry.body)


def _message(codec: ProtobufCodec, resource: Resource, body: bytes) -> bytes:
    return framed(codec.encode(resource.type, orjson.loads(convert_body(resource, body))))


class ObjectWriter:
    """Writes objects and lists."""

    def __init__(self, tables: TableWriter, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock

    def object(
        self,
        request: Request,
        resource: Resource,
        body: bytes,
        representation: Representation,
        status: int = 200,
        entry: Entry | None = None,
    ) -> Response:
        """One object; ``body`` is at the hub version, ``entry`` where it was read from."""
        if representation is JSON and not request.query_string:
            content = resource.object_head + _versioned_body(resource, body, entry)[1:]
            return Response(status, content)
        codec = representation.protobuf
        if codec is not None and not representation.as_kind:
            message = (
                _message(codec, resource, body)
                if entry is None
                else object_message(codec, resource, entry)
            )
            content = codec.wrap(resource.api_version, resource.kind, message)
            return Response(status, content, _PROTOBUF)
        if representation.as_kind == "PartialObjectMetadataList":
            if resource.custom:
                raise StatusError("content is not a list", code=500)
            raise NotAcceptable(
                "you requested PartialObjectMetadataList, but the requested object is not a list "
                f"(*{_go_package(resource)}.{resource.kind})",
            )
        pretty = request.flag("pretty")
        if not representation.as_kind and representation.encoding == "json" and not pretty:
            content = resource.object_head + _versioned_body(resource, body, entry)[1:]
            return Response(status, content)
        value = self._view(request, resource, body, representation)
        return Response(
            status, encode(value, representation, pretty=pretty), representation.content_type
        )

    def _view(
        self, request: Request, resource: Resource, body: bytes, representation: Representation
    ) -> JSONObject:
        if representation.as_kind == "Table":
            include = include_object(request.parameter("includeObject"))
            row = self.row(resource, body, include, representation.as_version)
            version = orjson.loads(body)["metadata"].get("resourceVersion")
            metadata = {"resourceVersion": version} if version else {}
            return self._tables.table(resource, [row], metadata, representation.as_version)
        if representation.as_kind:
            return partial_metadata(resource, orjson.loads(body), representation.as_version)
        return self.versioned(resource, body)

    def versioned(self, resource: Resource, body: bytes) -> JSONObject:
        """The whole object at the resource's version."""
        obj: JSONObject = orjson.loads(convert_body(resource, body))
        return {"kind": resource.kind, "apiVersion": resource.api_version, **obj}

    def row(self, resource: Resource, body: bytes, include: str, version: str) -> JSONObject:
        """One Table row for a stored body."""
        obj = orjson.loads(body)
        shown: JSONObject = obj
        if include == "Object":
            shown = self.versioned(resource, body)
        return self._tables.row(resource, obj, shown, self._clock.now(), include, version)

    def list(
        self,
        request: Request,
        resource: Resource,
        bodies: Sequence[bytes],
        metadata: JSONObject,
        representation: Representation,
        entries: Sequence[Entry] | None = None,
    ) -> Response:
        """A list; ``metadata`` is its ListMeta, ``entries`` where the bodies were read from."""
        as_kind = representation.as_kind
        codec = representation.protobuf
        if codec is not None and not as_kind:
            gvk = GroupVersionKind(resource.group, resource.version, resource.list_kind)
            messages = (
                [_message(codec, resource, body) for body in bodies]
                if entries is None
                else alternates(entries, resource.api_version, _builder(codec, resource))
            )
            return Response(200, codec.encode_list(gvk, metadata, messages), _PROTOBUF)
        if as_kind == "PartialObjectMetadata":
            raise NotAcceptable(
                "you requested PartialObjectMetadata, but the requested object is a list "
                f"(*{_go_list(resource)})",
            )
        pretty = request.flag("pretty")
        if not as_kind and resource.version in resource.rules.from_hub:
            sources: Sequence[Entry | None] = entries or [None] * len(bodies)
            bodies = [
                _versioned_body(resource, body, entry)
                for body, entry in zip(bodies, sources, strict=True)
            ]
        if not as_kind and representation.encoding == "json" and not pretty:
            return Response(200, self._joined(resource, bodies, metadata))
        value: JSONObject
        version = representation.as_version
        if as_kind == "Table":
            include = include_object(request.parameter("includeObject"))
            rows = [self.row(resource, body, include, version) for body in bodies]
            value = self._tables.table(resource, rows, metadata, version)
        elif as_kind:
            items = [partial_metadata(resource, orjson.loads(body), version) for body in bodies]
            value = {
                "kind": "PartialObjectMetadataList",
                "apiVersion": f"meta.k8s.io/{version}",
                "metadata": metadata,
                "items": items or None,
            }
        else:
            value = orjson.loads(self._joined(resource, bodies, metadata))
        return Response(
            200, encode(value, representation, pretty=pretty), representation.content_type
        )

    @staticmethod
    def _joined(resource: Resource, bodies: Sequence[bytes], metadata: JSONObject) -> bytes:
        if resource.custom:  # lists and items keep what lists of built-in kinds leave out
            metadata = {"continue": "", **metadata}
            bodies = [resource.object_head + body[1:] for body in bodies]
        head = b'{"kind":"%b","apiVersion":"%b","metadata":%b,"items":[' % (
            resource.list_kind.encode(),
            resource.api_version.encode(),
            orjson.dumps(metadata),
        )
        return head + b",".join(bodies) + b"]}\n"


def _go_list(resource: Resource) -> str:
    if resource.custom:
        return "unstructured.UnstructuredList"
    return f"{_go_package(resource)}.{resource.list_kind}"


def _go_package(resource: Resource) -> str:
    """The name of the Go package of internal types, which these messages quote."""
    if not resource.group:
        return "core"
    return resource.group.partition(".")[0]
