"""OpenAPI as protobuf: read with gnostic's public field numbers it is the JSON document."""

from __future__ import annotations

import struct

import orjson
import pytest

from kapi.apimachinery.scheme import Scheme
from kapi.apis.install import install
from kapi.endpoints.openapi.documents import OpenAPI
from kapi.endpoints.request import Request, RequestInfo
from kapi.registry.catalogue import Catalogue, builtin_resources
from kapi.registry.rules import Rules
from kapi.util.clock import FakeClock

# Messages of gnostic's OpenAPIv2: member=number:type, a star for repeated. "ext" are extensions.
V2 = """
Document swagger=1:text info=2:Info paths=8:Paths definitions=9:Definitions \
parameters=10:ParameterDefinitions security=12:Security* securityDefinitions=13:SecurityDefinitions
Info title=1:text version=2:text
Paths named=2:PathItem
PathItem get=2:Operation put=3:Operation post=4:Operation delete=5:Operation options=6:Operation \
head=7:Operation patch=8:Operation parameters=9:ParametersItem* ext=10
Operation tags=1:text* description=3:text operationId=5:text produces=6:text* consumes=7:text* \
parameters=8:ParametersItem* responses=9:Responses schemes=10:text* ext=13
ParametersItem only=1:Parameter only=2:Reference
ParameterDefinitions named=1:Parameter
Reference $ref=1:text
Parameter only=1:Body only=2:NonBody
Body description=1:text name=2:text in=3:text required=4:flag schema=5:Schema
NonBody only=3:Query only=4:Path
Query required=1:flag in=2:text description=3:text name=4:text type=6:text uniqueItems=20:flag
Path required=1:flag in=2:text description=3:text name=4:text type=5:text uniqueItems=19:flag
Responses named=1:ResponseValue
ResponseValue only=1:Response
Response description=1:text schema=2:SchemaItem
SchemaItem only=1:Schema
Definitions named=1:Schema
Security named=1:Strings
Strings only=1:text*
SecurityDefinitions named=1:SecurityItem
SecurityItem only=2:Key
Key type=1:text name=2:text in=3:text description=4:text
Schema $ref=1:text format=2:text description=4:text default=5:any maximum=7:double \
minimum=9:double required=19:text* enum=20:any* additionalProperties=21:Additional type=22:One \
items=23:OneSchema \
allOf=24:Schema* properties=25:Definitions ext=31
Additional only=1:Schema only=2:flag
One only=1:text
OneSchema only=1:Schema
"""
V3 = """
Document openapi=1:text info=2:Info paths=4:Paths components=5:Components
Info title=1:text version=6:text
Paths named=1:PathItem
PathItem get=4:Operation put=5:Operation post=6:Operation delete=7:Operation options=8:Operation \
head=9:Operation patch=10:Operation parameters=13:ParameterOrRef* ext=14
Operation tags=1:text* description=3:text operationId=5:text parameters=6:ParameterOrRef* \
requestBody=7:BodyOrRef responses=8:Responses deprecated=10:flag ext=13
ParameterOrRef only=1:Parameter
Parameter name=1:text in=2:text description=3:text required=4:flag schema=10:SchemaOrRef
BodyOrRef only=1:Body
Body description=1:text content=2:MediaTypes required=3:flag
MediaTypes named=1:MediaType
MediaType schema=1:SchemaOrRef
Responses named=2:ResponseOrRef
ResponseOrRef only=1:Response
Response description=1:text content=3:MediaTypes
Components schemas=1:Schemas securitySchemes=7:SecuritySchemes
Schemas named=1:SchemaOrRef
SecuritySchemes named=1:SecurityOrRef
SecurityOrRef only=1:Security
Security type=1:text description=2:text name=3:text in=4:text
SchemaOrRef only=1:Schema only=2:Reference
Reference $ref=1:text
Schema minimum=13:double maximum=11:double uniqueItems=20:flag required=23:text* enum=24:any* \
type=25:text allOf=26:SchemaOrRef* oneOf=27:SchemaOrRef* items=30:OneSchema properties=31:Schemas \
additionalProperties=32:Additional default=33:Default description=34:text format=35:text ext=36
OneSchema only=1:SchemaOrRef
Additional only=1:SchemaOrRef only=2:flag
Default number=1:double boolean=2:flag string=3:text
"""
SCHEME = Scheme.load(36)


def _table(text):
    lines = (line.split() for line in text.replace("\\\n", "").strip().splitlines())
    return {name: [_member(word) for word in words] for name, *words in lines}


def _member(word):
    name, _, rest = word.partition("=")
    number, _, kind = rest.partition(":")
    return name, int(number), kind


def _varint(data, pos):
    value = shift = 0
    while True:
        byte = data[pos]
        value |= (byte & 127) << shift
        pos, shift = pos + 1, shift + 7
        if byte < 128:
            return value, pos


def _fields(data):
    found = {}
    pos = 0
    while pos < len(data):
        key, pos = _varint(data, pos)
        if key & 7 == 0:
            value, pos = _varint(data, pos)
        elif key & 7 == 1:
            value, pos = struct.unpack("<d", data[pos : pos + 8])[0], pos + 8
        else:
            size, pos = _varint(data, pos)
            value, pos = data[pos : pos + size], pos + size
        found.setdefault(key >> 3, []).append(value)
    return found


def _read(table, message, data):
    """A message as JSON; every field on the wire has to be in the table."""
    fields = _fields(data)
    out = {}
    for name, number, kind in table[message]:
        values = fields.pop(number, None)
        if values is None:
            if name == "only" and kind.endswith("*"):
                return []
            continue
        if name == "ext":
            out |= {key: orjson.loads(_fields(any_)[2][0]) for key, any_ in map(_pair, values)}
            continue
        if name == "named":
            return {key: _value(table, kind, item) for key, item in map(_pair, values)}
        read = [_value(table, kind.rstrip("*"), value) for value in values]
        value = read if kind.endswith("*") else read[-1]
        if name == "only":
            return value
        out[name] = value
    assert not fields, (message, fields)
    if message == "Default":
        return next(iter(out.values()), {})
    return out


def _pair(data):
    fields = _fields(data)
    return fields[1][0].decode(), fields[2][0]


def _value(table, kind, value):
    if kind == "text":
        return value.decode()
    if kind == "flag":
        return bool(value)
    if kind == "double":
        return value
    if kind == "any":
        return orjson.loads(_fields(value)[2][0])
    return _read(table, kind, value)


def _without_empty(value):
    """Proto3 does not tell an empty member from none."""
    if isinstance(value, dict):
        kept = {name: _without_empty(item) for name, item in value.items()}
        return {
            name: item
            for name, item in kept.items()
            if item not in ("", [], False) or name == "default"
        }
    return [_without_empty(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def documents():
    rules = Rules()
    install(rules)
    catalogue = Catalogue()
    catalogue.add(builtin_resources(SCHEME, rules))
    return OpenAPI(SCHEME, catalogue, FakeClock(), "v1.36.2")


def _get(documents, path, accept):
    headers = {b"accept": accept.encode()} if accept else {}
    return documents.respond(Request("GET", RequestInfo(path), headers, b"", b"", None, ""))


@pytest.mark.parametrize(
    ("path", "version", "table"),
    [
        ("/openapi/v2", "v2", V2),
        ("/openapi/v3/api/v1", "v3", V3),
        ("/openapi/v3/apis/apps/v1", "v3", V3),
        ("/openapi/v3/apis/apiextensions.k8s.io/v1", "v3", V3),
    ],
)
def test_protobuf_document_is_the_json_document(documents, path, version, table):
    """Both encodings say the same."""
    as_json = _get(documents, path, "application/json")
    accept = f"application/com.github.proto-openapi.spec.{version}@v1.0+protobuf"
    as_protobuf = _get(documents, path, accept)
    returned = f"application/com.github.proto-openapi.spec.{version}.v1.0+protobuf"
    assert as_protobuf.content_type == returned.encode()
    assert dict(as_protobuf.headers)[b"etag"] == dict(as_json.headers)[b"etag"]
    read = _read(_table(table), "Document", as_protobuf.body)
    assert _without_empty(read) == _without_empty(orjson.loads(as_json.body))


def test_anything_is_json(documents):
    """Clients that accept anything, or say nothing, get JSON."""
    for accept in ("", "*/*", "text/html, */*;q=0.5"):
        assert _get(documents, "/openapi/v2", accept).content_type == b"application/json"


def test_nothing_else_is_served(documents):
    """A media type that is not served is 406."""
    assert _get(documents, "/openapi/v2", "application/yaml").status == 406
