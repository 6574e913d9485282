"""What a pod asks for as a whole: the sum of its containers, and its quality of service class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.quantity import Quantity, parse

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "container_limits",
    "container_requests",
    "default_pod_resources",
    "is_pod_level_resource",
    "pod_limits",
    "pod_requests",
    "qos_class",
]

Amounts = dict[str, Quantity]
_QOS_RESOURCES = ("cpu", "memory")


def is_pod_level_resource(name: str) -> bool:
    """Whether a resource may be given for the pod as a whole."""
    return name in _QOS_RESOURCES or name.startswith("hugepages-")


def container_requests(spec: JSONObject) -> Amounts:
    """The requests of all containers together."""
    return _aggregate(spec, "requests")


def container_limits(spec: JSONObject) -> Amounts:
    """The limits of all containers together."""
    return _aggregate(spec, "limits")


def _amounts(container: JSONObject, kind: str) -> Amounts:
    resources = container.get("resources")
    listed = resources.get(kind) if resources else None
    return {name: parse(text) for name, text in listed.items()} if listed else {}


def _add(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def _raise(total: Amounts, floor: Amounts) -> None:
    for name, amount in floor.items():
        if name not in total or amount > total[name]:
            total[name] = amount


def _aggregate(spec: JSONObject, kind: str) -> Amounts:
    """The sum of the containers; init containers run one after the other, beside their sidecars."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _amounts(container, kind))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        amounts = _amounts(container, kind)
        if container.get("restartPolicy") == "Always":
            _add(total, amounts)
            _add(sidecars, amounts)
            amounts = dict(sidecars)
        else:
            _add(amounts, sidecars)
        _raise(peak, amounts)
    _raise(total, peak)
    return total


def default_pod_resources(spec: JSONObject) -> None:
    """Fill huge page limits and the requests of the pod as a whole from its containers."""
    resources = spec["resources"]
    limits = resources.get("limits") or {}
    for name, amount in container_limits(spec).items():
        if name.startswith("hugepages-") and name not in limits:
            limits[name] = str(amount)
    if not limits:
        return
    resources["limits"] = limits
    requests = resources.get("requests") or {}
    for name, amount in container_requests(spec).items():
        if name in _QOS_RESOURCES and name not in requests:
            requests[name] = str(amount)
    for name, text in limits.items():
        if name not in requests and is_pod_level_resource(name):
            requests[name] = text
    if requests:
        resources["requests"] = requests


def qos_class(spec: JSONObject) -> str:
    """The quality of service class of a pod: Guaranteed, Burstable or BestEffort."""
    whole = spec.get("resources")
    if whole is not None:
        guaranteed, asks = _qos(whole)
    else:
        guaranteed, asks = True, False
        for kind in ("containers", "initContainers"):
            for container in spec.get(kind) or ():
                own_guaranteed, own_asks = _qos(container.get("resources") or {})
                guaranteed = guaranteed and own_guaranteed
                asks = asks or own_asks
    if not asks:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _qos(resources: JSONObject) -> tuple[bool, bool]:
    """Whether cpu and memory are limited to what is asked for, and whether any is."""
    requests = resources.get("requests") or {}
    limits = resources.get("limits") or {}
    guaranteed, asks = True, False
    for name in _QOS_RESOURCES:
        # Amounts are canonical text, so nothing is always "0".
        request, limit = requests.get(name, "0"), limits.get(name, "0")
        if request[0] == "-" or limit[0] == "-":  # as good as nothing; validation refuses it
            request, limit = _not_negative(request), _not_negative(limit)
        if request == "0" and limit == "0":
            guaranteed = False
            continue
        asks = True
        if limit == "0" or (request != limit and parse(request) != parse(limit)):
            guaranteed = False
    return guaranteed, asks


def _not_negative(amount: str) -> str:
    return "0" if amount[0] == "-" else amount


def pod_requests(spec: JSONObject) -> Amounts:
    """What the pod as a whole requests: of its own or by its containers, and its overhead."""
    total = container_requests(spec)
    total.update(_whole(spec, "requests"))
    _add(total, {name: parse(text) for name, text in (spec.get("overhead") or {}).items()})
    return total


def pod_limits(spec: JSONObject) -> Amounts:
    """The limits of the pod as a whole; overhead counts where there is a limit."""
    total = container_limits(spec)
    total.update(_whole(spec, "limits"))
    for name, text in (spec.get("overhead") or {}).items():
        if name in total:
            total[name] += parse(text)
    return total


def _whole(spec: JSONObject, kind: str) -> Amounts:
    amounts = _amounts(spec, kind) if spec.get("resources") else {}
    return {name: amount for name, amount in amounts.items() if is_pod_level_resource(name)}
