"""Availability of APIServices: what the condition ``Available`` says, and why.

Implements "APIServiceStatus" of the documentation. Pure functions over objects; the last check,
whether the server answers at all, is made by whoever calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.apimachinery.field import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.types import JSONObject

__all__ = [
    "LOCAL",
    "PASSED",
    "Verdict",
    "discovery_failure",
    "is_available",
    "service_failure",
    "with_verdict",
]


class Verdict(NamedTuple):
    """Whether an APIService is available, with the reason and message of its condition."""

    available: bool
    reason: str
    message: str


LOCAL = Verdict(True, "Local", "Local APIServices are always available")
PASSED = Verdict(True, "Passed", "all checks passed")


def service_failure(
    reference: JSONObject,
    service: JSONObject | None,
    slices: Iterable[JSONObject],
    endpoints: JSONObject | None,
) -> Verdict | None:
    """Why the service that an APIService names cannot answer; None when nothing speaks against it.

    ``slices`` are the service's EndpointSlices; ``endpoints`` count where there are none.
    """
    namespace, name, port = reference["namespace"], reference["name"], reference.get("port", 443)
    where = f"service/{name} in {quote(namespace)}"
    if service is None:
        return Verdict(False, "ServiceNotFound", f"{where} is not present")
    spec = service.get("spec") or {}
    if spec.get("type") == "ExternalName":
        return None
    ports = [each for each in spec.get("ports") or () if each.get("port") == port]
    if not ports:
        return Verdict(False, "ServicePortError", f"{where} is not listening on port {port}")
    port_name = ports[0].get("name") or ""
    slices = list(slices)
    sources = slices or (endpoints or {}).get("subsets") or []
    if not slices and endpoints is None:
        message = f"cannot find endpointslices for {where}"
        return Verdict(False, "EndpointsNotFound", message)
    if any(_has_address(source, port_name) for source in sources):
        return None
    message = f"endpointslices for {where} have no addresses with port name {quote(port_name)}"
    return Verdict(False, "MissingEndpoints", message)


def _has_address(source: JSONObject, port_name: str) -> bool:
    """Whether an EndpointSlice, or a subset of Endpoints, has an address with this port."""
    if all((port.get("name") or "") != port_name for port in source.get("ports") or ()):
        return False
    if source.get("addresses"):
        return True
    return any(
        endpoint.get("addresses") and (endpoint.get("conditions") or {}).get("ready") is not False
        for endpoint in source.get("endpoints") or ()
    )


def discovery_failure(url: str, why: str) -> Verdict:
    """The server does not answer as an API server does."""
    return Verdict(False, "FailedDiscoveryCheck", f"failing or missing response from {url}: {why}")


def is_available(api_service: JSONObject) -> bool:
    """What the condition says."""
    conditions = (api_service.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)


def with_verdict(status: JSONObject, verdict: Verdict, now: str) -> JSONObject:
    """The status with the condition; the same object when it says so already."""
    conditions: list[JSONObject] = list(status.get("conditions") or ())
    index = next((i for i, each in enumerate(conditions) if each["type"] == "Available"), None)
    condition: JSONObject = {
        "type": "Available",
        "status": "True" if verdict.available else "False",
        "lastTransitionTime": now,
        "reason": verdict.reason,
        "message": verdict.message,
    }
    if index is None:
        conditions.append(condition)
    else:
        before = conditions[index]
        if before["status"] == condition["status"]:
            condition["lastTransitionTime"] = before.get("lastTransitionTime")
        if before == condition:
            return status
        conditions[index] = condition
    return {**status, "conditions": conditions}
