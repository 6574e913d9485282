"""Service: validation of the ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["KUBELET_PORT", "PROTOCOLS", "validate_port_uniqueness", "validate_service_ports"]

PROTOCOLS = ("SCTP", "TCP", "UDP")

# A load balancer must not expose the kubelet's own port.
KUBELET_PORT = 10250


def validate_service_ports(ports: list[JSONObject], errors: ErrorList) -> None:
    """Check each port; several ports need distinct names."""
    seen: set[str] = set()
    several = len(ports) > 1
    for index, port in enumerate(ports):
        path = f"spec.ports[{index}]"
        _validate_name(port.get("name") or "", path, several, seen, errors)
        number = port.get("port") or 0
        errors.invalid_each(f"{path}.port", number, names.port_number(number))
        protocol = port.get("protocol")
        if not protocol:
            errors.required(f"{path}.protocol")
        elif protocol not in PROTOCOLS:
            errors.not_supported(f"{path}.protocol", protocol, PROTOCOLS)
        target = port.get("targetPort") or 0
        messages = names.port_name(target) if isinstance(target, str) else names.port_number(target)
        errors.invalid_each(f"{path}.targetPort", target, messages)
        app_protocol = port.get("appProtocol")
        if app_protocol is not None:
            errors.invalid_each(
                f"{path}.appProtocol", app_protocol, names.qualified_name(app_protocol)
            )


def _validate_name(name: str, path: str, required: bool, seen: set[str], errors: ErrorList) -> None:
    if not name:
        if required:
            errors.required(f"{path}.name")
        return
    errors.invalid_each(f"{path}.name", name, names.dns1123_label(name))
    if name in seen:
        errors.duplicate(f"{path}.name", name)
    seen.add(name)


def validate_port_uniqueness(ports: list[JSONObject], errors: ErrorList) -> None:
    """Node ports and ports are unique for each protocol."""
    node_ports: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        number = port.get("nodePort")
        if number:
            key = (port.get("protocol") or "", number)
            if key in node_ports:
                errors.duplicate(f"spec.ports[{index}].nodePort", number)
            node_ports.add(key)
    numbers: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        key = (port.get("protocol") or "", port.get("port") or 0)
        if key in numbers:
            errors.duplicate(
                f"spec.ports[{index}]",
                {
                    "Name": "",
                    "Protocol": key[0],
                    "AppProtocol": None,
                    "Port": key[1],
                    "TargetPort": 0,
                    "NodePort": 0,
                },
            )
        numbers.add(key)
