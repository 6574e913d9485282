"""Custom resources in OpenAPI: definitions made of the schemas that they were defined with.

Implements "Publish Validation Schema in OpenAPI" of the documentation. OpenAPI v3 shows a schema
as it is; v2 leaves out what it cannot say, so that old clients do not refuse valid objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import GroupVersionKind, JSONObject, JSONValue
    from kapi.registry.catalogue import Resource

__all__ = ["body_kind", "custom_name", "custom_schemas"]

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_LIST_TEXTS = {
    "apiVersion": "The version of the schema in which this list is given.",
    "kind": "The REST resource that this list represents.",
}
_OBJECT_TEXTS = {
    "apiVersion": "The version of the schema in which this object is given.",
    "kind": "The REST resource that this object represents.",
}
# What v2 has no place for.
_NOT_IN_V2 = frozenset(
    {"oneOf", "anyOf", "allOf", "not", "default", "nullable", "x-kubernetes-map-type"}
)
# What goes with the type, where v2 may not say it.
_TYPED = frozenset({"type", "properties", "items", "additionalProperties", "required"})
_SUBSCHEMAS = ("items", "additionalProperties")


def custom_name(kind: GroupVersionKind) -> str:
    """The definition name of a custom kind: its group backwards, version and kind."""
    return ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])


def custom_schemas(resource: Resource, *, v2: bool) -> dict[str, JSONObject]:
    """The definitions of a custom resource and of its list."""
    schema = resource.codec.schema()
    assert schema is not None, "not a custom resource"
    name = custom_name(resource.gvk)
    list_kind = resource.gvk._replace(kind=resource.list_kind)
    found = {
        name: _object(resource, schema, v2=v2),
        custom_name(list_kind): _list(list_kind, name, v2=v2),
    }
    for sub in resource.subresources.values():
        if sub.result is not None:
            shown = _v2(sub.result) if v2 else sub.result
            found[custom_name(sub.kind)] = {
                **shown,
                "x-kubernetes-group-version-kind": _gvk(sub.kind),
            }
        if sub.body:
            found[custom_name(body_kind(sub.kind))] = _v2(sub.body) if v2 else sub.body
    return found


def body_kind(kind: GroupVersionKind) -> GroupVersionKind:
    """What the body of a subresource with functions is called in the documents."""
    return kind._replace(kind=f"{kind.kind}Body")


def _ref(name: str, description: str, *, v2: bool) -> JSONObject:
    if v2:
        return {"description": description, "$ref": f"#/definitions/{name}"}
    return {"description": description, "allOf": [{"$ref": f"#/components/schemas/{name}"}]}


def _string(description: str) -> JSONObject:
    return {"description": description, "type": "string"}


def _gvk(kind: GroupVersionKind) -> list[JSONObject]:
    return [{"group": kind.group, "kind": kind.kind, "version": kind.version}]


def _object(resource: Resource, schema: JSONObject, *, v2: bool) -> JSONObject:
    shown = _v2(schema) if v2 else dict(schema)
    shown["type"] = "object"
    properties = dict(shown.get("properties") or {})
    for name, text in _OBJECT_TEXTS.items():
        properties[name] = _string(text)
    properties["metadata"] = _ref(f"{_META}ObjectMeta", "Standard object's metadata.", v2=v2)
    shown["properties"] = properties
    shown["x-kubernetes-group-version-kind"] = _gvk(resource.gvk)
    return shown


def _list(kind: GroupVersionKind, item: str, *, v2: bool) -> JSONObject:
    root = "#/definitions/" if v2 else "#/components/schemas/"
    return {
        "description": f"{kind.kind} is a list of its items",
        "type": "object",
        "required": ["items"],
        "properties": {
            **{name: _string(text) for name, text in _LIST_TEXTS.items()},
            "items": {"description": "The items.", "type": "array", "items": {"$ref": root + item}},
            "metadata": _ref(f"{_META}ListMeta", "Standard list metadata.", v2=v2),
        },
        "x-kubernetes-group-version-kind": _gvk(kind),
    }


def _v2(schema: JSONObject) -> JSONObject:
    """A schema without what v2 does not know; a type that is not certain is left out."""
    dropped = _NOT_IN_V2
    preserved = schema.get("x-kubernetes-preserve-unknown-fields")
    if schema.get("nullable") or preserved or schema.get("x-kubernetes-int-or-string"):
        dropped |= _TYPED
    shown: JSONObject = {}
    for keyword, value in schema.items():
        if keyword not in dropped:
            shown[keyword] = _v2_value(keyword, value)
    return shown


def _v2_value(keyword: str, value: JSONValue) -> JSONValue:
    if keyword == "properties":
        return {name: _v2(part) for name, part in value.items()}
    if keyword in _SUBSCHEMAS and isinstance(value, dict):
        return _v2(value)
    return value
