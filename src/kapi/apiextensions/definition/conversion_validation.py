"""Validation of how a definition converts objects between its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apis.admissionregistration.webhook_client_validation import (
    validate_webhook_client_config,
)

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_conversion"]

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
