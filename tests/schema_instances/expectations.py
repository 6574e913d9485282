"""What a server makes of an instance: defaults filled in, unknown fields gone, nulls dropped."""

from __future__ import annotations

META = ("apiVersion", "kind", "metadata")


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
