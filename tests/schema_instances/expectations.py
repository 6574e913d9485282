"""What a server makes of an instance: defaults filled in, unknown fields gone, nulls dropped."""

from __future__ import annotations

META = ("apiVersion", "kind", "metadata")
# What may tell a null from a missing field.
_LOOKING = (
    *("x-kubernetes-validations", "allOf", "anyOf", "oneOf", "not"),
    *("minProperties", "maxProperties"),
)


def with_defaults(schema, value):
    """A value with the defaults of its schema, as "Defaulting" of the documentation has them."""
    if isinstance(value, dict):
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        out = dict(value)
        for name, part in properties.items():
            if "default" in part and part["default"] is not None and name not in out:
                out[name] = part["default"]
        for name, item in out.items():
            part = properties.get(name, additional)
            if isinstance(part, dict):
                out[name] = with_defaults(part, item)
        return out
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [with_defaults(schema["items"], item) for item in value]
    return value


def with_junk(schema, value, *, resource=False):
    """A value with one unknown field in each object."""
    if isinstance(value, dict):
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        out = {}
        for name, item in value.items():
            part = properties.get(name, additional)
            is_meta = name in META and (resource or schema.get("x-kubernetes-embedded-resource"))
            known = isinstance(part, dict) and not is_meta
            out[name] = with_junk(part, item) if known else item
        keeps = schema.get("x-kubernetes-preserve-unknown-fields")
        if not keeps and not isinstance(additional, dict) and additional is not True:
            out["kapiUnknown"] = {"a": 1}
        return out
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [with_junk(schema["items"], item) for item in value]
    return value


def with_nulls(schema, value, *, ruled=False):
    """A value with a null for each field that it has not and that is not required.

    Nulls that would stay are left out where a rule or an alternative might look at them.
    """
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [with_nulls(schema["items"], item, ruled=ruled) for item in value]
    if not isinstance(value, dict):
        return value
    ruled = ruled or any(schema.get(keyword) for keyword in _LOOKING)
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    embedded = schema.get("x-kubernetes-embedded-resource")
    out = {}
    for name, item in value.items():
        part = properties.get(name, additional)
        known = isinstance(part, dict) and not (embedded and name in META)
        out[name] = with_nulls(part, item, ruled=ruled) if known else item
    for name, part in properties.items():
        stays = part.get("nullable") and (ruled or part.get("enum"))
        if name not in out and name not in schema.get("required", ()) and not stays:
            out[name] = None
    return out


def without_nulls(schema, value):
    """A value as it is stored: nulls are gone where they may not be."""
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [without_nulls(schema["items"], item) for item in value]
    if not isinstance(value, dict):
        return value
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    out = {}
    for name, item in value.items():
        part = properties.get(name, additional)
        if not isinstance(part, dict):
            out[name] = item
        elif item is not None or part.get("nullable"):
            out[name] = without_nulls(part, item)
    return out
