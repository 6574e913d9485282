"""Validation of how a definition converts objects between its versions."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apis.admissionregistration.webhook_client_validation import (
    validate_webhook_client_config,
)

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_conversion", "validate_new_ca_bundle"]

_STRATEGIES = ("None", "Webhook")
_REVIEW_VERSIONS = ("v1", "v1beta1")


def validate_conversion(conversion: JSONObject, path: str, errors: ErrorList) -> None:
    """Check ``spec.conversion``; the webhook's members are reported right below it."""
    strategy = conversion.get("strategy") or ""
    if not strategy:
        errors.required(f"{path}.strategy")
    elif strategy not in _STRATEGIES:
        errors.not_supported(f"{path}.strategy", strategy, _STRATEGIES)
    webhook = conversion.get("webhook") or {}
    client, versions = webhook.get("clientConfig"), webhook.get("conversionReviewVersions") or []
    if strategy == "Webhook":
        if client is None:
            why = "required when strategy is set to Webhook"
            errors.required(f"{path}.webhookClientConfig", why)
        else:
            validate_webhook_client_config(client, f"{path}.webhookClientConfig", errors)
        _validate_review_versions(versions, f"{path}.conversionReviewVersions", errors)
        return
    why = "should not be set when strategy is not set to Webhook"
    if client is not None:
        errors.forbidden(f"{path}.webhookClientConfig", why)
    if versions:
        errors.forbidden(f"{path}.conversionReviewVersions", why)


def validate_new_ca_bundle(
    conversion: JSONObject, old: JSONObject, path: str, errors: ErrorList
) -> None:
    """Check the certificates of a definition in use, unless they were no certificates before."""
    bundle, old_bundle = _ca_bundle(conversion), _ca_bundle(old)
    if conversion.get("strategy") != "Webhook" or not bundle or _is_bundle(bundle):
        return
    if not old_bundle or _is_bundle(old_bundle):
        why = "unable to load root certificates: unable to parse bytes as PEM block"
        errors.invalid(f"{path}.webhookClientConfig.caBundle", bundle, why)


def _ca_bundle(conversion: JSONObject) -> str:
    client = (conversion.get("webhook") or {}).get("clientConfig") or {}
    bundle: str = client.get("caBundle") or ""
    return bundle


def _is_bundle(bundle: str) -> bool:
    import ssl  # noqa: PLC0415 - only definitions with conversion webhooks need it

    try:
        text = base64.b64decode(bundle).decode("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _validate_review_versions(versions: list[str], path: str, errors: ErrorList) -> None:
    if not versions:
        errors.required(path)
        return
    for index, version in enumerate(versions):
        if version in versions[:index]:
            errors.invalid(f"{path}[{index}]", version, "duplicate version")
            continue
        problems = names.dns1035_label(version)
        if problems:
            errors.invalid(f"{path}[{index}]", version, ",".join(problems))
    if not any(version in _REVIEW_VERSIONS for version in versions):
        why = f"must include at least one of {', '.join(_REVIEW_VERSIONS)}"
        errors.invalid(path, versions, why)
