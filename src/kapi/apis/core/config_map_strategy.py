"""ConfigMap: validation, immutability and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = ["CONFIG_MAP_COLUMNS", "MAX_DATA_BYTES", "ConfigMapStrategy", "decoded_size"]

# All values of a ConfigMap or Secret together, in bytes.
MAX_DATA_BYTES = 1024 * 1024

IMMUTABLE = "field is immutable when `immutable` is set"


def decoded_size(text: str) -> int:
    """How many bytes a base64 text stands for."""
    return len(text) * 3 // 4 - text.count("=", -2)


def text_size(text: str) -> int:
    """How many bytes a text has in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class ConfigMapStrategy(Strategy):
    """ConfigMaps."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check the keys and the size."""
        data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
        total = 0
        for key, value in data.items():
            errors.invalid_each(f"data[{key}]", key, names.config_map_key(key))
            if key in binary:
                errors.invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
            total += text_size(value)
        for key, value in binary.items():
            errors.invalid_each(f"binaryData[{key}]", key, names.config_map_key(key))
            total += decoded_size(value)
        if total > MAX_DATA_BYTES:
            errors.too_long("[]", MAX_DATA_BYTES)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """An immutable map changes in its metadata only."""
        if old.get("immutable"):
            if not obj.get("immutable"):
                errors.forbidden("immutable", IMMUTABLE)
            for name in ("data", "binaryData"):
                if (obj.get(name) or {}) != (old.get(name) or {}):
                    errors.forbidden(name, IMMUTABLE)
        self.validate(context, obj, errors)


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata = obj["metadata"]
    return [
        metadata.get("name", ""),
        len(obj.get("data") or ()) + len(obj.get("binaryData") or ()),
        age(metadata.get("creationTimestamp"), now),
    ]


CONFIG_MAP_COLUMNS = Columns(
    (
        NAME,
        Column("Data", describes="io.k8s.api.core.v1.ConfigMap.data"),
        AGE,
    ),
    _cells,
)
