"""Endpoints: defaults, validation and strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import addresses, names
from kapi.apis.core.ip_validation import validate_non_special_ip
from kapi.apis.core.service_port_validation import PROTOCOLS
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["EndpointsStrategy", "default_endpoints"]


def default_endpoints(obj: JSONObject) -> None:
    """Ports are TCP unless told otherwise."""
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            if not port.get("protocol"):
                port["protocol"] = "TCP"


class EndpointsStrategy(Strategy):
    """Endpoints, the predecessor of EndpointSlice."""

    allow_create_on_update: ClassVar[bool] = True

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check addresses and ports."""
        for index, subset in enumerate(obj.get("subsets") or ()):
            _validate_subset(subset, f"subsets[{index}]", errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Warn about addresses in unusual spellings."""
        for index, subset in enumerate(obj.get("subsets") or ()):
            for name in ("addresses", "notReadyAddresses"):
                for item, address in enumerate(subset.get(name) or ()):
                    path = f"subsets[{index}].{name}[{item}].ip"
                    for text in addresses.ip_warnings(path, address.get("ip") or ""):
                        context.warn(text)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Warn about addresses in unusual spellings."""
        self.warnings_on_create(context, obj)


def _validate_subset(subset: JSONObject, path: str, errors: ErrorList) -> None:
    ready, not_ready = subset.get("addresses") or (), subset.get("notReadyAddresses") or ()
    if not ready and not not_ready:
        errors.required(path, "must specify `addresses` or `notReadyAddresses`")
    for index, address in enumerate(ready):
        _validate_address(address, f"{path}.addresses[{index}]", errors)
    for index, address in enumerate(not_ready):
        _validate_address(address, f"{path}.notReadyAddresses[{index}]", errors)
    ports = subset.get("ports") or ()
    for index, port in enumerate(ports):
        _validate_port(port, f"{path}.ports[{index}]", len(ports) > 1, errors)


def _validate_address(address: JSONObject, path: str, errors: ErrorList) -> None:
    ip = address.get("ip") or ""
    errors.invalid_each(f"{path}.ip", ip, addresses.legacy_ip(ip))
    host = address.get("hostname")
    if host:
        errors.invalid_each(f"{path}.hostname", host, names.dns1123_label(host))
    node = address.get("nodeName")
    if node is not None:
        errors.invalid_each(f"{path}.nodeName", node, names.dns1123_subdomain(node))
    validate_non_special_ip(ip, f"{path}.ip", errors)


def _validate_port(port: JSONObject, path: str, name_required: bool, errors: ErrorList) -> None:
    name = port.get("name")
    if name:
        errors.invalid_each(f"{path}.name", name, names.dns1123_label(name))
    elif name_required:
        errors.required(f"{path}.name")
    number = port.get("port") or 0
    errors.invalid_each(f"{path}.port", number, names.port_number(number))
    protocol = port.get("protocol")
    if not protocol:
        errors.required(f"{path}.protocol")
    elif protocol not in PROTOCOLS:
        errors.not_supported(f"{path}.protocol", protocol, PROTOCOLS)
    application = port.get("appProtocol")
    if application is not None:
        errors.invalid_each(f"{path}.appProtocol", application, names.qualified_name(application))
