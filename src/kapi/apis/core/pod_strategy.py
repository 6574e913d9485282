"""Pod: the rules of the main resource and of its status, ephemeralcontainers and resize."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apis.core.pod_resources import qos_class
from kapi.apis.core.pod_selectors import merge_match_label_keys
from kapi.apis.core.pod_validation import validate_pod
from kapi.apis.core.pod_validation_annotations import (
    APP_ARMOR_PREFIX,
    MIRROR_POD,
    app_armor_profile,
    validate_pod_annotation_updates,
)
from kapi.apis.core.pod_validation_ephemeral import validate_ephemeral_container_updates
from kapi.apis.core.pod_validation_os import containers_with_path
from kapi.apis.core.pod_validation_resize import keep_only_resize, validate_pod_resize
from kapi.apis.core.pod_validation_security import is_app_armor_profile
from kapi.apis.core.pod_validation_status import validate_pod_status_update
from kapi.apis.core.pod_validation_update import validate_pod_update
from kapi.apis.core.pod_warnings import warn_about_pod
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = [
    "SELECTABLE_FIELDS",
    "PodBindingStrategy",
    "PodEphemeralContainersStrategy",
    "PodResizeStrategy",
    "PodStatusStrategy",
    "PodStrategy",
]

SELECTABLE_FIELDS = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
)
# What a write of these subresources takes of the new metadata besides managedFields.
_IDENTITY = ("name", "namespace", "resourceVersion", "uid", "managedFields")


class PodStrategy(Strategy):
    """Pods."""

    has_generation: ClassVar[bool] = True
    delete_returns_object: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """A new pod is pending; its quality of service class is fixed now."""
        spec = obj["spec"]
        status: JSONObject = {"phase": "Pending"}
        if spec.get("schedulingGates"):
            status["conditions"] = [
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "lastProbeTime": None,
                    "lastTransitionTime": context.now,
                    "reason": "SchedulingGated",
                    "message": "Scheduling is blocked due to non-empty scheduling gates",
                }
            ]
        status["qosClass"] = qos_class(spec)
        obj["status"] = status
        merge_match_label_keys(spec, obj["metadata"].get("labels") or {})
        annotations = obj["metadata"].get("annotations")
        if annotations:
            _app_armor_from_annotations(context, spec, annotations)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """A pod as such, and what only a new one may not have."""
        validate_pod(obj, errors)
        spec = obj["spec"]
        if spec.get("ephemeralContainers"):
            errors.forbidden("spec.ephemeralContainers", "cannot be set on create")
        if spec.get("schedulingGates") and spec.get("nodeName"):
            errors.forbidden(
                "spec.nodeName", "cannot be set until all schedulingGates have been cleared"
            )

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Warn of what people write into pods; updates come from programs mostly."""
        warn_about_pod(context, obj)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Little of a pod may change."""
        validate_pod_update(obj, old, errors)

    def grace_period_seconds(self, obj: JSONObject, requested: int | None) -> int | None:
        """Zero for a pod without a node or whose containers have all ended."""
        spec = obj["spec"]
        phase = (obj.get("status") or {}).get("phase")
        if not spec.get("nodeName") or phase in ("Failed", "Succeeded"):
            return 0
        seconds = requested
        if seconds is None:
            seconds = spec.get("terminationGracePeriodSeconds") or 0
        return 1 if seconds < 0 else seconds

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """Node, phase and the other fields that field selectors know."""
        spec = obj.get("spec") or {}
        status = obj.get("status") or {}
        addresses = status.get("podIPs")
        return {
            "spec.nodeName": spec.get("nodeName", ""),
            "spec.restartPolicy": spec.get("restartPolicy", ""),
            "spec.schedulerName": spec.get("schedulerName", ""),
            "spec.serviceAccountName": spec.get("serviceAccountName", ""),
            "spec.hostNetwork": "true" if spec.get("hostNetwork") else "false",
            "status.phase": status.get("phase", ""),
            "status.podIP": addresses[0].get("ip", "") if addresses else "",
            "status.nominatedNodeName": status.get("nominatedNodeName", ""),
        }


def _app_armor_from_annotations(
    context: RequestContext, spec: JSONObject, annotations: dict[str, str]
) -> None:
    """Set the AppArmor fields that only the older annotations name."""
    if (spec.get("os") or {}).get("name") == "windows":
        return
    pod_profile = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container, _ in containers_with_path(spec, ""):
        key = APP_ARMOR_PREFIX + container.get("name", "")
        own = (container.get("securityContext") or {}).get("appArmorProfile")
        if key not in annotations or own is not None:
            continue
        context.warn(
            f"metadata.annotations[{key}]: deprecated since v1.30; "
            'use the "appArmorProfile" field instead'
        )
        profile = app_armor_profile(annotations[key])
        if profile is not None and is_app_armor_profile(profile) and profile != pod_profile:
            container.setdefault("securityContext", {})["appArmorProfile"] = profile


class PodStatusStrategy(PodStrategy):
    """``pods/status``, where kubelets and schedulers report."""

    metadata_rules = (CHANGE,)
    has_generation: ClassVar[bool] = False
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
    # Old kubelets send broken owner references.
    reset_metadata: ClassVar[tuple[str, ...]] = ("ownerReferences",)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Keep what reporters that do not know it leave out."""
        status = obj.get("status")
        if status is None:
            status = obj["status"] = {}
        old_status = old.get("status") or {}
        if not status.get("qosClass") and old_status.get("qosClass"):
            status["qosClass"] = old_status["qosClass"]
        if not status.get("observedGeneration") and old_status.get("observedGeneration"):
            status["observedGeneration"] = old_status["observedGeneration"]
        observed = {
            condition.get("type"): condition["observedGeneration"]
            for condition in old_status.get("conditions") or ()
            if condition.get("observedGeneration")
        }
        if observed:
            for condition in status.get("conditions") or ():
                if not condition.get("observedGeneration") and condition.get("type") in observed:
                    condition["observedGeneration"] = observed[condition["type"]]

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Judge the status alone."""
        validate_pod_status_update(obj, old, errors)


def _keep_all_but(obj: JSONObject, old: JSONObject, spec: JSONObject) -> None:
    """Make ``obj`` the stored pod with another spec."""
    metadata = obj["metadata"]
    own = {name: metadata[name] for name in _IDENTITY if name in metadata}
    metadata.clear()
    metadata.update(old["metadata"])
    metadata.pop("managedFields", None)
    metadata.update(own)
    obj["spec"] = spec


class PodEphemeralContainersStrategy(PodStrategy):
    """``pods/ephemeralcontainers``, which adds debugging containers."""

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Take the ephemeral containers and nothing else."""
        spec = dict(old["spec"])
        containers = obj["spec"].get("ephemeralContainers")
        if containers:
            spec["ephemeralContainers"] = containers
        else:
            spec.pop("ephemeralContainers", None)
        _keep_all_but(obj, old, spec)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Containers may be added, not changed or removed."""
        if MIRROR_POD in (old["metadata"].get("annotations") or {}):
            errors.clear()
            errors.forbidden("", "static pods do not support ephemeral containers")
            return
        validate_pod(obj, errors, old=old)
        validate_ephemeral_container_updates(obj["spec"], old["spec"], errors)


class PodResizeStrategy(PodStrategy):
    """``pods/resize``, which changes cpu and memory of running containers."""

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Take resources and resize policies and nothing else."""
        _keep_all_but(obj, old, keep_only_resize(obj["spec"], old["spec"]))

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Only cpu and memory, within the quality of service class."""
        validate_pod_resize(obj, old, errors)


class PodBindingStrategy(PodStrategy):
    """``pods/binding``: the binding was judged, and it is no change of the specification."""

    has_generation: ClassVar[bool] = False
    reset_fields: ClassVar[tuple[str, ...]] = ()

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """A pod that has its node waits for none any more."""
        if (obj.get("status") or {}).get("nominatedNodeName"):
            obj["status"] = {
                name: value for name, value in obj["status"].items() if name != "nominatedNodeName"
            }

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The annotations that a binding brings stay within the rules of pods."""
        validate_pod_annotation_updates(
            obj["metadata"].get("annotations") or {},
            old["metadata"].get("annotations") or {},
            "metadata.annotations",
            errors,
        )
