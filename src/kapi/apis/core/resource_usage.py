"""What an object uses of a ResourceQuota: by kind, by count, and which scopes it is in.

Implements "Resource Quotas" of the documentation as pure functions; admission charges by them and
the quota controller counts by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.quantity import Quantity, parse
from kapi.apis.core.pod_resources import is_pod_level_resource, pod_limits, pod_requests, qos_class
from kapi.apis.core.resource_names import is_extended_resource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kapi.apimachinery.types import GroupResource, JSONObject

__all__ = [
    "Usage",
    "count_name",
    "matches_scopes",
    "missing_resources",
    "scope_expressions",
    "usage_of",
]

Usage = dict[str, Quantity]

_ONE = Quantity(1)
# Kinds that quotas also count under their plain name.
_PLAIN_COUNTS = frozenset(
    {
        "configmaps",
        "persistentvolumeclaims",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "services",
    }
)
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
# A quota on these obliges every container to say how much it wants.
_COMPULSORY = frozenset(
    {"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"}
)
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
_CLASS_SUFFIX = ".storageclass.storage.k8s.io"
_ENDED = frozenset({"Succeeded", "Failed"})
_POD_SCOPES = frozenset(
    {
        "BestEffort",
        "CrossNamespacePodAffinity",
        "NotBestEffort",
        "NotTerminating",
        "PriorityClass",
        "Terminating",
    }
)


def count_name(resource: GroupResource) -> str:
    """The name under which objects of a resource are counted."""
    return f"count/{resource}"


def usage_of(resource: GroupResource, obj: JSONObject) -> Usage:
    """All that an object uses; a quota takes of it what it limits."""
    used: Usage = {count_name(resource): _ONE}
    if resource.group:
        return used
    if resource.resource in _PLAIN_COUNTS:
        used[resource.resource] = _ONE
    if resource.resource == "pods":
        if (obj.get("status") or {}).get("phase") not in _ENDED:
            used.update(_pod_usage(obj["spec"]))
    elif resource.resource == "services":
        used.update(_service_usage(obj.get("spec") or {}))
    elif resource.resource == "persistentvolumeclaims":
        used.update(_claim_usage(obj))
    return used


def _pod_usage(spec: JSONObject) -> Usage:
    return {"pods": _ONE, **_compute_usage(pod_requests(spec), pod_limits(spec))}


def _compute_usage(requests: Mapping[str, Quantity], limits: Mapping[str, Quantity]) -> Usage:
    used: Usage = {}
    for name in _COMPUTE:
        if name in requests:
            used[name] = used[f"requests.{name}"] = requests[name]
        if name in limits:
            used[f"limits.{name}"] = limits[name]
    for name, amount in requests.items():
        if name.startswith("hugepages-"):
            used[name] = used[f"requests.{name}"] = amount
        elif is_extended_resource(name):
            used[f"requests.{name}"] = amount
    return used


def _service_usage(spec: JSONObject) -> Usage:
    kind = spec.get("type")
    ports = Quantity(len(spec.get("ports") or ()))
    if kind == "NodePort":
        return {"services.nodeports": ports}
    if kind != "LoadBalancer":
        return {}
    used: Usage = {"services.loadbalancers": _ONE}
    if spec.get("allocateLoadBalancerNodePorts") is not False:
        used["services.nodeports"] = ports
    else:
        with_port = sum(1 for port in spec.get("ports") or () if port.get("nodePort"))
        if with_port:
            used["services.nodeports"] = Quantity(with_port)
    return used


def _claim_usage(claim: JSONObject) -> Usage:
    spec = claim.get("spec") or {}
    annotations = claim["metadata"].get("annotations") or {}
    storage_class = annotations.get(_CLASS_ANNOTATION) or spec.get("storageClassName") or ""
    used: Usage = {}
    if storage_class:
        used[f"{storage_class}{_CLASS_SUFFIX}/persistentvolumeclaims"] = _ONE
    text = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if text is not None:
        used["requests.storage"] = parse(text)
        allocated = (claim.get("status") or {}).get("allocatedResources") or {}
        if "storage" in allocated and used["requests.storage"] < parse(allocated["storage"]):
            used["requests.storage"] = parse(allocated["storage"])
        if storage_class:
            used[f"{storage_class}{_CLASS_SUFFIX}/requests.storage"] = used["requests.storage"]
    return used


def missing_resources(spec: JSONObject, limited: Collection[str]) -> str:
    """What the containers of a pod must say where a quota limits compute resources.

    ``requests.cpu for: a,b; requests.memory for: b``; empty when nothing is missing.
    """
    required = _COMPULSORY.intersection(limited)
    if not required:
        return ""
    whole = _names(spec) if spec.get("resources") else set()
    required -= {name for name in whole if is_pod_level_resource(name.rpartition(".")[2])}
    missing: dict[str, set[str]] = {}
    for member in ("containers", "initContainers"):
        for container in spec.get(member) or ():
            for name in required - _names(container):
                missing.setdefault(name, set()).add(container.get("name", ""))
    return "; ".join(
        f"{name} for: {','.join(sorted(containers))}"
        for name, containers in sorted(missing.items())
    )


def _names(container: JSONObject) -> set[str]:
    """The compute resources that a container says something about, as quotas call them."""
    resources = container.get("resources") or {}
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    found = {prefix + name for name in requests for prefix in ("", "requests.")}
    return found | {f"limits.{name}" for name in limits}


def scope_expressions(quota: JSONObject) -> list[JSONObject]:
    """All scopes of a quota as expressions."""
    spec = quota.get("spec") or {}
    expressions: list[JSONObject] = [
        {"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()
    ]
    expressions += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    return expressions


def matches_scopes(resource: GroupResource, quota: JSONObject, obj: JSONObject) -> bool:
    """Whether an object is in all scopes of a quota; only pods (and claims) are in any."""
    expressions = scope_expressions(quota)
    if not expressions:
        return True
    if resource.group or resource.resource not in {"pods", "persistentvolumeclaims"}:
        return False
    is_pod = resource.resource == "pods"
    return all(
        _in_pod_scope(expression, obj) if is_pod else _in_claim_scope(expression, obj)
        for expression in expressions
    )


def _in_pod_scope(expression: JSONObject, pod: JSONObject) -> bool:
    scope, spec = expression.get("scopeName"), pod["spec"]
    if scope == "PriorityClass":
        return _selects(expression, [spec.get("priorityClassName") or ""])
    if scope in {"Terminating", "NotTerminating"}:
        return (spec.get("activeDeadlineSeconds") is not None) is (scope == "Terminating")
    if scope in {"BestEffort", "NotBestEffort"}:
        return (qos_class(spec) == "BestEffort") is (scope == "BestEffort")
    return scope == "CrossNamespacePodAffinity" and _looks_into_namespaces(spec)


def _in_claim_scope(expression: JSONObject, claim: JSONObject) -> bool:
    if expression.get("scopeName") != "VolumeAttributesClass":
        return False
    spec, status = claim.get("spec") or {}, claim.get("status") or {}
    named = [
        spec.get("volumeAttributesClassName") or "",
        status.get("currentVolumeAttributesClassName") or "",
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName") or "",
    ]
    return _selects(expression, [name for name in dict.fromkeys(named) if name] or [""])


def _selects(expression: JSONObject, names: Iterable[str]) -> bool:
    operator, values = expression.get("operator"), expression.get("values") or ()
    if operator == "In":
        return any(name in values for name in names if name)
    if operator == "NotIn":
        return all(name not in values for name in names)
    there = any(names)
    return there if operator == "Exists" else not there


def _looks_into_namespaces(spec: JSONObject) -> bool:
    """Whether a pod's affinity is about pods of other namespaces."""
    affinity = spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(kind) or {}
        for term in terms.get("requiredDuringSchedulingIgnoredDuringExecution") or ():
            if term.get("namespaces") or term.get("namespaceSelector") is not None:
                return True
        for weighted in terms.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            term = weighted.get("podAffinityTerm") or {}
            if term.get("namespaces") or term.get("namespaceSelector") is not None:
                return True
    return False
