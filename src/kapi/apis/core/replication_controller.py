"""ReplicationController: defaults, validation, strategy and Table."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import names
from kapi.apimachinery.intstr import nonnegative_members
from kapi.apis.core.pod_defaults import default_pod_spec
from kapi.apis.core.pod_validation import validate_pod_template_spec
from kapi.apis.core.pod_warnings import warn_about_pod_template
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = [
    "COLUMNS",
    "ReplicationControllerStatusStrategy",
    "ReplicationControllerStrategy",
    "default_replication_controller",
    "template_cells",
]

_V1 = "io.k8s.api.core.v1"


def default_replication_controller(obj: JSONObject) -> None:
    """Selector and labels come from the template's labels."""
    spec = obj.setdefault("spec", {})
    template = spec.get("template")
    if template is not None:
        labels = (template.get("metadata") or {}).get("labels")
        if labels:
            if not spec.get("selector"):
                spec["selector"] = dict(labels)
            if not obj["metadata"].get("labels"):
                obj["metadata"]["labels"] = dict(labels)
        default_pod_spec(template.setdefault("spec", {}))
    if spec.get("replicas") is None:
        spec["replicas"] = 1


class ReplicationControllerStrategy(Strategy):
    """Replication controllers."""

    metadata_rules = (CHANGE,)
    has_generation: ClassVar[bool] = True
    delete_returns_object: ClassVar[bool] = True
    default_propagation: ClassVar[str] = "orphan"
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """A new controller has no replicas yet."""
        obj["status"] = {"replicas": 0}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Validate the specification."""
        _validate_spec(obj["spec"], errors, None)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Everything may change, within the same rules."""
        _validate_spec(obj["spec"], errors, old["spec"].get("template"))

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Warn of names that make surprising host names, and of the template."""
        messages = names.dns1123_label(obj["metadata"].get("name", ""))
        if messages:
            context.warn(
                "metadata.name: this is used in Pod names and hostnames, which can result in "
                f"surprising behavior; a DNS label is recommended: [{' '.join(messages)}]"
            )
        warn_about_pod_template(context, obj["spec"].get("template") or {}, "spec.template")

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Warn of the template when the specification changed."""
        if obj["metadata"].get("generation") != old["metadata"].get("generation"):
            warn_about_pod_template(context, obj["spec"].get("template") or {}, "spec.template")

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """The number of replicas."""
        return {"status.replicas": str((obj.get("status") or {}).get("replicas") or 0)}


def _validate_spec(spec: JSONObject, errors: ErrorList, old_template: JSONObject | None) -> None:
    nonnegative_members(spec, "spec", ("minReadySeconds",), errors)
    selector = spec.get("selector")
    if not selector:
        errors.required("spec.selector")
    nonnegative_members(spec, "spec", ("replicas",), errors)
    template = spec.get("template")
    if template is None:
        errors.required("spec.template")
        return
    labels = (template.get("metadata") or {}).get("labels") or {}
    if selector and any(labels.get(key) != value for key, value in selector.items()):
        errors.invalid(
            "spec.template.metadata.labels",
            {key: labels[key] for key in sorted(labels)} or None,
            "`selector` does not match template `labels`",
        )
    validate_pod_template_spec(template, "spec.template", errors, old=old_template)
    pod = template.get("spec") or {}
    if pod.get("restartPolicy") != "Always":
        errors.not_supported(
            "spec.template.spec.restartPolicy", pod.get("restartPolicy", ""), ("Always",)
        )
    if pod.get("activeDeadlineSeconds") is not None:
        errors.forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            "activeDeadlineSeconds in ReplicationController is not Supported",
        )


class ReplicationControllerStatusStrategy(ReplicationControllerStrategy):
    """``replicationcontrollers/status``."""

    has_generation: ClassVar[bool] = False
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The counts fit together."""
        status = obj.get("status") or {}
        counts = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
        nonnegative_members(status, "status", ("replicas", *counts, "observedGeneration"), errors)
        replicas = status.get("replicas") or 0
        for name in counts:
            if (status.get(name) or 0) > replicas:
                errors.invalid(
                    f"status.{name}", status[name], "cannot be greater than status.replicas"
                )
        if (status.get("availableReplicas") or 0) > (status.get("readyReplicas") or 0):
            errors.invalid(
                "status.availableReplicas",
                status["availableReplicas"],
                "cannot be greater than readyReplicas",
            )

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """A status warns of nothing."""


def template_cells(template: JSONObject | None) -> tuple[str, str]:
    """Names and images of a template's containers."""
    containers = ((template or {}).get("spec") or {}).get("containers") or ()
    return (
        ",".join(container.get("name", "") for container in containers),
        ",".join(container.get("image", "") for container in containers),
    )


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata = obj["metadata"]
    spec = obj.get("spec") or {}
    status = obj.get("status") or {}
    selector = spec.get("selector") or {}
    return [
        metadata.get("name", ""),
        spec.get("replicas") or 0,
        status.get("replicas") or 0,
        status.get("readyReplicas") or 0,
        age(metadata.get("creationTimestamp"), now),
        *template_cells(spec.get("template")),
        ",".join(f"{key}={selector[key]}" for key in sorted(selector)) or "<none>",
    ]


COLUMNS = Columns(
    (
        NAME,
        Column("Desired", "integer", describes=f"{_V1}.ReplicationControllerSpec.replicas"),
        Column("Current", "integer", describes=f"{_V1}.ReplicationControllerStatus.replicas"),
        Column("Ready", "integer", describes=f"{_V1}.ReplicationControllerStatus.readyReplicas"),
        AGE,
        Column("Containers", priority=1, description="Names of each container in the template."),
        Column(
            "Images",
            priority=1,
            description="Images referenced by each container in the template.",
        ),
        Column("Selector", priority=1, describes=f"{_V1}.ReplicationControllerSpec.selector"),
    ),
    _cells,
)
