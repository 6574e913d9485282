"""Default values of webhook configurations, admission policies and their bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.types import JSONObject

__all__ = [
    "default_mutating_webhooks",
    "default_policy",
    "default_policy_binding",
    "default_validating_webhooks",
]

_TIMEOUT_SECONDS = 10
_SERVICE_PORT = 443


def default_validating_webhooks(obj: JSONObject) -> None:
    """ValidatingWebhookConfiguration."""
    for webhook in obj.get("webhooks") or ():
        _default_webhook(webhook)


def default_mutating_webhooks(obj: JSONObject) -> None:
    """MutatingWebhookConfiguration."""
    for webhook in obj.get("webhooks") or ():
        _default_webhook(webhook)
        if webhook.get("reinvocationPolicy") is None:
            webhook["reinvocationPolicy"] = "Never"


def _default_webhook(webhook: JSONObject) -> None:
    if webhook.get("failurePolicy") is None:
        webhook["failurePolicy"] = "Fail"
    _default_matching(webhook)
    if webhook.get("timeoutSeconds") is None:
        webhook["timeoutSeconds"] = _TIMEOUT_SECONDS
    service = (webhook.get("clientConfig") or {}).get("service")
    if service is not None and service.get("port") is None:
        service["port"] = _SERVICE_PORT
    _default_scopes(webhook.get("rules") or ())


def _default_matching(obj: JSONObject) -> None:
    if obj.get("matchPolicy") is None:
        obj["matchPolicy"] = "Equivalent"
    for member in ("namespaceSelector", "objectSelector"):
        if obj.get(member) is None:
            obj[member] = {}


def _default_scopes(rules: Iterable[JSONObject]) -> None:
    for rule in rules:
        if rule.get("scope") is None:
            rule["scope"] = "*"


def _default_match_resources(match: JSONObject | None) -> None:
    if match is None:
        return
    _default_matching(match)
    _default_scopes(match.get("resourceRules") or ())
    _default_scopes(match.get("excludeResourceRules") or ())


def default_policy(obj: JSONObject) -> None:
    """ValidatingAdmissionPolicy and MutatingAdmissionPolicy."""
    spec = obj.setdefault("spec", {})
    if spec.get("failurePolicy") is None:
        spec["failurePolicy"] = "Fail"
    _default_match_resources(spec.get("matchConstraints"))


def default_policy_binding(obj: JSONObject) -> None:
    """The bindings of both kinds of policy."""
    _default_match_resources((obj.get("spec") or {}).get("matchResources"))
