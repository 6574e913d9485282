"""Restart policies of single containers and what a resize restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_container_restart_policy", "validate_resize_policy"]

_POLICIES = ("Always", "Never", "OnFailure")
_RESIZE_POLICIES = ("NotRequired", "RestartContainer")
_RESIZE_RESOURCES = ("cpu", "memory")
_ACTIONS = ("Restart", "RestartAllContainers")
_OPERATORS = ("In", "NotIn")
_MAX_RULES = 20
_MAX_EXIT_CODES = 255


def validate_container_restart_policy(container: JSONObject, path: str, errors: ErrorList) -> None:
    """Validate ``restartPolicy`` and ``restartPolicyRules`` of a container."""
    policy = container.get("restartPolicy")
    rules = container.get("restartPolicyRules") or ()
    if policy is None:
        if rules:
            errors.required(
                f"{path}.restartPolicy",
                "must specify restartPolicy when restart rules are used",
            )
    elif policy not in _POLICIES:
        errors.not_supported(f"{path}.restartPolicy", policy, _POLICIES)
    if not rules:
        return
    where = f"{path}.restartPolicyRules"
    if len(rules) > _MAX_RULES:
        errors.too_long(where, _MAX_RULES)
    for index, rule in enumerate(rules):
        _validate_rule(rule, f"{where}[{index}]", errors)


def _validate_rule(rule: JSONObject, path: str, errors: ErrorList) -> None:
    action = rule.get("action", "")
    if action not in _ACTIONS:
        errors.not_supported(f"{path}.action", action, _ACTIONS)
    exit_codes = rule.get("exitCodes")
    if exit_codes is None:
        errors.required(f"{path}.exitCodes", "must be specified")
        return
    operator = exit_codes.get("operator", "")
    if operator not in _OPERATORS:
        errors.not_supported(f"{path}.exitCodes.operator", operator, _OPERATORS)
    values = exit_codes.get("values") or ()
    if len(values) > _MAX_EXIT_CODES:
        errors.too_long(f"{path}.exitCodes.values", _MAX_EXIT_CODES)


def validate_resize_policy(
    policies: Iterable[JSONObject], restart_policy: str | None, path: str, errors: ErrorList
) -> None:
    """Validate ``resizePolicy``."""
    seen: set[str] = set()
    for index, policy in enumerate(policies):
        resource = policy.get("resourceName", "")
        if resource in seen:
            errors.duplicate(f"{path}[{index}]", resource)
        seen.add(resource)
        if not resource:
            errors.required(path)
        elif resource not in _RESIZE_RESOURCES:
            errors.not_supported(path, resource, _RESIZE_RESOURCES)
        action = policy.get("restartPolicy", "")
        if not action:
            errors.required(path)
        elif action not in _RESIZE_POLICIES:
            errors.not_supported(path, action, _RESIZE_POLICIES)
        if restart_policy == "Never" and action != "NotRequired":
            errors.invalid(path, action, "must be 'NotRequired' when `restartPolicy` is 'Never'")
