"""Secret: stringData, the known types, immutability and columns.

Implements "Types of Secret" of the Kubernetes documentation.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery import names
from kapi.apimachinery.serializer.json_syntax import syntax_error
from kapi.apis.core.config_map_strategy import IMMUTABLE, MAX_DATA_BYTES, decoded_size
from kapi.apis.core.tls_warnings import tls_warnings
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = ["SECRET_COLUMNS", "SecretStrategy", "default_secret"]

SERVICE_ACCOUNT_NAME_ANNOTATION = "kubernetes.io/service-account.name"

_REQUIRED_KEYS = {
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_DOCKER_KEYS = {
    "kubernetes.io/dockercfg": ".dockercfg",
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
}


def default_secret(obj: JSONObject) -> None:
    """Move ``stringData``, which is only written, into ``data``; default the type."""
    texts = obj.pop("stringData", None)
    if texts:
        data = obj.get("data")
        if data is None:
            data = obj["data"] = {}
        for key, value in texts.items():
            data[key] = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode("ascii")
    if not obj.get("type"):
        obj["type"] = "Opaque"


class SecretStrategy(Strategy):
    """Secrets."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check the keys, the size and what the type demands."""
        data = obj.get("data") or {}
        total = 0
        for key, value in data.items():
            errors.invalid_each(f"data[{key}]", key, names.config_map_key(key))
            total += decoded_size(value)
        if total > MAX_DATA_BYTES:
            errors.too_long("data", MAX_DATA_BYTES)
        _validate_type(obj, data, errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Warn about a certificate that does not parse."""
        if obj.get("type") == "kubernetes.io/tls":
            for text in tls_warnings(obj.get("data") or {}):
                context.warn(text)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """A type that is left out stays; defaulting has made that Opaque before."""
        if not obj.get("type"):
            obj["type"] = old.get("type") or "Opaque"

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The type never changes; an immutable secret changes in its metadata only."""
        if obj.get("type") != old.get("type"):
            errors.invalid("type", obj.get("type") or "", "field is immutable")
        if old.get("immutable"):
            if not obj.get("immutable"):
                errors.forbidden("immutable", IMMUTABLE)
            if (obj.get("data") or {}) != (old.get("data") or {}):
                errors.forbidden("data", IMMUTABLE)
        self.validate(context, obj, errors)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Warn about a certificate that does not parse."""
        self.warnings_on_create(context, obj)

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """What field selectors may ask for."""
        return {"type": obj.get("type") or ""}


def _validate_type(obj: JSONObject, data: JSONObject, errors: ErrorList) -> None:
    kind = obj.get("type")
    if kind == "Opaque":
        return
    if kind in _DOCKER_KEYS:
        _validate_docker(data, _DOCKER_KEYS[kind], errors)
    elif kind == "kubernetes.io/basic-auth":
        if "username" not in data and "password" not in data:
            errors.required("data[username]")
            errors.required("data[password]")
    elif kind == "kubernetes.io/service-account-token":
        annotations = (obj.get("metadata") or {}).get("annotations") or {}
        if not annotations.get(SERVICE_ACCOUNT_NAME_ANNOTATION):
            errors.required(f"metadata.annotations[{SERVICE_ACCOUNT_NAME_ANNOTATION}]")
    elif kind in _REQUIRED_KEYS:
        for key in _REQUIRED_KEYS[kind]:
            present = bool(data.get(key)) if kind == "kubernetes.io/ssh-auth" else key in data
            if not present:
                errors.required(f"data[{key}]")


def _validate_docker(data: JSONObject, key: str, errors: ErrorList) -> None:
    if key not in data:
        errors.required(f"data[{key}]")
        return
    message = _json_object_error(data[key])
    if message:
        errors.invalid(f"data[{key}]", "<secret contents redacted>", message)


def _json_object_error(encoded: str) -> str:
    """Why the value is no JSON object, as Go's decoder says it; empty when it is one."""
    try:
        raw = base64.b64decode(encoded)
    except binascii.Error:
        raw = b""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        # Bytes that are no UTF-8 do not make it wrong.
        return syntax_error(raw) or ""
    if value is None or isinstance(value, dict):
        return ""
    kind = _GO_KINDS[type(value)]
    return f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"


_GO_KINDS = {str: "string", bool: "bool", int: "number", float: "number", list: "array"}


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata = obj["metadata"]
    return [
        metadata.get("name", ""),
        obj.get("type", ""),
        len(obj.get("data") or ()),
        age(metadata.get("creationTimestamp"), now),
    ]


SECRET_COLUMNS = Columns(
    (
        NAME,
        Column("Type", describes="io.k8s.api.core.v1.Secret.type"),
        Column("Data", describes="io.k8s.api.core.v1.Secret.data"),
        AGE,
    ),
    _cells,
)
