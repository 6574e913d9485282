"""ResourceQuota: resources, scopes and scope selectors.

Implements "Resource Quotas" of the Kubernetes documentation; enforcement is an admission plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.gostruct import GoStruct, list_of
from kapi.apis.core.resource_names import (
    is_standard_quota_resource,
    validate_quota_resource_name,
    validate_resource_quantity,
)

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_resource_quota", "validate_resource_quota_status"]

_POD_COMPUTE = frozenset(
    (
        "cpu",
        "memory",
        "limits.cpu",
        "limits.memory",
        "requests.cpu",
        "requests.memory",
    )
)
_PODS = frozenset(("pods",))
_CLAIMS = frozenset(("persistentvolumeclaims", "requests.storage"))
# Which of the standard resources each scope can restrict.
_SCOPES = {
    "Terminating": _PODS | _POD_COMPUTE,
    "NotTerminating": _PODS | _POD_COMPUTE,
    "BestEffort": _PODS,
    "NotBestEffort": _PODS | _POD_COMPUTE,
    "PriorityClass": _PODS | _POD_COMPUTE,
    "CrossNamespacePodAffinity": _PODS | _POD_COMPUTE,
    "VolumeAttributesClass": _CLAIMS,
}
_CONFLICTING = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
_ONLY_EXISTS = frozenset(
    (
        "BestEffort",
        "NotBestEffort",
        "Terminating",
        "NotTerminating",
        "CrossNamespacePodAffinity",
    )
)

SCOPE_SELECTOR = GoStruct(
    matchExpressions=list_of(
        "MatchExpressions",
        GoStruct(
            scopeName=("ScopeName", "", None),
            operator=("Operator", "", None),
            values=("Values", None, None),
        ),
    )
)


def validate_resource_quota(obj: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with the spec."""
    spec = obj.get("spec") or {}
    hard = spec.get("hard") or {}
    _validate_amounts(hard, "spec.hard", errors)
    standard = [name for name in sorted(hard) if is_standard_quota_resource(name)]
    _validate_scopes(spec.get("scopes") or [], standard, errors)
    selector = spec.get("scopeSelector")
    if selector is not None:
        _validate_scope_selector(selector, spec, standard, errors)


def validate_resource_quota_status(obj: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with the status."""
    status = obj.get("status") or {}
    for name in ("hard", "used"):
        _validate_amounts(status.get(name) or {}, f"status.{name}", errors)


def _validate_amounts(amounts: JSONObject, path: str, errors: ErrorList) -> None:
    for name in sorted(amounts):
        item = f"{path}[{name}]"
        validate_quota_resource_name(name, item, errors)
        validate_resource_quantity(name, amounts[name], item, errors)


def _fits(scope: str, resource: str) -> bool:
    allowed = _SCOPES.get(scope)
    return allowed is None or resource in allowed


def _validate_scopes(scopes: list[str], standard: list[str], errors: ErrorList) -> None:
    path = "spec.scopes"
    for scope in scopes:
        if scope not in _SCOPES:
            errors.invalid(path, scopes, "unsupported scope")
        for resource in standard:
            if not _fits(scope, resource):
                errors.invalid(path, scopes, "unsupported scope applied to resource")
    for pair in _CONFLICTING:
        if pair <= set(scopes):
            errors.invalid(path, scopes, "conflicting scopes")


def _validate_scope_selector(
    selector: JSONObject, spec: JSONObject, standard: list[str], errors: ErrorList
) -> None:
    path = "spec.scopeSelector.matchExpressions"
    scopes: set[str] = set()
    for requirement in selector.get("matchExpressions") or ():
        scope = requirement.get("scopeName") or ""
        scopes.add(scope)
        if scope not in _SCOPES:
            errors.invalid(f"{path}.scopeName", scope, "unsupported scope")
        for resource in standard:
            if not _fits(scope, resource):
                shown = SCOPE_SELECTOR.show(selector)
                errors.invalid(path, shown, "unsupported scope applied to resource")
        _validate_operator(scope, requirement, path, errors)
    for pair in _CONFLICTING:
        if pair <= scopes:
            errors.invalid(path, spec.get("scopes"), "conflicting scopes")


def _validate_operator(scope: str, requirement: JSONObject, path: str, errors: ErrorList) -> None:
    operator = requirement.get("operator") or ""
    values = requirement.get("values") or []
    if scope in _ONLY_EXISTS and operator != "Exists":
        errors.invalid(
            f"{path}.operator",
            operator,
            "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
            "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
            "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
        )
    if operator in ("In", "NotIn"):
        if not values:
            errors.required(
                f"{path}.values",
                "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
            )
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            errors.invalid(
                f"{path}.values",
                values,
                "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
            )
    else:
        errors.invalid(f"{path}.operator", operator, "not a valid selector operator")
