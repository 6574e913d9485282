"""Validation of the spec of a Job, new, changed, or inside a CronJob."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.intstr import nonnegative_members
from kapi.apimachinery.metav1 import (
    validate_domain_prefixed_path,
    validate_immutable_field,
    validate_label_selector,
)
from kapi.apis.apps.template_validation import (
    in_order,
    selects_labels,
    validate_selector_unchanged,
    validate_template_labels,
)
from kapi.apis.batch.job_policy_validation import (
    FAILURE_POLICY,
    SUCCESS_POLICY,
    validate_failure_policy,
    validate_success_policy,
)
from kapi.apis.batch.job_template_update import validate_template_update
from kapi.apis.core.pod_validation import validate_pod_template_spec

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["validate_job", "validate_job_spec", "validate_job_update"]

_MAX_INDEXED_PARALLELISM = 100_000
_MAX_FAILED_INDEXES = 100_000
# Above this many completions the limits below hold, so that the status stays small enough.
_HIGH_COMPLETIONS = 100_000
_HIGH_COMPLETIONS_LIMIT = 10_000
_MAX_MANAGED_BY_BYTES = 63


def validate_job(obj: JSONObject, errors: ErrorList, old: JSONObject | None = None) -> None:
    """Check the generated selector and the spec of a job."""
    spec: JSONObject = obj["spec"]
    if not spec.get("manualSelector") and spec.get("selector") is not None:
        _validate_generated_selector(obj, errors)
    _validate_selected_spec(spec, errors, old["spec"] if old is not None else None)


def _validate_selected_spec(
    spec: JSONObject, errors: ErrorList, old_spec: JSONObject | None
) -> None:
    validate_job_spec(spec, "spec", errors, old_spec)
    selector = spec.get("selector")
    found = len(errors)
    if selector is None:
        errors.required("spec.selector")
    else:
        validate_label_selector(selector, "spec.selector", errors)
    if selector is None or len(errors) == found:
        validate_template_labels(selector, spec.get("template") or {}, "spec.template", errors)


def _validate_generated_selector(obj: JSONObject, errors: ErrorList) -> None:
    """Generated labels stand in the template, and the selector selects by nothing else."""
    uid, name = obj["metadata"].get("uid", ""), obj["metadata"].get("name", "")
    labels = (obj["spec"]["template"].get("metadata") or {}).get("labels") or {}
    expected = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    for key, value in expected.items():
        path = f"spec.template.metadata.labels[{key}]"
        if key not in labels:
            errors.required(path, f"must be '{value}'")
        elif labels[key] != value:
            errors.invalid(path, dict(sorted(labels.items())), f"must be '{value}'")
    selector = obj["spec"]["selector"]
    usable = ErrorList()
    validate_label_selector(selector, "spec.selector", usable)
    if not usable and not selects_labels(selector, expected):
        errors.invalid("spec.selector", in_order(selector), "`selector` not auto-generated")


def validate_job_spec(
    spec: JSONObject, path: str, errors: ErrorList, old_spec: JSONObject | None = None
) -> None:
    """Check everything but the selector, which the spec inside a CronJob does not have."""
    counts = (
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    )
    nonnegative_members(spec, path, counts, errors)
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        errors.required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    managed_by = spec.get("managedBy")
    if managed_by is not None:
        managed_by_path = f"{path}.managedBy"
        validate_domain_prefixed_path(managed_by, managed_by_path, errors)
        if len(managed_by.encode()) > _MAX_MANAGED_BY_BYTES:
            errors.too_long(managed_by_path, _MAX_MANAGED_BY_BYTES)
    _validate_completion_mode(spec, path, errors)
    _validate_policies(spec, path, errors)
    template: JSONObject = spec.get("template") or {}
    old_template = old_spec.get("template") if old_spec else None
    validate_pod_template_spec(template, f"{path}.template", errors, old=old_template)
    _validate_restart_policy(spec, template, f"{path}.template.spec.restartPolicy", errors)


def _validate_completion_mode(spec: JSONObject, path: str, errors: ErrorList) -> None:
    mode = spec.get("completionMode")
    if mode is not None and mode not in ("NonIndexed", "Indexed"):
        errors.not_supported(f"{path}.completionMode", mode, ("NonIndexed", "Indexed"))
    if mode == "Indexed":
        _validate_indexed(spec, path, errors)
    elif mode in (None, "NonIndexed"):
        for member in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.get(member) is not None:
                errors.invalid(f"{path}.{member}", spec[member], "requires indexed completion mode")


def _validate_indexed(spec: JSONObject, path: str, errors: ErrorList) -> None:
    completions, failed = spec.get("completions"), spec.get("maxFailedIndexes")
    parallelism = spec.get("parallelism") or 0
    if completions is None:
        errors.required(f"{path}.completions", "when completion mode is Indexed")
    if parallelism > _MAX_INDEXED_PARALLELISM:
        errors.invalid(
            f"{path}.parallelism",
            parallelism,
            f"must be less than or equal to {_MAX_INDEXED_PARALLELISM} "
            "when completion mode is Indexed",
        )
    failed_path = f"{path}.maxFailedIndexes"
    if completions is not None and failed is not None and failed > completions:
        errors.invalid(failed_path, failed, "must be less than or equal to completions")
    if failed is not None and failed > _MAX_FAILED_INDEXES:
        errors.invalid(failed_path, failed, f"must be less than or equal to {_MAX_FAILED_INDEXES}")
    if (
        completions is not None
        and completions > _HIGH_COMPLETIONS
        and spec.get("backoffLimitPerIndex") is not None
    ):
        _validate_high_completions(spec, path, errors)


def _validate_high_completions(spec: JSONObject, path: str, errors: ErrorList) -> None:
    limit = (
        f"must be less than or equal to {_HIGH_COMPLETIONS_LIMIT} when completions are above "
        f"{_HIGH_COMPLETIONS} and used with backoff limit per index"
    )
    if spec.get("maxFailedIndexes") is None:
        errors.required(
            f"{path}.maxFailedIndexes",
            f"must be specified when completions is above {_HIGH_COMPLETIONS}",
        )
    for member in ("parallelism", "maxFailedIndexes"):
        value = spec.get(member)
        if value is not None and value > _HIGH_COMPLETIONS_LIMIT:
            errors.invalid(f"{path}.{member}", value, limit)


def _validate_policies(spec: JSONObject, path: str, errors: ErrorList) -> None:
    failure_policy, success_policy = spec.get("podFailurePolicy"), spec.get("successPolicy")
    if failure_policy is not None:
        validate_failure_policy(failure_policy, spec, f"{path}.podFailurePolicy", errors)
    if success_policy is not None:
        if spec.get("completionMode") == "Indexed":
            validate_success_policy(success_policy, spec, f"{path}.successPolicy", errors)
        else:
            errors.invalid(
                f"{path}.successPolicy",
                SUCCESS_POLICY.show(success_policy),
                "requires indexed completion mode",
            )
    replacement = spec.get("podReplacementPolicy")
    if replacement is not None:
        supported: tuple[str, ...] = ("Failed", "TerminatingOrFailed")
        if failure_policy is not None:
            supported = ("Failed",)
        if replacement not in supported:
            errors.not_supported(f"{path}.podReplacementPolicy", replacement, supported)


def _validate_restart_policy(
    spec: JSONObject, template: JSONObject, path: str, errors: ErrorList
) -> None:
    """Always is what an unset policy defaults to, so it counts as unset."""
    policy = (template.get("spec") or {}).get("restartPolicy")
    if policy in (None, "", "Always"):
        errors.required(path, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        errors.not_supported(path, policy, ("OnFailure", "Never"))
    elif policy != "Never" and spec.get("podFailurePolicy") is not None:
        errors.invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')


def validate_job_update(
    context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
) -> None:
    """Check the spec once more, as clients know it, and refuse changes of what is fixed."""
    spec, old_spec = obj["spec"], old["spec"]
    _validate_selected_spec(spec, errors, old_spec)
    _validate_completions_update(spec, old_spec, errors)
    validate_selector_unchanged(spec, old_spec, errors)
    validate_template_update(context, obj, old, errors)
    validate_immutable_field(spec, old_spec, "completionMode", "spec", errors)
    if spec.get("podFailurePolicy") != old_spec.get("podFailurePolicy"):
        errors.invalid(
            "spec.podFailurePolicy",
            FAILURE_POLICY.show_pointer(spec.get("podFailurePolicy")),
            "field is immutable",
        )
    for member in ("backoffLimitPerIndex", "managedBy"):
        validate_immutable_field(spec, old_spec, member, "spec", errors)
    if spec.get("successPolicy") != old_spec.get("successPolicy"):
        errors.invalid(
            "spec.successPolicy",
            SUCCESS_POLICY.show_pointer(spec.get("successPolicy")),
            "field is immutable",
        )


def _validate_completions_update(spec: JSONObject, old_spec: JSONObject, errors: ErrorList) -> None:
    """Only an indexed job may be resized, as long as all its indexes run at once."""
    if spec.get("completionMode") != "Indexed":
        validate_immutable_field(spec, old_spec, "completions", "spec", errors)
        return
    completions = spec.get("completions")
    if completions == old_spec.get("completions") or completions is None:
        return
    if completions != spec.get("parallelism"):
        errors.invalid(
            "spec.completions",
            completions,
            "can only be modified in tandem with spec.parallelism",
        )
