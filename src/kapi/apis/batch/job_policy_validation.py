"""Validation of a Job's policies: which failed pods and which succeeded indexes end it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.field import FieldError, quote
from kapi.apimachinery.gostruct import GoStruct, list_of, pointer_to
from kapi.apimachinery.intstr import nonnegative
from kapi.apis.batch.job_indexes import IndexesError, count_indexes

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "FAILURE_POLICY",
    "SUCCESS_POLICY",
    "validate_failure_policy",
    "validate_success_policy",
]

_EXIT_CODES = GoStruct(
    containerName=("ContainerName", None, None),
    operator=("Operator", "", None),
    values=("Values", None, None),
)
_POD_CONDITION = GoStruct(type=("Type", "", None), status=("Status", "", None))
FAILURE_POLICY = GoStruct(
    rules=list_of(
        "Rules",
        GoStruct(
            action=("Action", "", None),
            onExitCodes=pointer_to("OnExitCodes", _EXIT_CODES),
            onPodConditions=list_of("OnPodConditions", _POD_CONDITION),
        ),
    )
)
SUCCESS_POLICY = GoStruct(
    rules=list_of(
        "Rules",
        GoStruct(
            succeededIndexes=("SucceededIndexes", None, None),
            succeededCount=("SucceededCount", None, None),
        ),
    )
)

_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATUSES = ("False", "True", "Unknown")
_MAX_RULES = 20
_MAX_PATTERNS = 20
_MAX_EXIT_CODES = 255
_MAX_INDEXES_BYTES = 64 * 1024


def _valid_values(values: tuple[str, ...]) -> str:
    return f"valid values: [{' '.join(map(quote, values))}]"


def _refuse_whole(path: str, detail: str, errors: ErrorList) -> None:
    """An invalid value that is too big to be shown."""
    errors.append(FieldError("FieldValueInvalid", path, f"Invalid value: {detail}"))


def validate_failure_policy(
    policy: JSONObject, spec: JSONObject, path: str, errors: ErrorList
) -> None:
    """Check ``podFailurePolicy``."""
    rules = policy.get("rules") or ()
    rules_path = f"{path}.rules"
    if len(rules) > _MAX_RULES:
        errors.too_many(rules_path, len(rules), _MAX_RULES)
    pod = (spec.get("template") or {}).get("spec") or {}
    containers = {
        container.get("name")
        for member in ("initContainers", "containers")
        for container in pod.get(member) or ()
    }
    for index, rule in enumerate(rules):
        _validate_failure_rule(rule, spec, containers, f"{rules_path}[{index}]", errors)


def _validate_failure_rule(
    rule: JSONObject, spec: JSONObject, containers: set[str], path: str, errors: ErrorList
) -> None:
    action, action_path = rule.get("action"), f"{path}.action"
    if not action:
        errors.required(action_path, _valid_values(_ACTIONS))
    elif action not in _ACTIONS:
        errors.not_supported(action_path, action, _ACTIONS)
    elif action == "FailIndex" and spec.get("backoffLimitPerIndex") is None:
        errors.invalid(action_path, action, "requires the backoffLimitPerIndex to be set")
    exit_codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions")
    if exit_codes is not None:
        _validate_exit_codes(exit_codes, containers, f"{path}.onExitCodes", errors)
    if conditions:
        _validate_pod_conditions(conditions, f"{path}.onPodConditions", errors)
    if exit_codes is not None and conditions:
        _refuse_whole(
            path, "specifying both OnExitCodes and OnPodConditions is not supported", errors
        )
    if exit_codes is None and not conditions:
        _refuse_whole(path, "specifying one of OnExitCodes and OnPodConditions is required", errors)


def _validate_exit_codes(
    requirement: JSONObject, containers: set[str], path: str, errors: ErrorList
) -> None:
    operator, operator_path = requirement.get("operator"), f"{path}.operator"
    if not operator:
        errors.required(operator_path, _valid_values(_OPERATORS))
    elif operator not in _OPERATORS:
        errors.not_supported(operator_path, operator, _OPERATORS)
    container = requirement.get("containerName")
    if container is not None and container not in containers:
        errors.invalid(
            f"{path}.containerName",
            container,
            "must be one of the container or initContainer names in the pod template",
        )
    values, values_path = requirement.get("values") or [], f"{path}.values"
    if not values:
        errors.invalid(values_path, requirement.get("values"), "at least one value is required")
    elif len(values) > _MAX_EXIT_CODES:
        errors.too_many(values_path, len(values), _MAX_EXIT_CODES)
    seen: set[int] = set()
    for index, value in enumerate(values):
        if value == 0 and operator == "In":
            errors.invalid(f"{values_path}[{index}]", value, "must not be 0 for the In operator")
        if value in seen:
            errors.duplicate(f"{values_path}[{index}]", value)
        seen.add(value)
    if values != sorted(values):
        errors.invalid(values_path, values, "must be ordered")


def _validate_pod_conditions(patterns: list[JSONObject], path: str, errors: ErrorList) -> None:
    if len(patterns) > _MAX_PATTERNS:
        errors.too_many(path, len(patterns), _MAX_PATTERNS)
    for index, pattern in enumerate(patterns):
        kind = pattern.get("type", "")
        errors.invalid_each(f"{path}[{index}].type", kind, names.qualified_name(kind))
        status, status_path = pattern.get("status"), f"{path}[{index}].status"
        if not status:
            errors.required(status_path, _valid_values(_STATUSES))
        elif status not in _STATUSES:
            errors.not_supported(status_path, status, _STATUSES)


def validate_success_policy(
    policy: JSONObject, spec: JSONObject, path: str, errors: ErrorList
) -> None:
    """Check ``successPolicy`` of an indexed job."""
    rules, rules_path = policy.get("rules") or (), f"{path}.rules"
    if not rules:
        errors.required(
            rules_path, "at least one rules must be specified when the successPolicy is specified"
        )
    if len(rules) > _MAX_RULES:
        errors.too_many(rules_path, len(rules), _MAX_RULES)
    completions = spec.get("completions") or 0
    for index, rule in enumerate(rules):
        _validate_success_rule(rule, completions, f"{rules_path}[{index}]", errors)


def _validate_success_rule(
    rule: JSONObject, completions: int, path: str, errors: ErrorList
) -> None:
    indexes, count = rule.get("succeededIndexes"), rule.get("succeededCount")
    if indexes is None and count is None:
        errors.required(
            path, "at least one of succeededCount or succeededIndexes must be specified"
        )
    total = 0
    if indexes is not None:
        indexes_path = f"{path}.succeededIndexes"
        if len(indexes.encode()) > _MAX_INDEXES_BYTES:
            errors.too_long(indexes_path, _MAX_INDEXES_BYTES)
        try:
            total = count_indexes(indexes, completions)
        except IndexesError as error:
            errors.invalid(indexes_path, indexes, f"error parsing succeededIndexes: {error}")
    if count is not None:
        count_path = f"{path}.succeededCount"
        nonnegative(count, count_path, errors)
        if count > completions:
            errors.invalid(
                count_path,
                count,
                f"must be less than or equal to {completions} "
                "(the number of specified completions)",
            )
        if indexes is not None and count > total:
            errors.invalid(
                count_path,
                count,
                f"must be less than or equal to {total} "
                "(the number of indexes in the specified succeededIndexes field)",
            )
