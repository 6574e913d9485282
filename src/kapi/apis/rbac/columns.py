"""Table columns of the RBAC bindings; roles have the default Table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["CLUSTER_ROLE_BINDING", "ROLE_BINDING"]


_UNRESOLVED = "If the RoleRef cannot be resolved, the Authorizer must return an error."


def _binding_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, role = obj["metadata"], obj.get("roleRef") or {}
    by_kind: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in obj.get("subjects") or ():
        kind, name = subject.get("kind", ""), subject.get("name", "")
        if kind == "ServiceAccount":
            name = f"{subject.get('namespace', '')}/{name}"
        if kind in by_kind:
            by_kind[kind].append(name)
    return [
        meta["name"],
        f"{role.get('kind', '')}/{role.get('name', '')}",
        age(meta.get("creationTimestamp"), now),
        *(", ".join(subjects) for subjects in by_kind.values()),
    ]


def _columns(word: str, role: str) -> Columns:
    return Columns(
        (
            NAME,
            Column("Role", description=f"{role} {_UNRESOLVED}"),
            AGE,
            Column("Users", priority=1, description=f"Users in the {word}"),
            Column("Groups", priority=1, description=f"Groups in the {word}"),
            Column("ServiceAccounts", priority=1, description=f"ServiceAccounts in the {word}"),
        ),
        _binding_cells,
    )


ROLE_BINDING = _columns(
    "roleBinding",
    "RoleRef can reference a Role in the current namespace or a ClusterRole in the global "
    "namespace.",
)
CLUSTER_ROLE_BINDING = _columns(
    "clusterRoleBinding", "RoleRef can only reference a ClusterRole in the global namespace."
)
