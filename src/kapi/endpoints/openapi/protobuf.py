"""OpenAPI documents as protobuf: the messages of the gnostic project's OpenAPIv2 and OpenAPIv3.

A document is built once as JSON; the tables here say under which field number each JSON member
goes. Members that start with ``x-`` are vendor extensions, whose values are YAML text, for which
JSON serves. As in every proto3 message, members that are empty are not written.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import orjson

from kapi.apimachinery.serializer.protobuf_wire import (
    FIXED64,
    LENGTH,
    VARINT,
    delimited,
    tag,
    varint,
)

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["encode_v2", "encode_v3"]

# A JSON value as the content of a message, or as a field with its tag.
_Content: TypeAlias = Callable[["JSONValue"], bytes]
_Field: TypeAlias = Callable[["JSONValue"], bytes]


def encode_v2(document: JSONObject) -> bytes:
    """An OpenAPI v2 document."""
    return _V2(document)


def encode_v3(document: JSONObject) -> bytes:
    """An OpenAPI v3 document."""
    return _V3(document)


class _Message:
    """The content of a message: fields by JSON name, and the number of vendor extensions."""

    def __init__(self, extensions: int = 0, **fields: _Field) -> None:
        self.fields = {name.removesuffix("_"): field for name, field in fields.items()}
        self._extension = _named(extensions, _any) if extensions else None

    def __call__(self, value: JSONValue) -> bytes:
        parts: list[bytes] = []
        for name, item in value.items():
            field = self.fields.get(name)
            if field is not None:
                parts.append(field(item))
            elif self._extension is not None and name.startswith("x-"):
                parts.append(self._extension({name: item}))
        return b"".join(parts)


# -- kinds of fields ------------------------------------------------------------------------------


def _one(number: int, content: _Content) -> _Field:
    key = tag(number, LENGTH)
    return lambda value: key + delimited(content(value))


def _each(number: int, content: _Content) -> _Field:
    one = _one(number, content)
    return lambda value: b"".join([one(item) for item in value])


def _named(number: int, content: _Content) -> _Field:
    """A map: messages of name and value."""
    name, item, key = _one(1, _utf8), _one(2, content), tag(number, LENGTH)
    return lambda value: b"".join(
        [key + delimited(name(member) + item(value[member])) for member in value]
    )


def _map(number: int, content: _Content) -> _Field:
    """A message whose only field is a map."""
    return _one(number, _named(1, content))


def _utf8(value: JSONValue) -> bytes:
    text: str = value
    return text.encode()


def _text(number: int) -> _Field:
    key = tag(number, LENGTH)
    return lambda value: key + delimited(value.encode()) if value else b""


def _texts(number: int) -> _Field:
    return _each(number, _utf8)


def _flag(number: int) -> _Field:
    key = tag(number, VARINT)
    return lambda value: key + b"\1" if value else b""


def _integer(number: int) -> _Field:
    key = tag(number, VARINT)
    return lambda value: key + varint(value) if value else b""


def _double(number: int) -> _Field:
    key = tag(number, FIXED64)
    return lambda value: key + struct.pack("<d", value) if value else b""


def _any(value: JSONValue) -> bytes:
    """An Any of gnostic: its YAML text."""
    return b"\x12" + delimited(orjson.dumps(value))


def _numbers(first: int) -> dict[str, _Field]:
    """The limits of values, which stand in the same order in every message that has them."""
    return {
        "maximum": _double(first),
        "exclusiveMaximum": _flag(first + 1),
        "minimum": _double(first + 2),
        "exclusiveMinimum": _flag(first + 3),
        "maxLength": _integer(first + 4),
        "minLength": _integer(first + 5),
        "pattern": _text(first + 6),
        "maxItems": _integer(first + 7),
        "minItems": _integer(first + 8),
        "uniqueItems": _flag(first + 9),
    }


def _either(second: str, first_field: _Field, second_field: _Field) -> _Content:
    """One of two messages: the second one when the value has that member."""
    return lambda value: second_field(value) if second in value else first_field(value)


# -- OpenAPI v2 -----------------------------------------------------------------------------------


def _v2_schema() -> _Message:
    schema = _Message(
        31,
        format=_text(2),
        title=_text(3),
        description=_text(4),
        default=_one(5, _any),
        multipleOf=_double(6),
        **_numbers(7),
        maxProperties=_integer(17),
        minProperties=_integer(18),
        required=_texts(19),
        enum=_each(20, _any),
        discriminator=_text(26),
        readOnly=_flag(27),
        example=_one(30, _any),
    )
    several = _each(1, schema)
    of, flag = _one(1, schema), tag(2, VARINT)
    schema.fields |= {
        "$ref": _text(1),
        "additionalProperties": _one(
            21,
            lambda value: flag + varint(value) if isinstance(value, bool) else of(value),
        ),
        "type": _one(22, lambda value: _texts(1)([value] if isinstance(value, str) else value)),
        "items": _one(23, lambda value: several(value if isinstance(value, list) else [value])),
        "allOf": _each(24, schema),
        "properties": _map(25, schema),
    }
    return schema


def _v2_parameter(schema: _Content) -> _Content:
    """A parameter by its place."""

    def placed(number: int, *, empty_allowed: bool) -> _Field:
        shift = 1 if empty_allowed else 0
        message = _Message(
            22 + shift,
            required=_flag(1),
            in_=_text(2),
            description=_text(3),
            name=_text(4),
            type=_text(5 + shift),
            format=_text(6 + shift),
            collectionFormat=_text(8 + shift),
            default=_one(9 + shift, _any),
            **_numbers(10 + shift),
            enum=_each(20 + shift, _any),
            multipleOf=_double(21 + shift),
        )
        if empty_allowed:
            message.fields["allowEmptyValue"] = _flag(5)
        return _one(number, message)

    places = {
        "header": placed(1, empty_allowed=False),
        "formData": placed(2, empty_allowed=True),
        "query": placed(3, empty_allowed=True),
        "path": placed(4, empty_allowed=False),
    }
    body = _Message(
        6,
        description=_text(1),
        name=_text(2),
        in_=_text(3),
        required=_flag(4),
        schema=_one(5, schema),
    )
    in_body = _one(1, body)
    elsewhere = _one(2, lambda value: places[value["in"]](value))
    return lambda value: in_body(value) if value["in"] == "body" else elsewhere(value)


def _v2_parameter_or_reference(parameter: _Content) -> _Content:
    reference = _Message(description=_text(2))
    reference.fields["$ref"] = _text(1)
    return _either("$ref", _one(1, parameter), _one(2, reference))


def _v2_document() -> _Message:
    schema = _v2_schema()
    shared_parameter = _v2_parameter(schema)
    parameter = _v2_parameter_or_reference(shared_parameter)
    response = _Message(5, description=_text(1), schema=_one(2, _one(1, schema)))
    security = _named(1, _texts(1))
    operation = _Message(
        13,
        tags=_texts(1),
        summary=_text(2),
        description=_text(3),
        operationId=_text(5),
        produces=_texts(6),
        consumes=_texts(7),
        parameters=_each(8, parameter),
        responses=_one(9, _named(1, _one(1, response))),
        schemes=_texts(10),
        deprecated=_flag(11),
        security=_each(12, security),
    )
    methods = ("get", "put", "post", "delete", "options", "head", "patch")
    path = _Message(
        10,
        **{method: _one(number, operation) for number, method in enumerate(methods, 2)},
        parameters=_each(9, parameter),
    )
    key = _Message(5, type=_text(1), name=_text(2), in_=_text(3), description=_text(4))
    info = _Message(7, title=_text(1), version=_text(2), description=_text(3))
    return _Message(
        16,
        swagger=_text(1),
        info=_one(2, info),
        host=_text(3),
        basePath=_text(4),
        schemes=_texts(5),
        consumes=_texts(6),
        produces=_texts(7),
        paths=_one(8, _named(2, path)),
        definitions=_map(9, schema),
        parameters=_map(10, shared_parameter),
        security=_each(12, security),
        securityDefinitions=_map(13, _one(2, key)),
    )


# -- OpenAPI v3 -----------------------------------------------------------------------------------


def _v3_reference() -> _Message:
    reference = _Message(summary=_text(2), description=_text(3))
    reference.fields["$ref"] = _text(1)
    return reference


def _v3_default(value: JSONValue) -> bytes:
    """A DefaultType; objects and lists have no form in it and become an empty message."""
    if isinstance(value, bool):
        return tag(2, VARINT) + varint(value)
    if isinstance(value, str):
        return tag(3, LENGTH) + delimited(value.encode())
    if isinstance(value, (int, float)):
        return tag(1, FIXED64) + struct.pack("<d", value)
    return b""


def _v3_schema(reference: _Message) -> _Content:
    """A schema or a reference to one."""
    schema = _Message(
        36,
        nullable=_flag(1),
        readOnly=_flag(3),
        writeOnly=_flag(4),
        example=_one(7, _any),
        deprecated=_flag(8),
        title=_text(9),
        multipleOf=_double(10),
        **_numbers(11),
        maxProperties=_integer(21),
        minProperties=_integer(22),
        required=_texts(23),
        enum=_each(24, _any),
        type=_text(25),
        default=_one(33, _v3_default),
        description=_text(34),
        format=_text(35),
    )
    either = _either("$ref", _one(1, schema), _one(2, reference))
    of, flag, several = _one(1, either), tag(2, VARINT), _each(1, either)
    schema.fields |= {
        "allOf": _each(26, either),
        "oneOf": _each(27, either),
        "anyOf": _each(28, either),
        "not": _one(29, schema),
        "items": _one(30, lambda value: several(value if isinstance(value, list) else [value])),
        "properties": _map(31, either),
        "additionalProperties": _one(
            32,
            lambda value: flag + varint(value) if isinstance(value, bool) else of(value),
        ),
    }
    return either


def _v3_operation(schema: _Content, parameter: _Content) -> _Message:
    media_types = _named(1, _Message(5, schema=_one(1, schema)))
    body = _Message(4, description=_text(1), content=_one(2, media_types), required=_flag(3))
    response = _one(1, _Message(5, description=_text(1), content=_one(3, media_types)))
    by_code, default = _named(2, response), _one(1, response)

    def responses(value: JSONValue) -> bytes:
        codes = {code: item for code, item in value.items() if code != "default"}
        other = default(value["default"]) if "default" in value else b""
        return other + by_code(codes)

    return _Message(
        13,
        tags=_texts(1),
        summary=_text(2),
        description=_text(3),
        operationId=_text(5),
        parameters=_each(6, parameter),
        requestBody=_one(7, _one(1, body)),
        responses=_one(8, responses),
        deprecated=_flag(10),
        security=_each(11, _named(1, _texts(1))),
    )


def _v3_document() -> _Message:
    reference = _v3_reference()
    schema = _v3_schema(reference)
    parameter = _either(
        "$ref",
        _one(
            1,
            _Message(
                14,
                name=_text(1),
                in_=_text(2),
                description=_text(3),
                required=_flag(4),
                deprecated=_flag(5),
                allowEmptyValue=_flag(6),
                schema=_one(10, schema),
            ),
        ),
        _one(2, reference),
    )
    operation = _v3_operation(schema, parameter)
    methods = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    path = _Message(
        14,
        summary=_text(2),
        description=_text(3),
        **{method: _one(number, operation) for number, method in enumerate(methods, 4)},
        parameters=_each(13, parameter),
    )
    scheme = _Message(
        9,
        type=_text(1),
        description=_text(2),
        name=_text(3),
        in_=_text(4),
        scheme=_text(5),
        bearerFormat=_text(6),
    )
    components = _Message(10, schemas=_map(1, schema), securitySchemes=_map(7, _one(1, scheme)))
    info = _Message(7, title=_text(1), description=_text(2), version=_text(6))
    return _Message(
        9,
        openapi=_text(1),
        info=_one(2, info),
        paths=_one(4, _named(1, path)),
        components=_one(5, components),
        security=_each(6, _named(1, _texts(1))),
    )


_V2 = _v2_document()
_V3 = _v3_document()
