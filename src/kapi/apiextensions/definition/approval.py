"""API approval: definitions in the groups of the Kubernetes project need an annotation.

Implements the annotation ``api-approved.kubernetes.io`` and the condition
KubernetesAPIApprovalPolicyConformant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kapi.apiextensions.definition.versions import set_condition

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["ANNOTATION", "approval_problem", "is_protected", "set_approval"]

ANNOTATION = "api-approved.kubernetes.io"
_CONDITION = "KubernetesAPIApprovalPolicyConformant"
_UNAPPROVED = "unapproved"


def is_protected(group: str) -> bool:
    """Whether a group belongs to the Kubernetes project."""
    return group in {"k8s.io", "kubernetes.io"} or group.endswith((".k8s.io", ".kubernetes.io"))


def approval_problem(definition: JSONObject) -> str:
    """What is wrong with the annotation; empty when it is fine."""
    annotation = _annotation(definition)
    if not annotation:
        return (
            "protected groups must have approval annotation "
            f'"{ANNOTATION}", see https://github.com/kubernetes/enhancements/pull/1111'
        )
    if annotation.startswith(_UNAPPROVED) or _is_url(annotation):
        return ""
    return (
        f'protected groups must have approval annotation "{ANNOTATION}" with either a URL or a '
        'reason starting with "unapproved", see '
        "https://github.com/kubernetes/enhancements/pull/1111"
    )


def _annotation(definition: JSONObject) -> str:
    annotations = definition["metadata"].get("annotations") or {}
    found: str = annotations.get(ANNOTATION, "")
    return found


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


def set_approval(definition: JSONObject, status: JSONObject, now: str) -> None:
    """Tell in a condition whether a definition of a protected group is approved."""
    if not is_protected(definition["spec"]["group"]):
        return
    annotation = _annotation(definition)
    if annotation.startswith(_UNAPPROVED):
        reason = "UnapprovedAnnotation"
        message = f'not approved: "{annotation}"'
        set_condition(status, _CONDITION, False, reason, message, now)
    elif _is_url(annotation):
        message = f"approved in {annotation}"
        set_condition(status, _CONDITION, True, "ApprovedAnnotation", message, now)
    elif not annotation:
        message = approval_problem(definition)
        set_condition(status, _CONDITION, False, "MissingAnnotation", message, now)
    else:
        message = approval_problem(definition)
        set_condition(status, _CONDITION, False, "InvalidAnnotation", message, now)
