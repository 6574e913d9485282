"""Validation of ValidatingWebhookConfiguration and MutatingWebhookConfiguration.

Implements "Dynamic Admission Control" of the documentation. Rules that came later are only
applied to updates of configurations that kept them before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import metav1, names
from kapi.apis.admissionregistration.match_condition_expressions import (
    ExpressionError,
    compile_match_condition,
)
from kapi.apis.admissionregistration.rule_validation import (
    validate_match_conditions,
    validate_rule_with_operations,
)
from kapi.apis.admissionregistration.webhook_client_validation import (
    validate_webhook_client_config,
)

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_webhooks"]

_FAILURE_POLICIES = ("Fail", "Ignore")
_MATCH_POLICIES = ("Equivalent", "Exact")
_REINVOCATION_POLICIES = ("IfNeeded", "Never")
_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_LEGACY_SIDE_EFFECTS = ("None", "NoneOnDryRun", "Some", "Unknown")
_REVIEW_VERSIONS = ("v1", "v1beta1")
_MAX_TIMEOUT_SECONDS = 30


def validate_webhooks(
    obj: JSONObject, errors: ErrorList, *, mutating: bool, old: JSONObject | None = None
) -> None:
    """All webhooks of a configuration."""
    old_webhooks = (old or {}).get("webhooks") or ()
    old_names = [webhook.get("name", "") for webhook in old_webhooks]
    unique = len(set(old_names)) == len(old_names)
    clean = all(webhook.get("sideEffects") in _SIDE_EFFECTS for webhook in old_webhooks)
    recognized = all(
        any(v in _REVIEW_VERSIONS for v in webhook.get("admissionReviewVersions") or ())
        for webhook in old_webhooks
    )
    seen: set[str] = set()
    for i, webhook in enumerate(obj.get("webhooks") or ()):
        path, name = f"webhooks[{i}]", webhook.get("name", "")
        effects = _SIDE_EFFECTS if clean else _LEGACY_SIDE_EFFECTS
        _validate_webhook(webhook, path, errors, effects=effects, mutating=mutating)
        _validate_review_versions(webhook, path, errors, recognized=recognized)
        if unique and name:
            if name in seen:
                errors.duplicate(f"{path}.name", name)
            seen.add(name)


def _validate_webhook(
    webhook: JSONObject,
    path: str,
    errors: ErrorList,
    *,
    effects: tuple[str, ...],
    mutating: bool,
) -> None:
    name = webhook.get("name", "")
    if not name:
        errors.required(f"{path}.name")
    else:
        errors.invalid_each(f"{path}.name", name, names.fully_qualified_name(name))
    for i, rule in enumerate(webhook.get("rules") or ()):
        validate_rule_with_operations(rule, f"{path}.rules[{i}]", errors)
    _one_of(webhook, "failurePolicy", _FAILURE_POLICIES, path, errors)
    _one_of(webhook, "matchPolicy", _MATCH_POLICIES, path, errors)
    if webhook.get("sideEffects") is None:
        errors.required(f"{path}.sideEffects", f"must specify one of {', '.join(effects)}")
    _one_of(webhook, "sideEffects", effects, path, errors)
    timeout = webhook.get("timeoutSeconds")
    if timeout is not None and not 1 <= timeout <= _MAX_TIMEOUT_SECONDS:
        message = f"the timeout value must be between 1 and {_MAX_TIMEOUT_SECONDS} seconds"
        errors.invalid(f"{path}.timeoutSeconds", timeout, message)
    for member in ("namespaceSelector", "objectSelector"):
        selector = webhook.get(member)
        if selector is not None:
            metav1.validate_label_selector(selector, f"{path}.{member}", errors)
    if mutating:
        _one_of(webhook, "reinvocationPolicy", _REINVOCATION_POLICIES, path, errors)
    config = webhook.get("clientConfig") or {}
    validate_webhook_client_config(config, f"{path}.clientConfig", errors)
    conditions = webhook.get("matchConditions") or []
    validate_match_conditions(conditions, f"{path}.matchConditions", errors)
    _validate_expressions(conditions, f"{path}.matchConditions", errors)


def _validate_expressions(conditions: list[JSONObject], path: str, errors: ErrorList) -> None:
    for i, condition in enumerate(conditions):
        expression = (condition.get("expression") or "").strip()
        if not expression:
            continue
        try:
            compile_match_condition(expression)
        except ExpressionError as error:
            errors.invalid(f"{path}[{i}].expression", expression, str(error))


def _one_of(
    webhook: JSONObject, member: str, known: tuple[str, ...], path: str, errors: ErrorList
) -> None:
    value = webhook.get(member)
    if value is not None and value not in known:
        errors.not_supported(f"{path}.{member}", value, known)


def _validate_review_versions(
    webhook: JSONObject, path: str, errors: ErrorList, *, recognized: bool
) -> None:
    versions = webhook.get("admissionReviewVersions") or []
    path = f"{path}.admissionReviewVersions"
    if not versions:
        errors.required(path, f"must specify one of {', '.join(_REVIEW_VERSIONS)}")
        return
    seen: set[str] = set()
    for i, version in enumerate(versions):
        if version in seen:
            errors.invalid(f"{path}[{i}]", version, "duplicate version")
            continue
        seen.add(version)
        errors.invalid_each(f"{path}[{i}]", version, names.dns1035_label(version))
    if recognized and not any(version in _REVIEW_VERSIONS for version in versions):
        message = f"must include at least one of {', '.join(_REVIEW_VERSIONS)}"
        errors.invalid(path, versions, message)
