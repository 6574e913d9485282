"""What may change in a Pod: images, the deadline, more tolerations, fewer scheduling gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.core.pod_diff import pod_spec_diff
from kapi.apis.core.pod_go_structs import NODE_SELECTOR_TERM
from kapi.apis.core.pod_validation import validate_pod
from kapi.apis.core.pod_validation_annotations import validate_pod_annotation_updates
from kapi.apis.core.pod_validation_scheduling import validate_tolerations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_pod_update"]

_MAX_INT32 = 2**31 - 1
_MUTABLE_FIELDS = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def validate_pod_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Validate a changed Pod as such and against the stored one."""
    spec, old_spec = obj["spec"], old["spec"]
    validate_pod(obj, errors, old=old)
    annotations = obj["metadata"].get("annotations") or {}
    old_annotations = old["metadata"].get("annotations") or {}
    if annotations != old_annotations:
        validate_pod_annotation_updates(
            annotations, old_annotations, "metadata.annotations", errors
        )
    if spec == old_spec:
        return
    for kind in ("containers", "initContainers"):
        if not _validate_container_updates(spec, old_spec, kind, errors):
            return
    if not _validate_deadline(spec, old_spec, errors):
        return
    _validate_added_tolerations(
        spec.get("tolerations") or (), old_spec.get("tolerations") or (), errors
    )
    _validate_removed_gates(
        spec.get("schedulingGates") or (), old_spec.get("schedulingGates") or (), errors
    )
    munged = _without_allowed_changes(spec, old_spec)
    if old_spec.get("schedulingGates"):
        _allow_narrower_placement(munged, old_spec, errors)
    if munged != old_spec:
        errors.forbidden(
            "spec",
            f"pod updates may not change fields other than {_MUTABLE_FIELDS}\n"
            f"{pod_spec_diff(old_spec, munged)}",
        )


def _validate_container_updates(
    spec: JSONObject, old_spec: JSONObject, kind: str, errors: ErrorList
) -> bool:
    """Judge the images; False when containers came or went and nothing else can be compared."""
    containers = spec.get(kind) or ()
    if len(containers) != len(old_spec.get(kind) or ()):
        errors.forbidden(f"spec.{kind}", "pod updates may not add or remove containers")
        return False
    for index, container in enumerate(containers):
        image = container.get("image", "")
        where = f"spec.{kind}[{index}].image"
        if not image:
            errors.required(where)
        elif image != image.strip():
            errors.invalid(where, image, "must not have leading or trailing whitespace")
    return True


def _validate_deadline(spec: JSONObject, old_spec: JSONObject, errors: ErrorList) -> bool:
    """The deadline may be set and come nearer; False ends the comparison."""
    new = spec.get("activeDeadlineSeconds")
    old = old_spec.get("activeDeadlineSeconds")
    where = "spec.activeDeadlineSeconds"
    if new is None:
        if old is not None:
            errors.invalid(where, None, "must not update from a positive integer to nil value")
        return True
    if not 0 <= new <= _MAX_INT32:
        errors.invalid(where, new, f"must be between 0 and {_MAX_INT32}, inclusive")
        return False
    if old is not None and old < new:
        errors.invalid(where, new, "must be less than or equal to previous value")
        return False
    return True


def _validate_added_tolerations(
    new: Sequence[JSONObject], old: Sequence[JSONObject], errors: ErrorList
) -> None:
    if list(new) == list(old):
        if new:
            validate_tolerations(new, "spec.tolerations", errors)
        return
    kept = [_without_seconds(toleration) for toleration in new]
    if any(_without_seconds(toleration) not in kept for toleration in old):
        errors.forbidden(
            "spec.tolerations",
            "existing toleration can not be modified except its tolerationSeconds",
        )
        return
    validate_tolerations(new, "spec.tolerations", errors)


def _without_seconds(toleration: JSONObject) -> JSONObject:
    return {name: value for name, value in toleration.items() if name != "tolerationSeconds"}


def _validate_removed_gates(
    new: Sequence[JSONObject], old: Sequence[JSONObject], errors: ErrorList
) -> None:
    known = {gate.get("name") for gate in old}
    positions = {gate.get("name", ""): index for index, gate in enumerate(new)}
    for name, index in positions.items():
        if name not in known:
            errors.forbidden(
                f"spec.schedulingGates[{index}].name",
                f"only deletion is allowed, but found new scheduling gate '{name}'",
            )


def _take(munged: JSONObject, old_spec: JSONObject, name: str) -> None:
    """Set a member back to what it was, so that it counts as unchanged."""
    if name in old_spec:
        munged[name] = old_spec[name]
    else:
        munged.pop(name, None)


def _without_allowed_changes(spec: JSONObject, old_spec: JSONObject) -> JSONObject:
    """The new spec with everything that may change set back."""
    munged = dict(spec)
    for kind in ("containers", "initContainers"):
        if spec.get(kind):
            munged[kind] = [
                {**container, "image": old["image"]} if "image" in old else container
                for container, old in zip(spec[kind], old_spec[kind], strict=True)
            ]
    for name in ("activeDeadlineSeconds", "tolerations", "schedulingGates"):
        _take(munged, old_spec, name)
    old_grace = old_spec.get("terminationGracePeriodSeconds")
    if old_grace is not None and old_grace < 0 and spec.get("terminationGracePeriodSeconds") == 1:
        munged["terminationGracePeriodSeconds"] = old_grace
    return munged


def _allow_narrower_placement(munged: JSONObject, old_spec: JSONObject, errors: ErrorList) -> None:
    """While a pod is gated, its node selector and required node affinity may become narrower."""
    selector = munged.get("nodeSelector") or {}
    old_selector = old_spec.get("nodeSelector") or {}
    if selector != old_selector:
        if any(selector.get(key) != value for key, value in old_selector.items()):
            errors.invalid(
                "spec.nodeSelector",
                {key: selector[key] for key in sorted(selector)} or None,
                "only additions to spec.nodeSelector are allowed (no mutations or deletions)",
            )
        _take(munged, old_spec, "nodeSelector")
    affinity = munged.get("affinity")
    old_affinity = old_spec.get("affinity")
    node = (affinity or {}).get("nodeAffinity")
    old_node = (old_affinity or {}).get("nodeAffinity")
    if node == old_node:
        return
    if old_node is not None:
        _validate_node_affinity_change(node or {}, old_node, errors)
    restored = dict(affinity or {})
    _take(restored, old_affinity or {}, "nodeAffinity")
    if restored or old_affinity is not None:
        munged["affinity"] = restored
    else:
        munged.pop("affinity", None)


def _validate_node_affinity_change(node: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    where = f"spec.affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms"
    old_terms = (old.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    terms = (node.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    if not old_terms:
        return
    if len(terms) != len(old_terms):
        errors.invalid(
            where,
            [NODE_SELECTOR_TERM.show(term) for term in terms] or None,
            "no additions/deletions to non-empty NodeSelectorTerms list are allowed",
        )
        return
    for index, (term, old_term) in enumerate(zip(terms, old_terms, strict=True)):
        if not _only_adds(term, old_term):
            errors.invalid(
                f"{where}[{index}]",
                NODE_SELECTOR_TERM.show(term),
                "only additions are allowed (no mutations or deletions)",
            )


def _only_adds(term: JSONObject, old: JSONObject) -> bool:
    members = ("matchExpressions", "matchFields")
    if not any(old.get(name) for name in members):
        # A term without requirements matches nothing; adding one would widen it.
        return not any(term.get(name) for name in members)
    return all(
        (term.get(name) or [])[: len(old.get(name) or ())] == (old.get(name) or [])
        for name in members
    )
