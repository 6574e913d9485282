"""Validation of StatefulSet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.gostruct import GoStruct, pointer_to
from kapi.apimachinery.intstr import (
    int_or_percent_value,
    nonnegative_members,
    nonnegative_or_percent,
    not_more_than_100_percent,
)
from kapi.apimachinery.metav1 import validate_annotations, validate_labels
from kapi.apis.apps.template_validation import (
    in_order,
    validate_always_running,
    validate_selector,
    validate_template_labels,
)
from kapi.apis.apps.validation import validate_not_decremented
from kapi.apis.core.persistent_volume_claim_validation import validate_claim_spec
from kapi.apis.core.pod_validation import validate_pod_template_spec

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_stateful_set", "validate_stateful_set_status"]

_ROLLING_UPDATE = GoStruct(
    partition=("Partition", 0, None), maxUnavailable=("MaxUnavailable", None, None)
)
_UPDATE_STRATEGY = GoStruct(
    type=("Type", "", None), rollingUpdate=pointer_to("RollingUpdate", _ROLLING_UPDATE)
)
# The first minor version that checks the templates of pods and claims.
_TEMPLATES_MINOR = 34
_MUTABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
_CHANGE_REFUSED = (
    "updates to statefulset spec for fields other than "
    + ", ".join(f"'{name}'" for name in _MUTABLE[:-1])
    + f" and '{_MUTABLE[-1]}' are forbidden"
)


def validate_stateful_set(
    obj: JSONObject, errors: ErrorList, minor: int, old: JSONObject | None = None
) -> None:
    """Check the spec; with ``old``, also that only some members changed."""
    spec: JSONObject = obj.get("spec") or {}
    old_spec: JSONObject | None = (old.get("spec") or {}) if old is not None else None
    _validate_policies(spec, errors)
    if old_spec is None and minor >= _TEMPLATES_MINOR:
        for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
            path = f"spec.volumeClaimTemplates[{index}].spec"
            validate_claim_spec(claim.get("spec") or {}, path, errors)
    nonnegative_members(spec, "spec", ("replicas", "minReadySeconds"), errors)
    nonnegative_members(spec.get("ordinals") or {}, "spec.ordinals", ("start",), errors)
    service_name = spec.get("serviceName")
    if old_spec is None and service_name:
        errors.invalid_each("spec.serviceName", service_name, names.dns1123_label(service_name))
    _validate_template(spec, old_spec, minor, errors)
    if old_spec is not None and _immutable_part(spec) != _immutable_part(old_spec):
        errors.forbidden("spec", _CHANGE_REFUSED)


def _immutable_part(spec: JSONObject) -> JSONObject:
    return {member: value for member, value in spec.items() if member not in _MUTABLE}


def _validate_policies(spec: JSONObject, errors: ErrorList) -> None:
    management = spec.get("podManagementPolicy")
    if not management:
        errors.required("spec.podManagementPolicy")
    elif management not in ("OrderedReady", "Parallel"):
        errors.invalid(
            "spec.podManagementPolicy", management, "must be 'OrderedReady' or 'Parallel'"
        )
    _validate_update_strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy", errors)
    retention: JSONObject = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for when in ("whenDeleted", "whenScaled"):
        if when in retention and retention[when] not in ("Retain", "Delete"):
            errors.not_supported(
                f"spec.persistentVolumeClaimRetentionPolicy.{when}",
                retention[when],
                ("Retain", "Delete"),
            )


def _validate_update_strategy(strategy: JSONObject, path: str, errors: ErrorList) -> None:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if not kind:
        errors.required(path)
    elif kind == "OnDelete":
        if rolling is not None:
            errors.invalid(
                f"{path}.rollingUpdate",
                _ROLLING_UPDATE.show(rolling),
                "only allowed for updateStrategy 'RollingUpdate'",
            )
    elif kind == "RollingUpdate":
        if rolling is not None:
            _validate_rolling_update(rolling, f"{path}.rollingUpdate", errors)
    else:
        errors.invalid(
            path, _UPDATE_STRATEGY.show(strategy), "must be 'RollingUpdate' or 'OnDelete'"
        )


def _validate_rolling_update(rolling: JSONObject, path: str, errors: ErrorList) -> None:
    nonnegative_members(rolling, path, ("partition",), errors)
    unavailable = rolling.get("maxUnavailable")
    if unavailable is not None:
        unavailable_path = f"{path}.maxUnavailable"
        nonnegative_or_percent(unavailable, unavailable_path, errors)
        if int_or_percent_value(unavailable) == 0:
            errors.invalid(unavailable_path, unavailable, "cannot be 0")
        not_more_than_100_percent(unavailable, unavailable_path, errors)


def _validate_template(
    spec: JSONObject, old_spec: JSONObject | None, minor: int, errors: ErrorList
) -> None:
    selector, template = spec.get("selector"), spec.get("template") or {}
    usable = validate_selector(
        selector, "spec.selector", errors, empty="empty selector is invalid for statefulset"
    )
    if not usable:
        errors.invalid("spec.selector", in_order(selector), "")
    else:
        validate_template_labels(selector, template, "spec.template", errors)
        if minor >= _TEMPLATES_MINOR:
            errors.extend(_template_errors(spec, old_spec))
        # What is wrong with the metadata of the template is told once more.
        meta: JSONObject = template.get("metadata") or {}
        validate_labels(meta.get("labels"), "spec.template.labels", errors)
        validate_annotations(meta.get("annotations"), "spec.template.annotations", errors)
    validate_always_running(template, "spec.template", errors, owner="StatefulSet")


def _template_errors(spec: JSONObject, old_spec: JSONObject | None) -> ErrorList:
    """What is wrong with the template; a template that was wrong already may stay so."""
    errors = ErrorList()
    old_template = old_spec.get("template") if old_spec else None
    validate_pod_template_spec(_with_claims(spec), "spec.template", errors, old=old_template)
    if errors and old_spec is not None:
        old_errors = ErrorList()
        validate_pod_template_spec(_with_claims(old_spec), "spec.template", old_errors)
        if old_errors:
            return ErrorList()
    return errors


def _with_claims(spec: JSONObject) -> JSONObject:
    """The template with the volumes that its pods get for the claims made for them."""
    template: JSONObject = spec.get("template") or {}
    claims = {
        (claim.get("metadata") or {}).get("name", "")
        for claim in spec.get("volumeClaimTemplates") or ()
    }
    if not claims:
        return template
    pod: JSONObject = template.get("spec") or {}
    volumes = [v for v in pod.get("volumes") or () if v.get("name") not in claims]
    volumes += [
        {"name": name, "persistentVolumeClaim": {"claimName": name}} for name in sorted(claims)
    ]
    return {**template, "spec": {**pod, "volumes": volumes}}


def validate_stateful_set_status(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Counters are not negative, no part exceeds the whole, collisions are not forgotten."""
    status: JSONObject = obj.get("status") or {}
    counters = (
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    )
    nonnegative_members(status, "status", counters, errors)
    replicas = status.get("replicas", 0)
    for part in ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"):
        if status.get(part, 0) > replicas:
            errors.invalid(
                f"status.{part}", status.get(part, 0), "cannot be greater than status.replicas"
            )
    available = status.get("availableReplicas", 0)
    if available > status.get("readyReplicas", 0):
        errors.invalid(
            "status.availableReplicas", available, "cannot be greater than status.readyReplicas"
        )
    validate_not_decremented(status, old.get("status") or {}, "collisionCount", errors)
