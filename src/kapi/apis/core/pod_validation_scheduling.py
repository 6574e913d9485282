"""Where a pod may run: tolerations, topology spread constraints and scheduling gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.metav1 import validate_label_selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.apis.core.pod_validation_options import PodValidationOptions

__all__ = [
    "selector_key_counts",
    "validate_scheduling_gates",
    "validate_tolerations",
    "validate_topology_spread_constraints",
]

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_WHEN_UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")
_INCLUSION_POLICIES = ("Honor", "Ignore")


def validate_tolerations(tolerations: Iterable[JSONObject], path: str, errors: ErrorList) -> None:
    """Validate ``tolerations``."""
    for index, toleration in enumerate(tolerations):
        where = f"{path}[{index}]"
        key = toleration.get("key")
        operator = toleration.get("operator", "")
        effect = toleration.get("effect", "")
        if key:
            errors.invalid_each(f"{where}.key", key, names.qualified_name(key))
        elif operator != "Exists":
            errors.invalid(
                f"{where}.operator",
                operator,
                'operator must be Exists when `key` is empty, which means "match all values '
                'and all keys"',
            )
        if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
            errors.invalid(
                f"{where}.effect",
                effect,
                "effect must be 'NoExecute' when `tolerationSeconds` is set",
            )
        _validate_toleration_value(operator, toleration.get("value", ""), where, errors)
        if effect and effect not in _EFFECTS:
            errors.not_supported(f"{where}.effect", effect, _EFFECTS)


def _validate_toleration_value(operator: str, value: str, path: str, errors: ErrorList) -> None:
    if operator in ("", "Equal"):
        messages = names.label_value(value)
        if messages:
            errors.invalid(f"{path}.operator", value, ";".join(messages))
    elif operator == "Exists":
        if value:
            errors.invalid(
                f"{path}.operator", value, "value must be empty when `operator` is 'Exists'"
            )
    else:
        errors.not_supported(f"{path}.operator", operator, ("Equal", "Exists"))


def validate_scheduling_gates(gates: Iterable[JSONObject], path: str, errors: ErrorList) -> None:
    """Validate ``schedulingGates``."""
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        name = gate.get("name", "")
        errors.invalid_each(f"{path}[{index}]", name, names.qualified_name(name))
        if name in seen:
            errors.duplicate(f"{path}[{index}]", name)
        seen.add(name)


def validate_topology_spread_constraints(
    constraints: Sequence[JSONObject], path: str, errors: ErrorList, options: PodValidationOptions
) -> None:
    """Validate ``topologySpreadConstraints``."""
    for index, constraint in enumerate(constraints):
        where = f"{path}[{index}]"
        skew = constraint.get("maxSkew") or 0
        if skew <= 0:
            errors.invalid(f"{where}.maxSkew", skew, "must be greater than zero")
        topology_key = constraint.get("topologyKey", "")
        if not topology_key:
            errors.required(f"{where}.topologyKey", "can not be empty")
        action = constraint.get("whenUnsatisfiable", "")
        if action not in _WHEN_UNSATISFIABLE:
            errors.not_supported(f"{where}.whenUnsatisfiable", action, _WHEN_UNSATISFIABLE)
        for other in constraints[index + 1 :]:
            if (
                other.get("topologyKey", "") == topology_key
                and other.get("whenUnsatisfiable", "") == action
            ):
                errors.duplicate(
                    f"{where}.{{topologyKey, whenUnsatisfiable}}", f"{{{topology_key}, {action}}}"
                )
                break
        _validate_min_domains(constraint, where, errors)
        for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            policy = constraint.get(name)
            if policy is not None and policy not in _INCLUSION_POLICIES:
                errors.not_supported(f"{where}.{name}", policy, _INCLUSION_POLICIES)
        if constraint.get("matchLabelKeys"):
            _validate_match_label_keys(constraint, f"{where}.matchLabelKeys", errors)
        if not options.allow_invalid_spread_selector:
            validate_label_selector(
                constraint.get("labelSelector"), f"{where}.labelSelector", errors
            )


def _validate_min_domains(constraint: JSONObject, path: str, errors: ErrorList) -> None:
    domains = constraint.get("minDomains")
    if domains is None:
        return
    if domains <= 0:
        errors.invalid(f"{path}.minDomains", domains, "must be greater than zero")
    action = constraint.get("whenUnsatisfiable", "")
    if action != "DoNotSchedule":
        errors.invalid(
            f"{path}.minDomains",
            domains,
            f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}",
        )


def selector_key_counts(selector: JSONObject) -> dict[str, int]:
    """How often each key stands in a label selector.

    At creation the server adds one expression for each of ``matchLabelKeys`` that the pod has as
    a label, so a key given there may be found once and no more.
    """
    counts: dict[str, int] = {}
    for key in selector.get("matchLabels") or ():
        counts[key] = 1
    for expression in selector.get("matchExpressions") or ():
        key = expression.get("key", "")
        counts[key] = counts.get(key, 0) + 1
    return counts


def _validate_match_label_keys(constraint: JSONObject, path: str, errors: ErrorList) -> None:
    selector = constraint.get("labelSelector")
    if selector is None:
        errors.forbidden(path, "must not be specified when labelSelector is not set")
    counts = selector_key_counts(selector or {})
    for index, key in enumerate(constraint["matchLabelKeys"]):
        errors.invalid_each(f"{path}[{index}]", key, names.qualified_name(key))
        if counts.get(key, 0) > 1:
            errors.invalid(
                f"{path}[{index}]", key, "exists in both matchLabelKeys and labelSelector"
            )
