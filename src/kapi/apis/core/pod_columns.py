"""The Pod's Table: Ready, Status and Restarts as kubectl users know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.registry.duration import age, human_duration, parse_time
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["POD", "pod_conditions"]

_V1 = "io.k8s.api.core.v1"
_NONE = "<none>"


class _State(NamedTuple):
    """What the containers say together."""

    reason: str
    ready: int
    restarts: int
    last_restart: float


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata = obj["metadata"]
    spec = obj.get("spec") or {}
    status = obj.get("status") or {}
    init_containers = spec.get("initContainers") or ()
    sidecars = {
        container.get("name")
        for container in init_containers
        if container.get("restartPolicy") == "Always"
    }
    state = _state(status, sidecars, len(init_containers))
    reason = state.reason
    if "deletionTimestamp" in metadata:
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif status.get("phase") not in ("Failed", "Succeeded"):
            reason = "Terminating"
    restarts = str(state.restarts)
    if state.restarts and state.last_restart:
        restarts = f"{restarts} ({human_duration(now - state.last_restart)} ago)"
    addresses = status.get("podIPs")
    return [
        metadata.get("name", ""),
        f"{state.ready}/{len(spec.get('containers') or ()) + len(sidecars)}",
        reason,
        restarts,
        age(metadata.get("creationTimestamp"), now),
        (addresses[0].get("ip") if addresses else "") or _NONE,
        spec.get("nodeName") or _NONE,
        status.get("nominatedNodeName") or _NONE,
        _readiness_gates(spec, status),
    ]


def _readiness_gates(spec: JSONObject, status: JSONObject) -> str:
    gates = spec.get("readinessGates")
    if not gates:
        return _NONE
    states = {
        condition.get("type"): condition.get("status")
        for condition in status.get("conditions") or ()
    }
    met = sum(states.get(gate.get("conditionType")) == "True" for gate in gates)
    return f"{met}/{len(gates)}"


def _condition_is_true(status: JSONObject, kind: str) -> bool:
    return any(
        condition.get("type") == kind and condition.get("status") == "True"
        for condition in status.get("conditions") or ()
    )


def _ended(container: JSONObject, latest: float) -> float:
    """When the container's previous run ended, if that is later than ``latest``."""
    terminated = (container.get("lastState") or {}).get("terminated")
    finished = terminated.get("finishedAt") if terminated else None
    return max(latest, parse_time(finished)) if finished else latest


def _exit_text(terminated: JSONObject) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _state(status: JSONObject, sidecars: set[str], init_total: int) -> _State:
    reason = status.get("reason") or status.get("phase") or ""
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    ready, restarts, sidecar_restarts = 0, 0, 0
    last_restart, last_sidecar_restart = 0.0, 0.0
    initializing = ""
    for index, container in enumerate(status.get("initContainerStatuses") or ()):
        is_sidecar = container.get("name") in sidecars
        restarts += container.get("restartCount", 0)
        last_restart = _ended(container, last_restart)
        if is_sidecar:
            sidecar_restarts += container.get("restartCount", 0)
            last_sidecar_restart = _ended(container, last_sidecar_restart)
        current = container.get("state") or {}
        terminated = current.get("terminated")
        if terminated is not None and not terminated.get("exitCode"):
            continue
        if is_sidecar and container.get("started"):
            ready += bool(container.get("ready"))
            continue
        initializing = _initializing_text(current, index, init_total)
        break
    if initializing and not _condition_is_true(status, "Initialized"):
        return _State(initializing, ready, restarts, last_restart)
    state = _State(initializing or reason, ready, sidecar_restarts, last_sidecar_restart)
    return _regular_state(status, state)


def _initializing_text(current: JSONObject, index: int, total: int) -> str:
    terminated = current.get("terminated")
    if terminated is not None:
        return f"Init:{_exit_text(terminated)}"
    waiting = (current.get("waiting") or {}).get("reason")
    if waiting and waiting != "PodInitializing":
        return f"Init:{waiting}"
    return f"Init:{index}/{total}"


def _regular_state(status: JSONObject, state: _State) -> _State:
    reason, ready, restarts, last_restart = state
    running = False
    for container in reversed(status.get("containerStatuses") or ()):
        restarts += container.get("restartCount", 0)
        last_restart = _ended(container, last_restart)
        current = container.get("state") or {}
        waiting = (current.get("waiting") or {}).get("reason")
        if waiting:
            reason = waiting
        elif current.get("terminated") is not None:
            reason = _exit_text(current["terminated"])
        elif container.get("ready") and current.get("running") is not None:
            running = True
            ready += 1
    if reason == "Completed" and running:
        # One container ended well and another still runs.
        reason = "Running" if _condition_is_true(status, "Ready") else "NotReady"
    return _State(reason, ready, restarts, last_restart)


def pod_conditions(obj: JSONObject) -> list[JSONObject]:
    """The row's condition ``Completed`` of a pod that ended."""
    phase = (obj.get("status") or {}).get("phase")
    if phase == "Succeeded":
        message = "The pod has completed successfully."
    elif phase == "Failed":
        message = "The pod failed."
    else:
        return []
    return [{"type": "Completed", "status": "True", "reason": phase, "message": message}]


POD = Columns(
    (
        NAME,
        Column(
            "Ready",
            description="The aggregate readiness state of this pod for accepting traffic.",
        ),
        Column("Status", description="The aggregate status of the containers in this pod."),
        Column(
            "Restarts",
            description="The number of times the containers in this pod have been restarted and "
            "when the last container in this pod has restarted.",
        ),
        AGE,
        Column("IP", priority=1, describes=f"{_V1}.PodStatus.podIP"),
        Column("Node", priority=1, describes=f"{_V1}.PodSpec.nodeName"),
        Column("Nominated Node", priority=1, describes=f"{_V1}.PodStatus.nominatedNodeName"),
        Column("Readiness Gates", priority=1, describes=f"{_V1}.PodSpec.readinessGates"),
    ),
    _cells,
    pod_conditions,
)
