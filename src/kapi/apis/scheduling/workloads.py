"""Workload, PodGroup and CompositePodGroup: pods that are scheduled together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns, KindRules
from kapi.registry.standard_columns import AGE, NAME
from kapi.registry.status_strategies import SpecStrategy, StatusStrategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = ["COMPOSITE_POD_GROUP", "POD_GROUP", "WORKLOAD"]

# v1alpha1 of Kubernetes 1.35 had groups where later versions have templates of groups.
_TEMPLATES = ("podGroupTemplates", "podGroups")


class WorkloadStrategy(SpecStrategy):
    """Workload: templates that do not change."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """There are templates, each with its own name."""
        spec = obj.get("spec") or {}
        member = next((name for name in _TEMPLATES if spec.get(name)), "")
        if not member and not spec.get("compositePodGroupTemplates"):
            errors.required("spec.podGroupTemplates", "must have at least one item")
        seen: set[str] = set()
        for index, template in enumerate(spec.get(member) or ()):
            path, name = f"spec.{member}[{index}]", template.get("name", "")
            if not name:
                errors.required(f"{path}.name")
            elif name in seen:
                errors.duplicate(path, {"name": name})
            seen.add(name)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Templates stay."""
        self.validate(context, obj, errors)
        spec, old_spec = obj.get("spec") or {}, old.get("spec") or {}
        for member in _TEMPLATES:
            if spec.get(member) != old_spec.get(member):
                errors.invalid(f"spec.{member}", spec.get(member), "field is immutable")


def _policy(spec: JSONObject) -> str:
    policy = spec.get("schedulingPolicy") or {}
    return "Gang" if policy.get("gang") is not None else "Basic" if policy else ""


def _workload(spec: JSONObject) -> str:
    """The workload that a group is of; 1.36 referred to its template."""
    template = (spec.get("podGroupTemplateRef") or {}).get("workload") or {}
    name: str = (spec.get("workloadRef") or template).get("workloadName", "")
    return name


def _pod_group_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    conditions = (obj.get("status") or {}).get("conditions") or ()
    state = "Pending"
    for condition in conditions:
        if condition.get("type") == "PodGroupScheduled":
            state = "Scheduled" if condition.get("status") == "True" else "Unschedulable"
    age_text = age(meta.get("creationTimestamp"), now)
    return [meta["name"], _policy(spec), _workload(spec), state, age_text]


def _workload_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    return [meta["name"], age(meta.get("creationTimestamp"), now)]


_GROUP_COLUMNS = (NAME, Column("Policy"), Column("Workload"), Column("Status"), AGE)
WORKLOAD = KindRules(strategy=WorkloadStrategy(), columns=Columns((NAME, AGE), _workload_cells))
POD_GROUP = KindRules(
    strategy=SpecStrategy(),
    subresources={"status": StatusStrategy()},
    columns=Columns(_GROUP_COLUMNS, _pod_group_cells),
)
COMPOSITE_POD_GROUP = KindRules(strategy=SpecStrategy(), subresources={"status": StatusStrategy()})
