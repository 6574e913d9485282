"""Strategies of the ``apps`` kinds and of their status subresources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apis.apps.daemon_set_validation import validate_daemon_set, validate_daemon_set_status
from kapi.apis.apps.defaults import TEMPLATE_GENERATION
from kapi.apis.apps.stateful_set_validation import (
    validate_stateful_set,
    validate_stateful_set_status,
)
from kapi.apis.apps.validation import (
    validate_controller_revision,
    validate_deployment,
    validate_deployment_status,
    validate_replica_set,
    validate_replica_set_status,
)
from kapi.apis.apps.warnings import content_changed, warn_about_name
from kapi.apis.core.pod_warnings import warn_about_pod_template
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = [
    "ControllerRevisionStrategy",
    "DaemonSetStatusStrategy",
    "DaemonSetStrategy",
    "DeploymentStatusStrategy",
    "DeploymentStrategy",
    "ReplicaSetStatusStrategy",
    "ReplicaSetStrategy",
    "StatefulSetStatusStrategy",
    "StatefulSetStrategy",
]


class _WorkloadStrategy(Strategy):
    """What the kinds with a pod template in ``spec.template`` have in common."""

    has_generation = True
    reset_fields = ("status",)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Point out unwise members of the template."""
        warn_about_pod_template(context, obj["spec"]["template"], "spec.template")

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Point out unwise members of the template."""
        if content_changed(obj, old):
            warn_about_pod_template(context, obj["spec"]["template"], "spec.template")


class DeploymentStrategy(_WorkloadStrategy):
    """Deployment; its generation also counts changes of annotations."""

    metadata_rules = (CHANGE,)
    generation_fields = ("spec", "metadata.annotations")

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start with an empty status."""
        obj["status"] = {}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check the spec."""
        validate_deployment(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the spec and that the selector stays."""
        validate_deployment(obj, errors, old)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Point out a name that is no host name, and unwise members of the template."""
        warn_about_name(context, obj)
        super().warnings_on_create(context, obj)


class DeploymentStatusStrategy(Strategy):
    """Status of a Deployment; labels stay as they are."""

    metadata_rules = (CHANGE,)
    reset_fields = ("spec",)
    reset_metadata = ("labels",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the status."""
        validate_deployment_status(obj, old, errors)


class ReplicaSetStrategy(_WorkloadStrategy):
    """ReplicaSet."""

    metadata_rules = (CHANGE,)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start with no replicas."""
        obj["status"] = {"replicas": 0}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check the spec."""
        validate_replica_set(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the spec and that the selector stays."""
        validate_replica_set(obj, errors, old)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Point out a name that is no host name, and unwise members of the template."""
        warn_about_name(context, obj)
        super().warnings_on_create(context, obj)


class ReplicaSetStatusStrategy(Strategy):
    """Status of a ReplicaSet."""

    metadata_rules = (CHANGE,)
    reset_fields = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the status."""
        validate_replica_set_status(obj, old, errors)


class StatefulSetStrategy(_WorkloadStrategy):
    """StatefulSet; its name becomes the host name of its pods."""

    metadata_rules = (CHANGE,)

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """A DNS label."""
        return names.dns1123_label(name, prefix=prefix)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start with no replicas."""
        obj["status"] = {"replicas": 0, "availableReplicas": 0}
        _drop_max_unavailable(obj, None)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Drop what this server does not support, unless it is stored already."""
        _drop_max_unavailable(obj, old)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check the spec."""
        validate_stateful_set(obj, errors, context.minor)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the spec and that only some of its members changed."""
        validate_stateful_set(obj, errors, context.minor, old)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Point out unwise members."""
        super().warnings_on_create(context, obj)
        _warn_about_history(context, obj)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Point out unwise members."""
        super().warnings_on_update(context, obj, old)
        _warn_about_history(context, obj)


def _warn_about_history(context: RequestContext, obj: JSONObject) -> None:
    if (obj["spec"].get("revisionHistoryLimit") or 0) < 0:
        context.warn(
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; "
            "a value >= 0 is recommended"
        )


def _drop_max_unavailable(obj: JSONObject, old: JSONObject | None) -> None:
    """``maxUnavailable`` belongs to a feature that is off by default; a stored one stays."""
    rolling = _rolling_update(obj)
    if "maxUnavailable" in rolling and "maxUnavailable" not in _rolling_update(old or {}):
        del rolling["maxUnavailable"]


def _rolling_update(obj: JSONObject) -> JSONObject:
    strategy = (obj.get("spec") or {}).get("updateStrategy") or {}
    return strategy.get("rollingUpdate") or {}


class StatefulSetStatusStrategy(Strategy):
    """Status of a StatefulSet."""

    metadata_rules = (CHANGE,)
    reset_fields = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the status."""
        validate_stateful_set_status(obj, old, errors)


class DaemonSetStrategy(_WorkloadStrategy):
    """DaemonSet; counts the changes of its template in an annotation."""

    metadata_rules = (CHANGE,)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start with the first template and with an empty status."""
        obj["status"] = {
            "currentNumberScheduled": 0,
            "numberMisscheduled": 0,
            "desiredNumberScheduled": 0,
            "numberReady": 0,
        }
        _set_template_generation(obj, 1)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Count a changed template, whatever the client says."""
        changed = obj["spec"].get("template") != old["spec"].get("template")
        _set_template_generation(obj, _template_generation(old) + changed)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check the spec."""
        validate_daemon_set(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the spec and that the selector stays."""
        validate_daemon_set(obj, errors, old)


def _template_generation(obj: JSONObject) -> int:
    return int((obj["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "0"))


def _set_template_generation(obj: JSONObject, generation: int) -> None:
    meta: JSONObject = obj["metadata"]
    # The maps of a decoded object may be shared with its older state.
    meta["annotations"] = {
        **(meta.get("annotations") or {}),
        TEMPLATE_GENERATION: str(generation),
    }


class DaemonSetStatusStrategy(Strategy):
    """Status of a DaemonSet."""

    metadata_rules = (CHANGE,)
    reset_fields = ("spec",)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """The template's generation is part of the spec, not of the status."""
        _set_template_generation(obj, _template_generation(old))

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the status."""
        validate_daemon_set_status(obj, old, errors)


class ControllerRevisionStrategy(Strategy):
    """ControllerRevision: a snapshot that stays as it is."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check revision and data."""
        validate_controller_revision(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check that data stays."""
        validate_controller_revision(obj, errors, old)
