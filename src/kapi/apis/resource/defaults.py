"""Default values of the dynamic resource allocation kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kapi.apimachinery.types import JSONObject

__all__ = ["default_resource_claim", "default_resource_claim_template"]


def default_resource_claim(obj: JSONObject) -> None:
    """Requests are for one device."""
    _default_spec(obj.get("spec") or {})


def default_resource_claim_template(obj: JSONObject) -> None:
    """The same for the claims made of a template."""
    _default_spec((obj.get("spec") or {}).get("spec") or {})


def _default_spec(spec: JSONObject) -> None:
    for request in _device_requests((spec.get("devices") or {}).get("requests") or ()):
        if not request.get("allocationMode"):
            request["allocationMode"] = "ExactCount"
        if request["allocationMode"] == "ExactCount" and not request.get("count"):
            request["count"] = 1
        for toleration in request.get("tolerations") or ():
            if not toleration.get("operator"):
                toleration["operator"] = "Equal"


def _device_requests(requests: Iterable[JSONObject]) -> Iterator[JSONObject]:
    """What asks for devices: the exact request, each alternative, or (v1beta1) the request."""
    for request in requests:
        alternatives = request.get("firstAvailable")
        if request.get("exactly") is not None:
            yield request["exactly"]
        elif "deviceClassName" in request and not alternatives:
            yield request
        yield from alternatives or ()
