"""How schemas and versions of a definition stand in messages: with the members' Go names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["SCHEMA_MEMBERS", "show_items", "show_rule", "show_schema", "show_version"]


def show_schema(schema: JSONObject | None) -> JSONValue:
    """A schema with all its members, null or zero where unset."""
    if schema is None:
        return None
    shown: JSONObject = {}
    for name, (go_name, zero, show) in SCHEMA_MEMBERS.items():
        value = schema.get(name)
        shown[go_name] = zero if value is None else value if show is None else show(value)
    return shown


def _list(value: JSONValue) -> JSONValue:
    return [show_schema(item) for item in value]


def _map(value: JSONValue) -> JSONValue:
    return {name: show_schema(value[name]) for name in sorted(value)}


def show_items(value: JSONValue) -> JSONValue:
    """What stands at ``items``: one schema or several."""
    if isinstance(value, list):
        return {"Schema": None, "JSONSchemas": _list(value)}
    return {"Schema": show_schema(value), "JSONSchemas": None}


def _or_bool(value: JSONValue) -> JSONValue:
    if isinstance(value, bool):
        return {"Allows": value, "Schema": None}
    return {"Allows": True, "Schema": show_schema(value)}


def _docs(value: JSONValue) -> JSONValue:
    return {"Description": value.get("description", ""), "URL": value.get("url", "")}


def _dependencies(value: JSONValue) -> JSONValue:
    return {
        name: {"Schema": None, "Property": item}
        if isinstance(item, list)
        else {"Schema": show_schema(item), "Property": None}
        for name, item in sorted(value.items())
    }


def _rules(value: JSONValue) -> JSONValue:
    return [show_rule(rule) for rule in value]


def show_rule(rule: JSONObject) -> JSONObject:
    """A validation rule as Go prints it."""
    return {
        "Rule": rule.get("rule", ""),
        "Message": rule.get("message", ""),
        "MessageExpression": rule.get("messageExpression", ""),
        "Reason": rule.get("reason"),
        "FieldPath": rule.get("fieldPath", ""),
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    }


# JSON name -> (Go name, what stands there when unset, how a value is shown), in Go's order.
SCHEMA_MEMBERS: Final[dict[str, tuple[str, JSONValue, Callable[[JSONValue], JSONValue] | None]]] = {
    "id": ("ID", "", None),
    "$schema": ("Schema", "", None),
    "$ref": ("Ref", None, None),
    "description": ("Description", "", None),
    "type": ("Type", "", None),
    "nullable": ("Nullable", False, None),
    "format": ("Format", "", None),
    "title": ("Title", "", None),
    "default": ("Default", None, None),
    "maximum": ("Maximum", None, None),
    "exclusiveMaximum": ("ExclusiveMaximum", False, None),
    "minimum": ("Minimum", None, None),
    "exclusiveMinimum": ("ExclusiveMinimum", False, None),
    "maxLength": ("MaxLength", None, None),
    "minLength": ("MinLength", None, None),
    "pattern": ("Pattern", "", None),
    "maxItems": ("MaxItems", None, None),
    "minItems": ("MinItems", None, None),
    "uniqueItems": ("UniqueItems", False, None),
    "multipleOf": ("MultipleOf", None, None),
    "enum": ("Enum", None, None),
    "maxProperties": ("MaxProperties", None, None),
    "minProperties": ("MinProperties", None, None),
    "required": ("Required", None, None),
    "items": ("Items", None, show_items),
    "allOf": ("AllOf", None, _list),
    "oneOf": ("OneOf", None, _list),
    "anyOf": ("AnyOf", None, _list),
    "not": ("Not", None, show_schema),
    "properties": ("Properties", None, _map),
    "additionalProperties": ("AdditionalProperties", None, _or_bool),
    "patternProperties": ("PatternProperties", None, _map),
    "dependencies": ("Dependencies", None, _dependencies),
    "additionalItems": ("AdditionalItems", None, _or_bool),
    "definitions": ("Definitions", None, _map),
    "externalDocs": ("ExternalDocs", None, _docs),
    "example": ("Example", None, None),
    "x-kubernetes-preserve-unknown-fields": ("XPreserveUnknownFields", None, None),
    "x-kubernetes-embedded-resource": ("XEmbeddedResource", False, None),
    "x-kubernetes-int-or-string": ("XIntOrString", False, None),
    "x-kubernetes-list-map-keys": ("XListMapKeys", None, None),
    "x-kubernetes-list-type": ("XListType", None, None),
    "x-kubernetes-map-type": ("XMapType", None, None),
    "x-kubernetes-validations": ("XValidations", None, _rules),
}


def show_version(version: JSONObject, hoisted: frozenset[str]) -> JSONObject:
    """A version of a definition; ``hoisted`` members stand above the versions instead."""

    def given(name: str) -> JSONValue:
        return None if name in hoisted else version.get(name)

    schema, subresources = given("schema"), given("subresources")
    columns, selectable = given("additionalPrinterColumns"), given("selectableFields")
    return {
        "Name": version.get("name", ""),
        "Served": bool(version.get("served")),
        "Storage": bool(version.get("storage")),
        "Deprecated": bool(version.get("deprecated")),
        "DeprecationWarning": version.get("deprecationWarning"),
        "Schema": schema and {"OpenAPIV3Schema": show_schema(schema.get("openAPIV3Schema"))},
        "Subresources": subresources and _subresources(subresources),
        "AdditionalPrinterColumns": columns and [_column(column) for column in columns],
        "SelectableFields": selectable and [{"JSONPath": f["jsonPath"]} for f in selectable],
    }


def _subresources(value: JSONObject) -> JSONObject:
    scale = value.get("scale")
    return {
        "Status": value.get("status"),
        "Scale": scale
        and {
            "SpecReplicasPath": scale.get("specReplicasPath", ""),
            "StatusReplicasPath": scale.get("statusReplicasPath", ""),
            "LabelSelectorPath": scale.get("labelSelectorPath"),
        },
    }


def _column(value: JSONObject) -> JSONObject:
    return {
        "Name": value.get("name", ""),
        "Type": value.get("type", ""),
        "Format": value.get("format", ""),
        "Description": value.get("description", ""),
        "Priority": value.get("priority", 0),
        "JSONPath": value.get("jsonPath", ""),
    }
