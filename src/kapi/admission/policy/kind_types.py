"""Types of kinds for type checking: what expressions may do with the objects of a known kind.

Built-in kinds are described by the definitions of their Kubernetes version, custom ones by their
own schema. Where a type contains itself, the inner one is an object without fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kapi.apiextensions.validations.types import schema_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kapi.apimachinery.types import GroupVersionKind, JSONObject
    from kapi.cel.types import Type

__all__ = ["KindLookup", "builtin_type", "custom_type"]

_PREFIX = "#/$defs/"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_OBJECT_META = f"{_META}ObjectMeta"
_STRING: JSONObject = {"type": "string"}
# Types that write themselves: what they are in JSON.
_OWN_FORMS: dict[str, JSONObject] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": _STRING,
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"x-kubernetes-int-or-string": True},
    f"{_META}Duration": _STRING,
}


class KindLookup(Protocol):
    """Which kinds a server has."""

    def kinds_of(self, group: str, version: str, resource: str) -> Sequence[GroupVersionKind]:
        """The kinds that a rule means; an empty group means the core group and any other."""
        ...

    def type_of(self, kind: GroupVersionKind) -> Type | None:
        """The type of the objects of a kind, None where nobody describes it."""
        ...


def builtin_type(definitions: Mapping[str, JSONObject], name: str, kind: str) -> Type | None:
    """The type of a built-in kind by the name of its definition."""
    return schema_type(_definition(definitions, name, frozenset()), kind)


def custom_type(
    definitions: Mapping[str, JSONObject], schema: JSONObject, kind: str
) -> Type | None:
    """The type of a custom kind: its schema with the members that every object has."""
    properties = {
        **(schema.get("properties") or {}),
        "apiVersion": _STRING,
        "kind": _STRING,
        "metadata": _definition(definitions, _OBJECT_META, frozenset()),
    }
    return schema_type({**schema, "properties": properties}, kind)


def _definition(
    definitions: Mapping[str, JSONObject], name: str, within: frozenset[str]
) -> JSONObject:
    """A definition with everything it refers to in its place."""
    own = _OWN_FORMS.get(name)
    if own is not None:
        return own
    if name in within:
        return {"type": "object"}
    return _expanded(definitions, definitions.get(name) or {}, within | {name})


def _expanded(
    definitions: Mapping[str, JSONObject], schema: JSONObject, within: frozenset[str]
) -> JSONObject:
    ref = schema.get("$ref")
    if isinstance(ref, str):
        return _definition(definitions, ref.removeprefix(_PREFIX), within)
    out: JSONObject = {"type": _plain(schema.get("type")), "format": schema.get("format")}
    if "properties" in schema:
        out["properties"] = {
            name: _expanded(definitions, part, within)
            for name, part in schema["properties"].items()
        }
    for member in ("items", "additionalProperties"):
        if isinstance(schema.get(member), dict):
            out[member] = _expanded(definitions, schema[member], within)
    return out


def _plain(kind: object) -> object:
    """The type without ``null``, which the definitions add."""
    return kind[0] if isinstance(kind, list) else kind
