"""What expressions of mutations can make: parts of objects, and JSON patches.

Implements "Mutations" of the documentation of MutatingAdmissionPolicy: the types ``Object``,
``Object.<field>...`` and ``JSONPatch``, and ``jsonpatch.escapeKey``. Objects have any field here,
so the name of a type is checked against the path of the field only when there is a value.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from functools import cache
from math import isfinite, isnan
from typing import Any

from kapi.cel.functions import Functions
from kapi.cel.library import kubernetes_functions
from kapi.cel.moments import Duration, Timestamp
from kapi.cel.types import DYN, STRING, Type, list_of, object_type, type_name
from kapi.cel.values import CelError, ObjectValue, Optional, TypeValue

__all__ = [
    "JSON_PATCHES",
    "OBJECT",
    "as_json",
    "patch_functions",
    "patch_structs",
    "wrong_type_names",
]

_OBJECT = "Object"
_INT64 = 1 << 63
_NO_NUMBER = (
    "json: error calling MarshalJSON for type *structpb.Value: proto: "
    "google.protobuf.Value.number_value: invalid {} value"
)


class _AnyField(Mapping[str, tuple[str, Type]]):
    """Every field there can be, its value unknown."""

    def __getitem__(self, name: str) -> tuple[str, Type]:
        return name, DYN

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_ANY_FIELD = _AnyField()
OBJECT = object_type(_OBJECT, _ANY_FIELD)
_JSON_PATCH = object_type(
    "JSONPatch",
    {
        "op": ("op", STRING),
        "from": ("from", STRING),
        "path": ("path", STRING),
        "value": ("value", DYN),
    },
)
JSON_PATCHES = list_of(_JSON_PATCH)


def patch_structs(name: str) -> Type | None:
    """The type of a literal ``NAME{...}``."""
    if name == _JSON_PATCH.name:
        return _JSON_PATCH
    if name == _OBJECT or name.startswith(f"{_OBJECT}."):
        return object_type(name, _ANY_FIELD)
    return None


@cache
def patch_functions() -> Functions:
    """The functions of all expressions, and those that help with patches."""
    functions = Functions(kubernetes_functions().overloads)
    functions.declare(
        "jsonpatch.escapeKey",
        "(string) -> string",
        lambda key: key.replace("~", "~0").replace("/", "~1"),
    )
    return functions


def wrong_type_names(value: Any, path: str) -> list[str]:
    """A text for each object inside whose type is not called after its place."""
    problems: list[str] = []
    _check_names(value, path, problems)
    return problems


def _check_names(value: Any, path: str, problems: list[str]) -> None:
    if isinstance(value, ObjectValue):
        if value.type_name != path:
            problems.append(
                f'unexpected type name "{value.type_name}", expected "{path}", which matches '
                "field name path from root Object type"
            )
        for name, member in value.items():
            _check_names(member, f"{path}.{name}", problems)
    elif isinstance(value, list):
        for item in value:
            _check_names(item, path, problems)
    elif isinstance(value, dict):
        for member in value.values():
            _check_names(member, path, problems)


def as_json(value: Any) -> Any:
    """The JSON of a value; raises CelError for one that has none."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not isfinite(value):
            raise CelError(_NO_NUMBER.format("NaN" if isnan(value) else f"{value:+}".title()))
        return int(value) if value.is_integer() and abs(value) < _INT64 else value
    if isinstance(value, dict):
        return {_key(name): as_json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, (Timestamp, Duration)):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Optional):
        if not value.present:
            raise CelError("optional.none() dereference")
        return as_json(value.value)
    if isinstance(value, TypeValue):
        raise CelError("type conversion not supported for 'type'")
    raise CelError(f"a value of type {type_name(value)} has no JSON")


def _key(name: Any) -> str:
    if isinstance(name, str):
        return name
    if isinstance(name, bool):
        raise CelError("type conversion error from bool to 'string'")
    raise CelError(f"unsupported type conversion from '{type_name(name)}' to string")
