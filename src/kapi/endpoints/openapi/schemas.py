"""Schemas: definitions in the forms of OpenAPI v2 and v3.

The schema data comes in a JSON Schema form (nullable types, ``$defs``); v2 undoes that, v3 adds
the defaults that Go's zero values give and the enums of a running server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kapi.apimachinery.scheme import Scheme
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["SchemaWriter", "references"]

_SOURCE = "#/$defs/"
_V2 = "#/definitions/"
_V3 = "#/components/schemas/"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_DESCRIPTIONS = {
    _QUANTITY: "A fixed-point number, written as a decimal or with a suffix such as m, k or Mi.",
    _INT_OR_STRING: "A number or a text.",
}
# Versions before these gave defaults to types that write themselves (Time, Quantity), and to what
# is in lists and maps.
_NO_CUSTOM_DEFAULTS_MINOR = 29
_NO_ITEM_DEFAULTS_MINOR = 36
_ZEROS: dict[str, JSONValue] = {"string": "", "integer": 0, "number": 0, "boolean": False}


def references(schema: JSONValue) -> Iterator[str]:
    """The names of all definitions that a source schema refers to."""
    if isinstance(schema, dict):
        ref = schema.get("$ref")
        if isinstance(ref, str):
            yield ref.removeprefix(_SOURCE)
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


class SchemaWriter:
    """Writes the definitions of one Kubernetes version."""

    def __init__(
        self,
        scheme: Scheme,
        enums: Mapping[str, Mapping[str, list[str]]],
        defaults: Mapping[str, JSONValue],
    ) -> None:
        self._minor = scheme.minor
        self._definitions = scheme.definitions
        self._presence = scheme.presence
        self._enums = enums
        self._defaults = defaults

    def closure(self, names: set[str]) -> list[str]:
        """These definitions and all that they refer to, sorted."""
        found: set[str] = set()
        waiting = [name for name in names if name in self._definitions]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            waiting.extend(references(self._definitions[name]))
        return sorted(found)

    def v2(self, name: str) -> JSONObject:
        """A definition of OpenAPI v2."""
        if name == _INT_OR_STRING:
            return {
                "description": _DESCRIPTIONS[name],
                "format": "int-or-string",
                "type": "string",
            }
        if name == _QUANTITY:
            return {"description": _DESCRIPTIONS[name], "type": "string"}
        return self._definition(name, _V2)

    def v3(self, name: str, group_version: tuple[str, str]) -> JSONObject:
        """A schema of OpenAPI v3 in the document of a group version."""
        if name == _INT_OR_STRING:
            one_of: list[JSONObject] = [{"type": "integer"}, {"type": "string"}]
            return {
                "description": _DESCRIPTIONS[name],
                "format": "int-or-string",
                "oneOf": one_of,
            }
        if name == _QUANTITY:
            one_of = [{"type": "string"}, {"type": "number"}]
            return {"description": _DESCRIPTIONS[name], "oneOf": one_of}
        out = self._definition(name, _V3)
        kinds = out.get("x-kubernetes-group-version-kind")
        if kinds and len(kinds) > 1:
            out["x-kubernetes-group-version-kind"] = [
                kind
                for kind in kinds
                if (kind["group"], kind["version"]) in (("", "v1"), group_version)
            ]
        return out

    def _definition(self, name: str, root: str) -> JSONObject:
        source = self._definitions[name]
        top_level = "x-kubernetes-group-version-kind" in source
        out: JSONObject = {}
        for key, value in source.items():
            if key == "properties":
                out[key] = {
                    field: self._property(name, field, schema, root, top_level=top_level)
                    for field, schema in value.items()
                }
            elif key == "type":
                out[key] = _plain_type(value)
            elif key in {"items", "additionalProperties"}:
                out[key] = self._items(value, root)
            else:
                out[key] = value
        return out

    def _property(
        self, owner: str, field: str, schema: JSONObject, root: str, *, top_level: bool
    ) -> JSONObject:
        out = self._schema(schema, root)
        if top_level and field in {"apiVersion", "kind"}:
            out.pop("enum", None)
        values = self._enums.get(owner, {}).get(field)
        if values:
            target = out["items"] if out.get("type") == "array" else out
            target["enum"] = values
            listed = "\n".join(f' - `"{value}"`' for value in values)
            text = out.get("description", "")
            out["description"] = f"{text}\n\nPossible enum values:\n{listed}"
        if root == _V3:
            self._default(owner, field, out)
            if "$ref" in out and len(out) > 1:
                out["allOf"] = [{"$ref": out.pop("$ref")}]
        return out

    def _default(self, owner: str, field: str, out: JSONObject) -> None:
        key = f"{owner}.{field}"
        if key in self._defaults:
            out["default"] = self._defaults[key]
            return
        presence = self._presence.field(owner, field)
        if presence.number == 0 or presence.pointer:
            return
        if "$ref" in out or not presence.omitempty:
            self._zero(out)

    def _zero(self, out: JSONObject) -> None:
        """Go's zero value as the default of a property, or of the items of a list or map."""
        ref = out.get("$ref")
        if ref is not None:
            definition = self._definitions.get(ref.removeprefix(_V3), {})
            if "properties" in definition or self._minor < _NO_CUSTOM_DEFAULTS_MINOR:
                out["default"] = {}
        elif out.get("format") != "byte":
            zero = _ZEROS.get(out.get("type", ""))
            if zero is not None:
                out["default"] = zero

    def _items(self, schema: JSONObject, root: str) -> JSONObject:
        """The schema of what is in a list or map."""
        out = self._schema(schema, root)
        if root == _V3 and self._minor < _NO_ITEM_DEFAULTS_MINOR:
            self._zero(out)
            if "$ref" in out and len(out) > 1:
                out["allOf"] = [{"$ref": out.pop("$ref")}]
        return out

    def _schema(self, schema: JSONObject, root: str) -> JSONObject:
        out: JSONObject = {}
        for key, value in schema.items():
            if key == "$ref":
                out[key] = root + value.removeprefix(_SOURCE)
            elif key == "type":
                out[key] = _plain_type(value)
            elif key in {"items", "additionalProperties"} and isinstance(value, dict):
                out[key] = self._items(value, root)
            else:
                out[key] = value
        return out


def _plain_type(value: JSONValue) -> JSONValue:
    return value[0] if isinstance(value, list) else value
