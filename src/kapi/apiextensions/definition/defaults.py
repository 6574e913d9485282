"""Defaults of CustomResourceDefinitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apiextensions.definition.versions import storage_version

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["default_definition"]

_HTTPS = 443


def default_definition(obj: JSONObject) -> None:
    """Name the singular and the list, convert by nothing; the storage version has been stored."""
    spec: JSONObject = obj.setdefault("spec", {})
    names: JSONObject = spec.setdefault("names", {})
    kind = names.get("kind") or ""
    if not names.get("singular") and kind:
        names["singular"] = kind.lower()
    if not names.get("listKind") and kind:
        names["listKind"] = f"{kind}List"
    conversion = spec.get("conversion")
    if conversion is None:
        spec["conversion"] = {"strategy": "None"}
    else:
        _default_webhook(conversion)
    _default_stored_versions(obj)


def _default_stored_versions(obj: JSONObject) -> None:
    """A status that does not say in which versions objects are stored is one without objects."""
    status, version = obj.get("status"), storage_version(obj["spec"])
    if status is not None and not status.get("storedVersions") and version is not None:
        status["storedVersions"] = [version]


def _default_webhook(conversion: JSONObject) -> None:
    client = (conversion.get("webhook") or {}).get("clientConfig") or {}
    service = client.get("service")
    if service is not None and service.get("port") is None:
        service["port"] = _HTTPS
