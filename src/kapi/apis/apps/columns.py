"""Table columns of the ``apps`` kinds, and the container columns that every workload shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.labels import format_label_selector
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = [
    "CONTAINERS",
    "CONTROLLER_REVISION",
    "DAEMON_SET",
    "DEPLOYMENT",
    "IMAGES",
    "REPLICA_SET",
    "STATEFUL_SET",
    "container_cells",
    "format_map",
]

_APPS = "io.k8s.api.apps.v1"

CONTAINERS = Column(
    "Containers", priority=1, description="Names of each container in the template."
)
IMAGES = Column(
    "Images", priority=1, description="Images referenced by each container in the template."
)
_READY = Column("Ready", description="Number of the pod with ready state")


def container_cells(template: JSONObject) -> list[JSONValue]:
    """The names and the images of a template's containers, each joined by commas."""
    containers = (template.get("spec") or {}).get("containers") or ()
    return [
        ",".join(container.get("name", "") for container in containers),
        ",".join(container.get("image", "") for container in containers),
    ]


def format_map(labels: JSONObject | None) -> str:
    """A map as ``a=1,b=2``, ``<none>`` when it is empty."""
    if not labels:
        return "<none>"
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels))


def _deployment_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    return [
        meta.get("name", ""),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas') or 0}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(meta.get("creationTimestamp"), now),
        *container_cells(spec.get("template") or {}),
        format_label_selector(spec.get("selector")),
    ]


DEPLOYMENT = Columns(
    (
        NAME,
        _READY,
        Column("Up-to-date", describes=f"{_APPS}.DeploymentStatus.updatedReplicas"),
        Column("Available", describes=f"{_APPS}.DeploymentStatus.availableReplicas"),
        AGE,
        CONTAINERS,
        IMAGES,
        Column("Selector", priority=1, describes=f"{_APPS}.DeploymentSpec.selector"),
    ),
    _deployment_cells,
)


def _replica_set_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    return [
        meta.get("name", ""),
        spec.get("replicas") or 0,
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age(meta.get("creationTimestamp"), now),
        *container_cells(spec.get("template") or {}),
        format_label_selector(spec.get("selector")),
    ]


REPLICA_SET = Columns(
    (
        NAME,
        Column("Desired", "integer", describes=f"{_APPS}.ReplicaSetSpec.replicas"),
        Column("Current", "integer", describes=f"{_APPS}.ReplicaSetStatus.replicas"),
        Column("Ready", "integer", describes=f"{_APPS}.ReplicaSetStatus.readyReplicas"),
        AGE,
        CONTAINERS,
        IMAGES,
        Column("Selector", priority=1, describes=f"{_APPS}.ReplicaSetSpec.selector"),
    ),
    _replica_set_cells,
)


def _stateful_set_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    return [
        meta.get("name", ""),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas') or 0}",
        age(meta.get("creationTimestamp"), now),
        *container_cells(spec.get("template") or {}),
    ]


STATEFUL_SET = Columns((NAME, _READY, AGE, CONTAINERS, IMAGES), _stateful_set_cells)


def _daemon_set_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    template = spec.get("template") or {}
    return [
        meta.get("name", ""),
        status.get("desiredNumberScheduled", 0),
        status.get("currentNumberScheduled", 0),
        status.get("numberReady", 0),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        format_map((template.get("spec") or {}).get("nodeSelector")),
        age(meta.get("creationTimestamp"), now),
        *container_cells(template),
        format_label_selector(spec.get("selector")),
    ]


DAEMON_SET = Columns(
    (
        NAME,
        Column("Desired", "integer", describes=f"{_APPS}.DaemonSetStatus.desiredNumberScheduled"),
        Column("Current", "integer", describes=f"{_APPS}.DaemonSetStatus.currentNumberScheduled"),
        Column("Ready", "integer", describes=f"{_APPS}.DaemonSetStatus.numberReady"),
        Column(
            "Up-to-date", "integer", describes=f"{_APPS}.DaemonSetStatus.updatedNumberScheduled"
        ),
        Column("Available", "integer", describes=f"{_APPS}.DaemonSetStatus.numberAvailable"),
        Column("Node Selector", describes="io.k8s.api.core.v1.PodSpec.nodeSelector"),
        AGE,
        CONTAINERS,
        IMAGES,
        Column("Selector", priority=1, describes=f"{_APPS}.DaemonSetSpec.selector"),
    ),
    _daemon_set_cells,
)


def _controller_revision_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    return [
        meta.get("name", ""),
        _controller(meta),
        obj.get("revision", 0),
        age(meta.get("creationTimestamp"), now),
    ]


def _controller(meta: JSONObject) -> str:
    """The controlling owner as ``kind.group/name`` in lower case."""
    for owner in meta.get("ownerReferences") or ():
        if owner.get("controller"):
            group, slash, _ = owner.get("apiVersion", "").rpartition("/")
            kind = owner.get("kind", "").lower()
            return f"{kind}.{group}/{owner['name']}" if slash else f"{kind}/{owner['name']}"
    return "<none>"


CONTROLLER_REVISION = Columns(
    (
        NAME,
        Column("Controller", description="Controller of the object"),
        Column("Revision", describes=f"{_APPS}.ControllerRevision.revision"),
        AGE,
    ),
    _controller_revision_cells,
)
