"""Validation of validating admission policies, of bindings, and of what all policies have.

Implements "Validating Admission Policy" of the documentation, but for the compilation of
expressions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kapi.apimachinery import metav1, names
from kapi.apis.admissionregistration.policy_expressions import validate_policy_expressions
from kapi.apis.admissionregistration.rule_validation import (
    validate_match_conditions,
    validate_match_resources,
    validate_mutating_operations,
)
from kapi.cel.keywords import KEYWORDS

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_constraints",
    "validate_failure_policy",
    "validate_policy_binding",
    "validate_policy_status",
    "validate_validating_policy",
    "validate_variables",
]

_FAILURE_POLICIES = ("Fail", "Ignore")
_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_ACTIONS = ("Audit", "Deny", "Warn")
_NOT_FOUND_ACTIONS = ("Deny", "Allow")
_CEL_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_MAX_AUDIT_ANNOTATIONS = 20
_MAX_VALUE_EXPRESSION_BYTES = 5 * 1024
_NOTHING = "validations or auditAnnotations must contain at least one item"
_EXCLUSIVE = "name and selector are mutually exclusive"


def validate_validating_policy(obj: JSONObject, errors: ErrorList) -> None:
    """A ValidatingAdmissionPolicy."""
    spec = obj.get("spec") or {}
    validate_failure_policy(spec, errors)
    _validate_common(spec, errors)
    validations, annotations = spec.get("validations") or [], spec.get("auditAnnotations") or []
    if not validations and not annotations:
        errors.required("spec.validations", _NOTHING)
        errors.required("spec.auditAnnotations", _NOTHING)
        return
    for i, validation in enumerate(validations):
        _validate_validation(validation, f"spec.validations[{i}]", errors)
    _validate_audit_annotations(annotations, obj["metadata"].get("name", ""), errors)
    validate_policy_expressions(spec, errors)


def validate_failure_policy(spec: JSONObject, errors: ErrorList) -> None:
    """What failures of a policy mean."""
    policy = spec.get("failurePolicy")
    if policy is None:
        errors.required("spec.failurePolicy")
    elif policy not in _FAILURE_POLICIES:
        errors.not_supported("spec.failurePolicy", policy, _FAILURE_POLICIES)


def _validate_common(spec: JSONObject, errors: ErrorList) -> None:
    """Parameters, what is matched, match conditions and variables."""
    validate_constraints(spec, errors)
    conditions = spec.get("matchConditions") or []
    validate_match_conditions(conditions, "spec.matchConditions", errors)
    validate_variables(spec, errors)


def validate_constraints(spec: JSONObject, errors: ErrorList) -> None:
    """Parameters, and what a policy is meant for."""
    param_kind = spec.get("paramKind")
    if param_kind is not None:
        _validate_param_kind(param_kind, "spec.paramKind", errors)
    constraints = spec.get("matchConstraints")
    if constraints is None:
        errors.required("spec.matchConstraints")
    else:
        validate_match_resources(constraints, "spec.matchConstraints", errors)
        if not constraints.get("resourceRules"):
            errors.required("spec.matchConstraints.resourceRules")


def validate_variables(spec: JSONObject, errors: ErrorList) -> None:
    """Names of variables; their expressions are there."""
    for i, variable in enumerate(spec.get("variables") or ()):
        path, name = f"spec.variables[{i}]", variable.get("name", "")
        if not name.strip():
            errors.required(f"{path}.name", "name is not specified")
        elif not _CEL_IDENTIFIER.fullmatch(name) or name in KEYWORDS:
            errors.invalid(f"{path}.name", name, "must be a valid CEL identifier")
        if not variable.get("expression", "").strip():
            errors.required(f"{path}.expression", "expression is not specified")


def _validate_param_kind(param_kind: JSONObject, path: str, errors: ErrorList) -> None:
    version, kind = param_kind.get("apiVersion", ""), param_kind.get("kind", "")
    if not version:
        errors.required(f"{path}.apiVersion")
    else:
        _validate_api_version(version, f"{path}.apiVersion", errors)
    if not kind:
        errors.required(f"{path}.kind")
        return
    messages = names.dns1035_label(kind.lower())
    if messages:
        wrong = f"may have mixed case, but should otherwise match: {','.join(messages)}"
        errors.invalid(f"{path}.kind", kind, wrong)


def _validate_api_version(text: str, path: str, errors: ErrorList) -> None:
    group, _, version = text.rpartition("/")
    if "/" in group:
        errors.invalid(path, text, f"unexpected GroupVersion string: {text}")
        return
    messages = names.dns1123_subdomain(group) if group else []
    if messages:
        errors.invalid(path, group, ",".join(messages))
    if not version:
        errors.invalid(path, text, "version must be specified")
        return
    messages = names.dns1035_label(version)
    if messages:
        errors.invalid(path, version, ",".join(messages))


def _validate_validation(validation: JSONObject, path: str, errors: ErrorList) -> None:
    expression = validation.get("expression", "")
    if not expression.strip():
        errors.required(f"{path}.expression", "expression is not specified")
    message_expression = validation.get("messageExpression", "")
    if message_expression and not message_expression.strip():
        where = f"{path}.messageExpression"
        errors.invalid(where, message_expression, "must be non-empty if specified")
    message = validation.get("message", "")
    stripped, where = message.strip(), f"{path}.message"
    if message and not stripped:
        errors.invalid(where, message, "must be non-empty if specified")
    elif "\n" in stripped or "\r" in stripped:
        errors.invalid(where, message, "must not contain line breaks")
    elif not stripped and ("\n" in expression.strip() or "\r" in expression.strip()):
        errors.required(where, "message must be specified if expression contains line breaks")
    reason = validation.get("reason")
    if reason is not None and reason not in _REASONS:
        errors.not_supported(f"{path}.reason", reason, _REASONS)


def _validate_audit_annotations(
    annotations: list[JSONObject], policy: str, errors: ErrorList
) -> None:
    path = "spec.auditAnnotations"
    if len(annotations) > _MAX_AUDIT_ANNOTATIONS:
        message = f"must not have more than {_MAX_AUDIT_ANNOTATIONS} auditAnnotations"
        errors.invalid(path, annotations, message)
    seen: set[str] = set()
    for i, annotation in enumerate(annotations):
        where, key = f"{path}[{i}]", annotation.get("key", "")
        if policy:
            full = f"{policy}/{key}"
            errors.invalid_each(f"{where}.key", full, names.qualified_name(full))
        else:
            errors.invalid(f"{where}.key", key, "requires metadata.name be non-empty")
        value = annotation.get("valueExpression", "").strip()
        if not value:
            errors.required(f"{where}.valueExpression", "valueExpression is not specified")
        elif len(value.encode()) > _MAX_VALUE_EXPRESSION_BYTES:
            message = f"must not exceed {_MAX_VALUE_EXPRESSION_BYTES} bytes in length"
            errors.required(f"{where}.valueExpression", message)
        if key in seen:
            errors.duplicate(f"{where}.key", key)
        seen.add(key)


def validate_policy_binding(
    obj: JSONObject, errors: ErrorList, *, actions: bool, mutating: bool = False
) -> None:
    """A binding: which policy, with which parameters, for what, and what happens then."""
    spec = obj.get("spec") or {}
    policy = spec.get("policyName", "")
    if not policy:
        errors.required("spec.policyName")
    else:
        errors.invalid_each("spec.policyName", policy, names.dns1123_subdomain(policy))
    param_ref = spec.get("paramRef")
    if param_ref is not None:
        _validate_param_ref(param_ref, "spec.paramRef", errors)
    match = spec.get("matchResources")
    if match is not None:
        validate_match_resources(match, "spec.matchResources", errors)
        if mutating:
            where = "spec.matchResources.resourceRules.operations"
            validate_mutating_operations(match.get("resourceRules") or [], where, errors)
    if actions:
        _validate_actions(spec.get("validationActions") or [], "spec.validationActions", errors)


def _validate_param_ref(param_ref: JSONObject, path: str, errors: ErrorList) -> None:
    name, selector = param_ref.get("name", ""), param_ref.get("selector")
    if name:
        errors.invalid_each(f"{path}.name", name, names.path_segment_name(name))
        if selector is not None:
            errors.forbidden(f"{path}.name", _EXCLUSIVE)
            errors.forbidden(f"{path}.selector", _EXCLUSIVE)
    elif selector is None:
        errors.required(path, "one of name or selector must be specified")
    if selector is not None:
        metav1.validate_label_selector(selector, f"{path}.selector", errors)
    action, where = param_ref.get("parameterNotFoundAction"), f"{path}.parameterNotFoundAction"
    if action is None:
        errors.required(where)
    elif action not in _NOT_FOUND_ACTIONS:
        errors.not_supported(where, action, _NOT_FOUND_ACTIONS)


def _validate_actions(actions: list[str], path: str, errors: ErrorList) -> None:
    if not actions:
        errors.required(path, "at least one validation action is required")
    seen: set[str] = set()
    for i, action in enumerate(actions):
        if action not in _ACTIONS:
            errors.not_supported(f"{path}[{i}]", action, _ACTIONS)
        if action in seen:
            errors.duplicate(f"{path}[{i}]", action)
        seen.add(action)
    if "Deny" in seen and "Warn" in seen:
        errors.invalid(
            path,
            actions,
            "must not contain both Deny and Warn (repeating the same validation failure "
            "information in the API response and headers serves no purpose)",
        )


def validate_policy_status(obj: JSONObject, errors: ErrorList) -> None:
    """The result of type checking, and conditions."""
    status = obj.get("status") or {}
    warnings = (status.get("typeChecking") or {}).get("expressionWarnings") or ()
    for i, warning in enumerate(warnings):
        path = f"status.typeChecking.expressionWarnings[{i}]"
        for member in ("fieldRef", "warning"):
            if not warning.get(member, "").strip():
                errors.required(f"{path}.{member}")
    metav1.validate_conditions(status.get("conditions") or [], "status.conditions", errors)
