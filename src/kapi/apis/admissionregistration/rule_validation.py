"""Validation of the rules by which webhooks and policies choose requests.

Implements "Matching requests: rules" of the documentation, and match conditions but for the
compilation of their expressions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import metav1, names

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_match_conditions",
    "validate_match_resources",
    "validate_mutating_operations",
    "validate_rule_with_operations",
]

_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_MUTATING_OPERATIONS = ("*", "CONNECT", "CREATE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
_MATCH_POLICIES = ("Equivalent", "Exact")
_MAX_CONDITIONS = 64


def validate_rule_with_operations(rule: JSONObject, path: str, errors: ErrorList) -> None:
    """One rule: operations, groups, versions, resources and scope."""
    operations, where = rule.get("operations") or [], f"{path}.operations"
    if not operations:
        errors.required(where)
    if len(operations) > 1 and "*" in operations:
        message = "if '*' is present, must not specify other operations"
        errors.invalid(where, operations, message)
    for i, operation in enumerate(operations):
        if operation not in _OPERATIONS:
            errors.not_supported(f"{where}[{i}]", operation, _OPERATIONS)
    _validate_names(rule.get("apiGroups") or [], f"{path}.apiGroups", "API groups", errors)
    versions = rule.get("apiVersions") or []
    _validate_names(versions, f"{path}.apiVersions", "API versions", errors)
    for i, version in enumerate(versions):
        if not version:
            errors.required(f"{path}.apiVersions[{i}]")
    _validate_resources(rule.get("resources") or [], f"{path}.resources", errors)
    scope = rule.get("scope")
    if scope is not None and scope not in _SCOPES:
        errors.not_supported(f"{path}.scope", scope, _SCOPES)


def _validate_names(values: list[str], path: str, what: str, errors: ErrorList) -> None:
    if not values:
        errors.required(path)
    if len(values) > 1 and "*" in values:
        errors.invalid(path, values, f"if '*' is present, must not specify other {what}")


def _validate_resources(resources: list[str], path: str, errors: ErrorList) -> None:
    """``pods``, ``pods/log``, ``pods/*``, ``*/log``, ``*`` and ``*/*``, none within another."""
    if not resources:
        errors.required(path)
    whole_resources: set[str] = set()
    whole_subresources: set[str] = set()
    plain = False
    for i, entry in enumerate(resources):
        if not entry:
            errors.required(f"{path}[{i}]")
            continue
        resource, slash, subresource = entry.partition("/")
        if not slash:
            plain = plain or entry != "*"
            continue
        for wildcard, covered in (
            (f"{resource}/*", resource in whole_resources),
            (f"*/{subresource}", subresource in whole_subresources),
        ):
            if covered:
                message = f"if '{wildcard}' is present, must not specify {entry}"
                errors.invalid(f"{path}[{i}]", entry, message)
        if subresource == "*":
            whole_resources.add(resource)
        if resource == "*":
            whole_subresources.add(subresource)
    if len(resources) > 1 and "*/*" in resources:
        message = "if '*/*' is present, must not specify other resources"
        errors.invalid(path, resources, message)
    if "*" in resources and plain:
        message = "if '*' is present, must not specify other resources without subresources"
        errors.invalid(path, resources, message)


def validate_match_conditions(conditions: list[JSONObject], path: str, errors: ErrorList) -> None:
    """Named expressions; whether they compile is checked where they are compiled."""
    if len(conditions) > _MAX_CONDITIONS:
        errors.too_many(path, len(conditions), _MAX_CONDITIONS)
    seen: set[str] = set()
    for i, condition in enumerate(conditions):
        where, name = f"{path}[{i}]", condition.get("name", "")
        if not condition.get("expression", "").strip():
            errors.required(f"{where}.expression")
        if not name:
            errors.required(f"{where}.name")
            continue
        errors.invalid_each(f"{where}.name", name, names.qualified_name(name))
        if name in seen:
            errors.duplicate(f"{where}.name", name)
        seen.add(name)


def validate_match_resources(match: JSONObject, path: str, errors: ErrorList) -> None:
    """What a policy or a binding applies to."""
    policy = match.get("matchPolicy")
    if policy is None:
        errors.required(f"{path}.matchPolicy")
    elif policy not in _MATCH_POLICIES:
        errors.not_supported(f"{path}.matchPolicy", policy, _MATCH_POLICIES)
    for member in ("namespaceSelector", "objectSelector"):
        selector = match.get(member)
        if selector is None:
            errors.required(f"{path}.{member}")
        else:
            metav1.validate_label_selector(selector, f"{path}.{member}", errors)
    for member in ("resourceRules", "excludeResourceRules"):
        for i, rule in enumerate(match.get(member) or ()):
            where = f"{path}.{member}[{i}]"
            validate_rule_with_operations(rule, where, errors)
            _validate_resource_names(rule.get("resourceNames") or [], where, errors)


def _validate_resource_names(values: list[str], path: str, errors: ErrorList) -> None:
    seen: set[str] = set()
    for i, name in enumerate(values):
        where = f"{path}.resourceNames[{i}]"
        errors.invalid_each(where, name, names.path_segment_name(name))
        if name in seen:
            errors.duplicate(where, name)
        seen.add(name)


def validate_mutating_operations(rules: list[JSONObject], path: str, errors: ErrorList) -> None:
    """Operations of rules by which objects are changed: not those of what is deleted."""
    for rule in rules:
        for operation in rule.get("operations") or ():
            if operation not in _MUTATING_OPERATIONS:
                errors.not_supported(path, operation, _MUTATING_OPERATIONS)
