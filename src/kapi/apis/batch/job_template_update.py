"""What may change in the pod template of a Job that does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.core.pod_diff import show_pod_spec, show_pod_template

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["validate_template_update"]

# Resources of a suspended job became changeable, and a job that was stopped counts as one that
# was never started, with this minor version.
_STOPPED_JOBS_MINOR = 36
_SCHEDULING_MEMBERS = ("nodeSelector", "tolerations", "schedulingGates")


def validate_template_update(
    context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
) -> None:
    """Refuse a changed template, apart from what a suspended job may still change."""
    template, old_template = obj["spec"]["template"], old["spec"]["template"]
    if template == old_template:
        return
    stopped = context.minor >= _STOPPED_JOBS_MINOR and _is_stopped(old)
    if old["spec"].get("suspend") and (_never_started(old) or stopped):
        old_template = _with_scheduling(old_template, template)
        if context.minor >= _STOPPED_JOBS_MINOR:
            _validate_resources_only(template["spec"], old_template, errors)
            return
    if template != old_template:
        errors.invalid("spec.template", show_pod_template(template), "field is immutable")


def _never_started(job: JSONObject) -> bool:
    return (job.get("status") or {}).get("startTime") is None


def _is_stopped(job: JSONObject) -> bool:
    """Whether the controller has seen the suspension and no pod is left."""
    status: JSONObject = job.get("status") or {}
    return not status.get("active") and any(
        condition.get("type") == "Suspended" and condition.get("status") == "True"
        for condition in status.get("conditions") or ()
    )


def _take(target: JSONObject, source: JSONObject, members: tuple[str, ...]) -> None:
    for member in members:
        if source.get(member) is None:
            target.pop(member, None)
        else:
            target[member] = source[member]


def _with_scheduling(old_template: JSONObject, template: JSONObject) -> JSONObject:
    """The old template with the new labels, annotations and scheduling members."""
    meta: JSONObject = dict(old_template.get("metadata") or {})
    _take(meta, template.get("metadata") or {}, ("labels", "annotations"))
    pod: JSONObject = dict(old_template["spec"])
    _take(pod, template["spec"], _SCHEDULING_MEMBERS)
    affinity: JSONObject = dict(pod.get("affinity") or {})
    new_affinity = template["spec"].get("affinity")
    _take(affinity, new_affinity or {}, ("nodeAffinity",))
    if affinity or new_affinity is not None:
        pod["affinity"] = affinity
    else:
        pod.pop("affinity", None)
    return {**old_template, "metadata": meta, "spec": pod}


def _validate_resources_only(pod: JSONObject, old_template: JSONObject, errors: ErrorList) -> None:
    """Refuse a pod that differs in more than the resources of its containers."""
    old_pod: JSONObject = dict(old_template["spec"])
    for member in ("containers", "initContainers"):
        old_containers, containers = old_pod.get(member) or (), pod.get(member) or ()
        if containers and len(old_containers) == len(containers):
            old_pod[member] = [
                _with_resources_of(old, new)
                for old, new in zip(old_containers, containers, strict=True)
            ]
    if pod != old_pod:
        errors.invalid("spec.template.spec", show_pod_spec(pod), "field is immutable")


def _with_resources_of(old: JSONObject, new: JSONObject) -> JSONObject:
    container = dict(old)
    if old.get("name") != new.get("name"):
        return container
    _take(container, new, ("resources",))
    return container
