"""Validation that every owner of a pod template shares: its selector, and pods that run always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.labels import selector_from_label_selector
from kapi.apimachinery.metav1 import validate_label_selector
from kapi.apis.core.pod_validation import validate_pod_template_spec

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "in_order",
    "selects_labels",
    "validate_always_running",
    "validate_read_only_disks",
    "validate_replicated_template",
    "validate_selector",
    "validate_selector_unchanged",
    "validate_template_labels",
]


_EXPRESSION = ("key", "operator", "values")


def in_order(selector: JSONObject | None) -> JSONObject | None:
    """A label selector as messages show it: members as declared, labels sorted."""
    if selector is None:
        return None
    shown: JSONObject = {}
    if selector.get("matchLabels"):
        shown["matchLabels"] = dict(sorted(selector["matchLabels"].items()))
    if selector.get("matchExpressions"):
        shown["matchExpressions"] = [
            {member: expression[member] for member in _EXPRESSION if member in expression}
            for expression in selector["matchExpressions"]
        ]
    return shown


def validate_selector_unchanged(spec: JSONObject, old_spec: JSONObject, errors: ErrorList) -> None:
    """The selector of a workload stays as it is, so that its pods stay its own."""
    selector = spec.get("selector")
    if selector != old_spec.get("selector"):
        errors.invalid("spec.selector", in_order(selector), "field is immutable")


def selects_labels(selector: JSONObject | None, labels: JSONObject | None) -> bool:
    """Whether a valid label selector selects these labels; an absent one selects nothing."""
    if selector is None:
        return False
    if not selector.get("matchExpressions"):
        labels = labels or {}
        return all(
            labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items()
        )
    return selector_from_label_selector(selector).matches(labels or {})


def validate_selector(
    selector: JSONObject | None, path: str, errors: ErrorList, *, empty: str
) -> bool:
    """Check ``spec.selector``, with the text for an empty one; whether it can be evaluated."""
    if selector is None:
        errors.required(path)
        return True
    found = len(errors)
    validate_label_selector(selector, path, errors)
    usable = len(errors) == found
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        errors.invalid(path, in_order(selector), empty)
    return usable


def validate_template_labels(
    selector: JSONObject | None, template: JSONObject, path: str, errors: ErrorList
) -> None:
    """The selector of a workload must select the pods of its template."""
    labels = (template.get("metadata") or {}).get("labels")
    if not selects_labels(selector, labels):
        errors.invalid(
            f"{path}.metadata.labels",
            dict(sorted(labels.items())) if labels is not None else None,
            "`selector` does not match template `labels`",
        )


def validate_replicated_template(
    spec: JSONObject, old_spec: JSONObject | None, path: str, errors: ErrorList
) -> None:
    """The template of a Deployment, ReplicaSet or ReplicationController with a usable selector."""
    template: JSONObject = spec.get("template") or {}
    template_path = f"{path}.template"
    old_template = old_spec.get("template") if old_spec else None
    validate_template_labels(spec.get("selector"), template, template_path, errors)
    validate_pod_template_spec(template, template_path, errors, old=old_template)
    if (spec.get("replicas") or 0) > 1:
        validate_read_only_disks(template, old_template, f"{template_path}.spec.volumes", errors)
    validate_always_running(template, template_path, errors, owner="ReplicaSet")


def validate_always_running(
    template: JSONObject, path: str, errors: ErrorList, *, owner: str
) -> None:
    """Pods that are replaced when they end restart always and have no deadline."""
    pod: JSONObject = template.get("spec") or {}
    if pod.get("restartPolicy") != "Always":
        errors.not_supported(
            f"{path}.spec.restartPolicy", pod.get("restartPolicy", ""), ("Always",)
        )
    if pod.get("activeDeadlineSeconds") is not None:
        errors.forbidden(
            f"{path}.spec.activeDeadlineSeconds",
            f"activeDeadlineSeconds in {owner} is not Supported",
        )


def validate_read_only_disks(
    template: JSONObject, old_template: JSONObject | None, path: str, errors: ErrorList
) -> None:
    """A GCE disk that many pods mount must be read-only; templates stored before are let be."""
    if old_template and any(_writable_disks(old_template)):
        return
    for index, writable in enumerate(_writable_disks(template)):
        if writable:
            errors.invalid(
                f"{path}[{index}].gcePersistentDisk.readOnly",
                False,
                "must be true for replicated pods > 1; GCE PD can only be mounted on multiple "
                "machines if it is read-only",
            )


def _writable_disks(template: JSONObject) -> list[bool]:
    volumes = (template.get("spec") or {}).get("volumes") or ()
    return [
        disk is not None and not disk.get("readOnly")
        for disk in (volume.get("gcePersistentDisk") for volume in volumes)
    ]
