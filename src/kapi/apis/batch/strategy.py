"""Strategies of the ``batch`` kinds and of their status subresources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.apps.warnings import content_changed, warn_about_name
from kapi.apis.batch.cron_job_validation import validate_cron_job
from kapi.apis.batch.job_status_validation import validate_job_status
from kapi.apis.batch.job_validation import validate_job, validate_job_update
from kapi.apis.core.pod_warnings import warn_about_pod_template
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["CronJobStatusStrategy", "CronJobStrategy", "JobStatusStrategy", "JobStrategy"]

# Beyond both the controller may lose track of the indexes that failed.
_COMPLETIONS_SOFT_LIMIT = 100_000
_PARALLELISM_SOFT_LIMIT = 10_000


class JobStrategy(Strategy):
    """Job; selects its pods by a label with its own uid."""

    has_generation = True
    delete_returns_object = True
    default_propagation = "orphan"
    reset_fields = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start with an empty status; generate the selector and the labels of the pods."""
        obj["status"] = {}
        if not obj["spec"].get("manualSelector"):
            _generate_selector(obj)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check the generated selector and the spec."""
        validate_job(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the spec and that most of it stays."""
        validate_job(obj, errors, old)
        validate_job_update(context, obj, old, errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Point out a name that is no host name, and unwise members of the spec."""
        warn_about_name(context, obj)
        _warn_about_spec(context, obj["spec"], "spec")

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Point out unwise members of the spec."""
        if content_changed(obj, old):
            _warn_about_spec(context, obj["spec"], "spec")

    def warnings_on_delete(self, context: RequestContext) -> None:
        """Orphaning is a default that other kinds do not have."""
        context.warn(
            "child pods are preserved by default when jobs are deleted; set "
            "propagationPolicy=Background to remove them or set propagationPolicy=Orphan to "
            "suppress this warning"
        )

    def canonicalize(self, obj: JSONObject) -> None:
        """A job without labels has those of its template, generated ones included."""
        labels = (obj["spec"]["template"].get("metadata") or {}).get("labels")
        if labels and not obj["metadata"].get("labels"):
            obj["metadata"]["labels"] = dict(labels)

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """Jobs are selectable by the number of pods that succeeded."""
        return {"status.successful": str((obj.get("status") or {}).get("succeeded", 0))}


def _generate_selector(obj: JSONObject) -> None:
    """Label the pods with name and uid of the job and select them by the uid.

    Labels that the client gave stay; validation refuses them when they do not fit.
    """
    meta, spec = obj["metadata"], obj["spec"]
    template_meta = spec["template"].get("metadata") or {}
    given = template_meta.get("labels")
    name, uid = meta.get("name", ""), meta.get("uid", "")
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
        **(given or {}),
    }
    spec["template"]["metadata"] = {**template_meta, "labels": labels}
    if given and meta.get("labels") is given:
        meta["labels"] = dict(labels)
    selector = spec.get("selector") or {}
    match_labels = {
        "batch.kubernetes.io/controller-uid": uid,
        **(selector.get("matchLabels") or {}),
    }
    spec["selector"] = {**selector, "matchLabels": match_labels}


def _warn_about_spec(context: RequestContext, spec: JSONObject, path: str) -> None:
    """More indexes than can be tracked, and the template."""
    if (
        spec.get("completionMode") == "Indexed"
        and (spec.get("completions") or 0) > _COMPLETIONS_SOFT_LIMIT
        and (spec.get("parallelism") or 0) > _PARALLELISM_SOFT_LIMIT
    ):
        context.warn(
            f"{path}: In Indexed Jobs with a number of completions higher than 10^5 and a "
            "parallelism higher than 10^4, Kubernetes might not be able to track "
            "completedIndexes when a big number of indexes fail"
        )
    warn_about_pod_template(context, spec["template"], f"{path}.template")


class JobStatusStrategy(Strategy):
    """Status of a Job: a finished job stays finished."""

    metadata_rules = (CHANGE,)
    reset_fields = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the status and its change."""
        validate_job_status(obj, old, errors)


class CronJobStrategy(Strategy):
    """CronJob."""

    metadata_rules = (CHANGE,)
    has_generation = True
    reset_fields = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start with an empty status."""
        obj["status"] = {}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check the spec and the length of the name."""
        validate_cron_job(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the spec."""
        validate_cron_job(obj, errors, old)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Point out a name that is no host name, and unwise members of the spec."""
        warn_about_name(context, obj)
        _warn_about_schedule(context, obj["spec"])

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Point out unwise members of the spec."""
        if content_changed(obj, old):
            _warn_about_schedule(context, obj["spec"])


def _warn_about_schedule(context: RequestContext, spec: JSONObject) -> None:
    _warn_about_spec(context, spec["jobTemplate"]["spec"], "spec.jobTemplate.spec")
    if "TZ" in spec.get("schedule", ""):
        context.warn(
            "CRON_TZ or TZ used in spec.schedule is not officially supported, see "
            "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ "
            "for more details"
        )


class CronJobStatusStrategy(Strategy):
    """Status of a CronJob."""

    metadata_rules = ()
    reset_fields = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Any status is fine."""
