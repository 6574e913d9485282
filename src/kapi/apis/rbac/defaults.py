"""Default values of the RBAC kinds: the API group of role references and subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["GROUP", "default_binding"]

GROUP = "rbac.authorization.k8s.io"

_NAMED_BY_GROUP = ("User", "Group")


def default_binding(obj: JSONObject) -> None:
    """RoleBinding and ClusterRoleBinding."""
    role_ref = obj.setdefault("roleRef", {})
    if not role_ref.get("apiGroup"):
        role_ref["apiGroup"] = GROUP
    for subject in obj.get("subjects") or ():
        if not subject.get("apiGroup") and subject.get("kind") in _NAMED_BY_GROUP:
            subject["apiGroup"] = GROUP
