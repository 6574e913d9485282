"""Where a subresource that connects leads: containers, ports, addresses of pods and services.

Implements "Manually constructing apiserver proxy URLs" of the Kubernetes documentation: names may
be ``name``, ``name:port`` and ``scheme:name:port``. Pure functions over objects.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

from kapi.apimachinery.errors import BadRequest, ServiceUnavailable
from kapi.apimachinery.field import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kapi.apimachinery.types import JSONObject

__all__ = [
    "Target",
    "choose_container",
    "is_proxyable",
    "node_name",
    "pod_address",
    "pod_port",
    "service_candidates",
    "service_port_name",
    "slices_as_subsets",
    "split_target",
]

_SCHEMES = frozenset({"", "http", "https"})
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_MAXIMUM_COLONS = 2


class Target(NamedTuple):
    """A name with the scheme and port (number or name) to use; they may be empty."""

    scheme: str
    name: str
    port: str


def split_target(text: str, kind: str) -> Target:
    """Read the name of a proxy URL; raises BadRequest."""
    first, *rest = text.split(":")
    target = Target("", first, "".join(rest))
    if len(rest) > 1:
        target = Target(first, rest[0], rest[1])
    if len(rest) > _MAXIMUM_COLONS or not target.name or target.scheme not in _SCHEMES:
        raise BadRequest(f"invalid {kind} request {quote(text)}")
    return target


def choose_container(pod: JSONObject, wanted: str) -> str:
    """The container that is meant; raises BadRequest."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = [each["name"] for kind in _CONTAINERS for each in spec.get(kind) or ()]
    if wanted:
        if wanted not in names:
            raise BadRequest(f"container {wanted} is not valid for pod {name}")
        return wanted
    containers: list[JSONObject] = spec.get("containers") or []
    if len(containers) == 1:
        only: str = containers[0]["name"]
        return only
    if not containers:
        raise BadRequest(f"a container name must be specified for pod {name}")
    raise BadRequest(
        f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]"
    )


def node_name(pod: JSONObject) -> str:
    """The node of a pod; raises BadRequest before it is scheduled."""
    name: str = pod["spec"].get("nodeName") or ""
    if not name:
        raise BadRequest(f"pod {pod['metadata']['name']} does not have a host assigned")
    return name


def is_proxyable(address: str) -> bool:
    """Whether requests may be passed on to an address: not this machine, not link-local."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if str(ip) == "255.255.255.255":
        return False
    return not (ip.is_loopback or ip.is_multicast or ip.is_link_local or ip.is_unspecified)


def pod_ips(pod: JSONObject) -> list[str]:
    """The addresses of a pod."""
    return [each.get("ip", "") for each in (pod.get("status") or {}).get("podIPs") or ()]


def pod_address(pod: JSONObject) -> str:
    """The first address of a pod; raises BadRequest when there is none to connect to."""
    ips = pod_ips(pod)
    if not ips or not is_proxyable(ips[0]):
        raise BadRequest("address not allowed")
    return ips[0]


def pod_port(pod: JSONObject, wanted: str) -> str:
    """The port that is meant: the first one that a container declares, unless one is given."""
    if wanted:
        return wanted
    for container in pod["spec"].get("containers") or ():
        if container.get("ports"):
            return str(container["ports"][0]["containerPort"])
    return ""


def service_port_name(service: JSONObject, name: str, port: int) -> str:
    """The name of a service's port that was given by number; raises ServiceUnavailable."""
    for each in service["spec"].get("ports") or ():
        if each["port"] == port:
            found: str = each.get("name") or ""
            return found
    raise ServiceUnavailable(f"no service port {port} found for service {quote(name)}")


def slices_as_subsets(slices: Sequence[JSONObject]) -> list[JSONObject]:
    """The ready addresses of EndpointSlices in the form of Endpoints."""
    subsets: list[JSONObject] = []
    for each in slices:
        ready: list[JSONObject] = []
        for endpoint in each.get("endpoints") or ():
            if (endpoint.get("conditions") or {}).get("ready") is False:
                continue
            target = endpoint.get("targetRef")
            ready += ({"ip": ip, "targetRef": target} for ip in endpoint.get("addresses") or ())
        subsets.append({"addresses": ready, "ports": each.get("ports") or []})
    return subsets


class Candidate(NamedTuple):
    """An address of a service and the pod that it should be of."""

    ip: str
    port: int
    pod: str


def service_candidates(
    subsets: Sequence[JSONObject], namespace: str, port: str, seed: int
) -> Iterator[Candidate]:
    """Addresses of a service to try, from a place that ``seed`` chooses.

    Only addresses of pods of the service's own namespace count.
    """
    for subset in _rotated(subsets, seed):
        numbers = [p["port"] for p in subset.get("ports") or () if (p.get("name") or "") == port]
        for number in numbers:
            for address in _rotated(subset.get("addresses") or [], seed):
                target = address.get("targetRef") or {}
                if target.get("name") and target.get("namespace") == namespace:
                    yield Candidate(address["ip"], number, target["name"])


def _rotated(items: Sequence[JSONObject], seed: int) -> list[JSONObject]:
    start = seed % len(items) if items else 0
    return [*items[start:], *items[:start]]
