"""Validation of RBAC roles and bindings.

Implements "Using RBAC Authorization: API objects". Verbs, groups, resources and URLs are not
checked against what exists; only the form of a rule is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import metav1, names
from kapi.apimachinery.gostruct import GoStruct
from kapi.apis.rbac.defaults import GROUP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_binding",
    "validate_binding_update",
    "validate_cluster_role",
    "validate_role",
]

_ROLE_REF = GoStruct(
    apiGroup=("APIGroup", "", None), kind=("Kind", "", None), name=("Name", "", None)
)
_SUBJECT_KINDS = ("ServiceAccount", "User", "Group")
_MIXED = "rules cannot apply to both regular resources and non-resource URLs"


def validate_role(obj: JSONObject, errors: ErrorList) -> None:
    """A Role: rules on resources of its namespace."""
    for i, rule in enumerate(obj.get("rules") or ()):
        _validate_rule(rule, f"rules[{i}]", errors, namespaced=True)


def validate_cluster_role(obj: JSONObject, errors: ErrorList) -> None:
    """A ClusterRole: rules, or selectors of the roles to aggregate."""
    for i, rule in enumerate(obj.get("rules") or ()):
        _validate_rule(rule, f"rules[{i}]", errors, namespaced=False)
    aggregation = obj.get("aggregationRule")
    if aggregation is None:
        return
    selectors = aggregation.get("clusterRoleSelectors")
    if not selectors:
        errors.required(
            "aggregationRule.clusterRoleSelectors",
            "at least one clusterRoleSelector required if aggregationRule is non-nil",
        )
        return
    for i, selector in enumerate(selectors):
        path = f"aggregationRule.clusterRoleSelectors[{i}]"
        before = len(errors)
        metav1.validate_label_selector(selector, path, errors)
        if len(errors) > before:
            errors.invalid(path, None, "invalid label selector.")


def _validate_rule(rule: JSONObject, path: str, errors: ErrorList, *, namespaced: bool) -> None:
    if not rule.get("verbs"):
        errors.required(f"{path}.verbs", "verbs must contain at least one value")
    urls = rule.get("nonResourceURLs")
    groups, resources = rule.get("apiGroups"), rule.get("resources")
    if urls:
        where = f"{path}.nonResourceURLs"
        if namespaced:
            errors.invalid(where, urls, "namespaced rules cannot apply to non-resource URLs")
        if groups or resources or rule.get("resourceNames"):
            errors.invalid(where, urls, _MIXED)
        return
    if not groups:
        errors.required(f"{path}.apiGroups", "resource rules must supply at least one api group")
    if not resources:
        errors.required(f"{path}.resources", "resource rules must supply at least one resource")


def validate_binding(
    obj: JSONObject, errors: ErrorList, role_kinds: Sequence[str], *, namespaced: bool
) -> None:
    """A RoleBinding or ClusterRoleBinding; ``role_kinds`` are the kinds it may refer to."""
    role_ref = obj.get("roleRef") or {}
    group = role_ref.get("apiGroup", "")
    if group != GROUP:
        errors.not_supported("roleRef.apiGroup", group, (GROUP,))
    kind = role_ref.get("kind", "")
    if kind not in role_kinds:
        errors.not_supported("roleRef.kind", kind, role_kinds)
    name = role_ref.get("name", "")
    if not name:
        errors.required("roleRef.name")
    else:
        errors.invalid_each("roleRef.name", name, names.path_segment_name(name))
    for i, subject in enumerate(obj.get("subjects") or ()):
        _validate_subject(subject, f"subjects[{i}]", errors, namespaced=namespaced)


def _validate_subject(
    subject: JSONObject, path: str, errors: ErrorList, *, namespaced: bool
) -> None:
    name, kind = subject.get("name", ""), subject.get("kind", "")
    group = subject.get("apiGroup", "")
    if not name:
        errors.required(f"{path}.name")
    if kind == "ServiceAccount":
        if name:
            errors.invalid_each(f"{path}.name", name, names.dns1123_subdomain(name))
        if group:
            errors.not_supported(f"{path}.apiGroup", group, ("",))
        if not namespaced and not subject.get("namespace"):
            errors.required(f"{path}.namespace")
    elif kind in _SUBJECT_KINDS:
        if group != GROUP:
            errors.not_supported(f"{path}.apiGroup", group, (GROUP,))
    else:
        errors.not_supported(f"{path}.kind", kind, _SUBJECT_KINDS)


def validate_binding_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """A binding is to one role for its life."""
    role_ref = _ROLE_REF.show(obj.get("roleRef"))
    if role_ref != _ROLE_REF.show(old.get("roleRef")):
        errors.invalid("roleRef", role_ref, "cannot change roleRef")
