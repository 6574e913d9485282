"""Builds Types out of schema definitions, each struct once and on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.scheme.model import Field, Type, TypeKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kapi.apimachinery.scheme.definitions import Presence
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["TypeBuilder"]

_REF = "#/$defs/"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions."
_NAMED: dict[str, TypeKind] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
    f"{_META}Time": "time",
    f"{_META}MicroTime": "microtime",
    f"{_META}Duration": "duration",
    f"{_META}FieldsV1": "any",
    f"{_META}Patch": "any",
    f"{_EXTENSIONS}v1.JSON": "any",
    f"{_EXTENSIONS}v1.JSONSchemaPropsOrBool": "schema-or-bool",
    f"{_EXTENSIONS}v1.JSONSchemaPropsOrArray": "schema-or-array",
    f"{_EXTENSIONS}v1.JSONSchemaPropsOrStringArray": "schema-or-strings",
}
_INTEGERS: dict[str, TypeKind] = {"int32": "int32", "int64": "int64"}


class TypeBuilder:
    """Types by definition name, for one Kubernetes version."""

    def __init__(
        self,
        definitions: Mapping[str, JSONObject],
        presence: Presence,
        defaults: Mapping[str, JSONValue],
        gated: Collection[str] = (),
    ) -> None:
        self._gated = gated
        self._definitions = definitions
        self._presence = presence
        self._defaults = defaults
        self._types: dict[str, Type] = {}

    def named(self, name: str) -> Type:
        """The Type of a definition; KeyError when this version has no such definition."""
        found = self._types.get(name)
        if found is None:
            found = self._build(name)
        return found

    def _build(self, name: str) -> Type:
        definition = self._definitions[name]
        kind = _NAMED.get(name)
        if kind is not None:
            built = self._types[name] = Type(kind, name)
            if kind.startswith("schema-or-"):
                built.element = self.named(f"{name.rpartition('.')[0]}.JSONSchemaProps")
            return built
        built = Type("struct", name, map_type=definition.get("x-kubernetes-map-type", ""))
        self._types[name] = built  # before its fields: structs may contain themselves
        required = frozenset(definition.get("required", ()))
        for field_name, schema in definition.get("properties", {}).items():
            built.fields[field_name] = self._field(name, field_name, schema, field_name in required)
        return built

    def _field(self, owner: str, name: str, schema: JSONObject, required: bool) -> Field:
        presence = self._presence.field(owner, name)
        path = f"{owner}.{name}"
        return Field(
            name,
            self._type(schema),
            pointer=presence.pointer,
            omitempty=presence.omitempty,
            omitzero=presence.omitzero,
            required=required,
            patch_strategy=schema.get("x-kubernetes-patch-strategy", ""),
            patch_merge_key=schema.get("x-kubernetes-patch-merge-key", ""),
            default=self._defaults.get(path),
            number=presence.number,
            gated=path in self._gated,
            map_type=schema.get("x-kubernetes-map-type", ""),
        )

    def _type(self, schema: JSONObject) -> Type:
        ref = schema.get("$ref")
        if ref is not None:
            return self.named(ref.removeprefix(_REF))
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = kind[0]
        if kind == "array":
            return Type(
                "list",
                element=self._type(schema["items"]),
                list_type=schema.get("x-kubernetes-list-type", ""),
                list_map_keys=tuple(schema.get("x-kubernetes-list-map-keys", ())),
            )
        if kind == "object":
            more = schema.get("additionalProperties")
            if more is None:
                return Type("any")
            return Type(
                "map", element=self._type(more), map_type=schema.get("x-kubernetes-map-type", "")
            )
        return self._scalar(kind, schema.get("format", ""))

    @staticmethod
    def _scalar(kind: str | None, format_name: str) -> Type:
        if kind == "string":
            return Type("bytes" if format_name == "byte" else "string")
        if kind == "integer":
            return Type(_INTEGERS.get(format_name, "int64"))
        if kind == "number":
            return Type("double")
        if kind == "boolean":
            return Type("boolean")
        return Type("any")
