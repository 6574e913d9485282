"""Default values of the ``apps/v1`` kinds, as their field documentation states them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest
from kapi.apimachinery.field import quote
from kapi.apis.core.pod_defaults import default_pod_spec

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "TEMPLATE_GENERATION",
    "default_daemon_set",
    "default_deployment",
    "default_replica_set",
    "default_stateful_set",
]

# Counts the templates that a DaemonSet had; kept by the server.
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"

_is_integer = re.compile(r"[+-]?[0-9]+").fullmatch

_REVISION_HISTORY_LIMIT = 10
_PROGRESS_DEADLINE_SECONDS = 600
_ROLLING_SHARE = "25%"


def _spec_with_template(obj: JSONObject) -> JSONObject:
    """The spec, after the defaults of its pod template."""
    spec: JSONObject = obj.setdefault("spec", {})
    template = spec.setdefault("template", {})
    default_pod_spec(template.setdefault("spec", {}))
    return spec


def default_deployment(obj: JSONObject) -> None:
    """One replica, rolling update by a quarter, ten revisions, ten minutes to progress."""
    spec = _spec_with_template(obj)
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    strategy: JSONObject = spec.setdefault("strategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.get("rollingUpdate")
        if rolling is None:
            rolling = strategy["rollingUpdate"] = {}
        if rolling.get("maxUnavailable") is None:
            rolling["maxUnavailable"] = _ROLLING_SHARE
        if rolling.get("maxSurge") is None:
            rolling["maxSurge"] = _ROLLING_SHARE
    if spec.get("revisionHistoryLimit") is None:
        spec["revisionHistoryLimit"] = _REVISION_HISTORY_LIMIT
    if spec.get("progressDeadlineSeconds") is None:
        spec["progressDeadlineSeconds"] = _PROGRESS_DEADLINE_SECONDS


def default_replica_set(obj: JSONObject) -> None:
    """One replica."""
    spec = _spec_with_template(obj)
    if spec.get("replicas") is None:
        spec["replicas"] = 1


def default_daemon_set(obj: JSONObject) -> None:
    """Rolling update of one node at a time, ten revisions, and the count of its templates."""
    spec = _spec_with_template(obj)
    _default_template_generation(obj)
    strategy: JSONObject = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.get("rollingUpdate")
        if rolling is None:
            rolling = strategy["rollingUpdate"] = {}
        if rolling.get("maxUnavailable") is None:
            rolling["maxUnavailable"] = 1
        if rolling.get("maxSurge") is None:
            rolling["maxSurge"] = 0
    if spec.get("revisionHistoryLimit") is None:
        spec["revisionHistoryLimit"] = _REVISION_HISTORY_LIMIT


def _default_template_generation(obj: JSONObject) -> None:
    """Every DaemonSet has the annotation, also one that a client sends without."""
    meta: JSONObject = obj.setdefault("metadata", {})
    annotations = meta.get("annotations") or {}
    text = annotations.get(TEMPLATE_GENERATION)
    if text is None:
        meta["annotations"] = {**annotations, TEMPLATE_GENERATION: "0"}
    elif not _is_integer(text):
        raise BadRequest(
            'DaemonSet in version "v1" cannot be handled as a DaemonSet: '
            f"strconv.ParseInt: parsing {quote(text)}: invalid syntax"
        )


def default_stateful_set(obj: JSONObject) -> None:
    """Ordered pods, rolling update, claims retained, one replica, ten revisions.

    ``rollingUpdate.partition`` is only filled in when the whole strategy is left to the server,
    or when the client gave ``rollingUpdate`` itself.
    """
    spec = _spec_with_template(obj)
    if not spec.get("podManagementPolicy"):
        spec["podManagementPolicy"] = "OrderedReady"
    strategy: JSONObject = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        if strategy.get("rollingUpdate") is None:
            strategy["rollingUpdate"] = {}
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] == "RollingUpdate" and rolling is not None:
        rolling.setdefault("partition", 0)
    retention: JSONObject | None = spec.get("persistentVolumeClaimRetentionPolicy")
    if retention is None:
        retention = spec["persistentVolumeClaimRetentionPolicy"] = {}
    for when in ("whenDeleted", "whenScaled"):
        if not retention.get(when):
            retention[when] = "Retain"
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    if spec.get("revisionHistoryLimit") is None:
        spec["revisionHistoryLimit"] = _REVISION_HISTORY_LIMIT
    for claim in spec.get("volumeClaimTemplates") or ():
        _default_claim_template(claim)


def _default_claim_template(claim: JSONObject) -> None:
    """A claim template is written like a claim of its own, kind and phase included."""
    claim["apiVersion"] = "v1"
    claim["kind"] = "PersistentVolumeClaim"
    claim_spec: JSONObject = claim.setdefault("spec", {})
    if not claim_spec.get("volumeMode"):
        claim_spec["volumeMode"] = "Filesystem"
    status: JSONObject = claim.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"
