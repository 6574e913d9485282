"""Validation of the address of a webhook: a URL, or a service in the cluster.

Implements "Contacting the webhook" of the documentation; conversion webhooks of
CustomResourceDefinitions have the same form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.urls import URLError, parse_url

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_webhook_client_config", "validate_webhook_service", "validate_webhook_url"]

_FORM = "; desired format: https://host[/path]"


def validate_webhook_client_config(config: JSONObject, path: str, errors: ErrorList) -> None:
    """Exactly one of URL and service."""
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        errors.required(path, "exactly one of url or service is required")
    elif url is not None:
        validate_webhook_url(url, f"{path}.url", errors)
    elif service is not None:
        validate_webhook_service(service, f"{path}.service", errors)


def validate_webhook_url(url: str, path: str, errors: ErrorList) -> None:
    """An https URL with a host and nothing but a path."""
    try:
        parts = parse_url(url)
    except URLError as error:
        errors.required(path, f"url must be a valid URL: {error}{_FORM}")
        return
    if parts.scheme != "https":
        errors.invalid(path, parts.scheme, f"'https' is the only allowed URL scheme{_FORM}")
    if not parts.host:
        errors.invalid(path, parts.host, f"host must be specified{_FORM}")
    if parts.user is not None:
        errors.invalid(path, parts.user, "user information is not permitted in the URL")
    if parts.fragment:
        errors.invalid(path, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        errors.invalid(path, parts.query, "query parameters are not permitted in the URL")


def validate_webhook_service(service: JSONObject, path: str, errors: ErrorList) -> None:
    """A service by name, with a port and perhaps a path."""
    # Clients know these two errors with each other's path.
    for member, reported in (("namespace", "name"), ("name", "namespace")):
        if not service.get(member):
            errors.required(f"{path}.{reported}")
    port = service.get("port", 0)
    messages = names.port_number(port)
    if messages:
        errors.invalid(f"{path}.port", port, f"port is not valid: {','.join(messages)}")
    _validate_url_path(service.get("path") or "", f"{path}.path", errors)


def _validate_url_path(url_path: str, path: str, errors: ErrorList) -> None:
    if url_path in ("", "/"):
        return
    if url_path == "//":
        errors.invalid(path, url_path, "segment[0] may not be empty")
        return
    if url_path[0] != "/":
        errors.invalid(path, url_path, "must start with a '/'")
    # The first byte is the slash, or was just reported.
    rest = url_path.encode()[1:].decode("utf-8", "replace")
    for i, segment in enumerate(rest.removesuffix("/").split("/")):
        if not segment:
            errors.invalid(path, url_path, f"segment[{i}] may not be empty")
            continue
        for message in names.dns1123_subdomain(segment):
            errors.invalid(path, url_path, f"segment[{i}]: {message}")
