"""Service: taking and giving back cluster IPs, node ports and health-check node ports.

The generic store calls ``begin_create`` or ``begin_update`` before it prepares and validates a
service, and ends the transaction with ``commit`` once the write is durable, else ``revert``.
Implements "ClusterIP allocation" and "Type: NodePort" of the Kubernetes documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import InternalError, StatusError
from kapi.apimachinery.field import ErrorList
from kapi.apis.core.service_defaults import (
    gets_node_ports,
    is_headless,
    needs_health_check_node_port,
    needs_node_port,
)
from kapi.apis.core.service_ip_families import (
    complete_ip_families,
    invalid_service,
    keep_allocated_values,
    keeps_dual_stack_preference,
    normalize_cluster_ips,
)
from kapi.apis.core.service_transaction import ServiceTransaction
from kapi.registry.allocator import AllocationError, ClusterIPAllocator, NodePortAllocator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kapi.apimachinery.types import JSONObject

__all__ = ["ServiceAllocators", "held_numbers"]


class ServiceAllocators:
    """The addresses and ports of one cluster.

    ``cluster_ips`` has one allocator for each family, the default family first.
    """

    def __init__(
        self, cluster_ips: Sequence[ClusterIPAllocator], node_ports: NodePortAllocator
    ) -> None:
        self.cluster_ips = {allocator.family: allocator for allocator in cluster_ips}
        self.node_ports = node_ports
        self._families = tuple(self.cluster_ips)

    def rebuild(self, services: Iterable[JSONObject]) -> None:
        """Forget everything and take what the stored services hold."""
        for allocator in self.cluster_ips.values():
            allocator.clear()
        self.node_ports.clear()
        for service in services:
            spec = service.get("spec") or {}
            for address in _addresses(spec):
                for allocator in self.cluster_ips.values():
                    allocator.reserve(address)
            for port in _node_ports(spec):
                self.node_ports.reserve(port)

    def release(self, service: JSONObject) -> None:
        """Give back all that a deleted service held."""
        spec = service.get("spec") or {}
        for address in _addresses(spec):
            for allocator in self.cluster_ips.values():
                allocator.release(address)
        for port in _node_ports(spec):
            self.node_ports.release(port)

    def reserve_number(self, number: str) -> None:
        """Take an address or a port that a stored service holds, whoever else has it."""
        if number.isdecimal():
            self.node_ports.reserve(int(number))
        else:
            for allocator in self.cluster_ips.values():
                allocator.reserve(number)

    def release_number(self, number: str) -> None:
        """Give back an address or a port."""
        if number.isdecimal():
            self.node_ports.release(int(number))
        else:
            for allocator in self.cluster_ips.values():
                allocator.release(number)

    def begin_create(self, service: JSONObject, *, dry_run: bool = False) -> ServiceTransaction:
        """Complete a new service and take what it needs.

        Changes ``service``. Raises StatusError, having taken nothing.
        """
        transaction = ServiceTransaction(self.cluster_ips, self.node_ports, dry_run=dry_run)
        spec = service.setdefault("spec", {})
        normalize_cluster_ips(spec, None)
        try:
            complete_ip_families(service, None, self._families)
            _allocate_cluster_ips(service, transaction)
            if needs_node_port(spec):
                _allocate_node_ports(service, transaction)
            if needs_health_check_node_port(spec):
                _allocate_health_check_node_port(spec, transaction)
        except StatusError:
            transaction.revert()
            raise
        return transaction

    def begin_update(
        self, service: JSONObject, old: JSONObject, *, dry_run: bool = False
    ) -> ServiceTransaction:
        """Complete a changed service, take what it gains; what it loses is freed by ``commit``.

        Changes ``service``. Raises StatusError, having taken nothing.
        """
        transaction = ServiceTransaction(self.cluster_ips, self.node_ports, dry_run=dry_run)
        spec, before = service.setdefault("spec", {}), old.get("spec") or {}
        keep_allocated_values(spec, before)
        normalize_cluster_ips(spec, before)
        try:
            complete_ip_families(service, old, self._families)
            _update_cluster_ips(service, before, transaction)
            if needs_node_port(before) and not needs_node_port(spec):
                for port in _port_numbers(before):
                    transaction.release_port(port)
            if needs_node_port(spec):
                _update_node_ports(service, before, transaction)
            _update_health_check_node_port(spec, before, transaction)
        except StatusError:
            transaction.revert()
            raise
        return transaction


def held_numbers(service: JSONObject) -> list[str]:
    """The addresses and ports of a service, as text."""
    spec = service.get("spec") or {}
    return [*_addresses(spec), *map(str, _node_ports(spec))]


def _addresses(spec: JSONObject) -> list[str]:
    if spec.get("type") == "ExternalName" or is_headless(spec):
        return []
    addresses: list[str] = spec.get("clusterIPs") or []
    if not addresses and spec.get("clusterIP"):
        return [spec["clusterIP"]]
    return addresses


def _port_numbers(spec: JSONObject) -> list[int]:
    numbers = (port.get("nodePort") for port in spec.get("ports") or ())
    return list(dict.fromkeys(number for number in numbers if number))


def _node_ports(spec: JSONObject) -> list[int]:
    numbers = _port_numbers(spec)
    if spec.get("healthCheckNodePort"):
        numbers.append(spec["healthCheckNodePort"])
    return numbers


def _allocate_cluster_ips(service: JSONObject, transaction: ServiceTransaction) -> None:
    """An address for each family; chosen addresses are taken as they are."""
    spec = service["spec"]
    if spec.get("type") == "ExternalName" or is_headless(spec):
        return
    families = spec.get("ipFamilies") or []
    addresses: list[str] = list(spec.get("clusterIPs") or ())
    addresses += [""] * (len(families) - len(addresses))
    spec["clusterIPs"] = addresses
    for index, family in enumerate(families):
        addresses[index] = _allocate_address(service, family, addresses[index], transaction)
    if addresses:
        spec["clusterIP"] = addresses[0]


def _allocate_address(
    service: JSONObject, family: str, wish: str, transaction: ServiceTransaction
) -> str:
    if not wish:
        try:
            return transaction.allocate_next_ip(family)
        except AllocationError as error:
            raise InternalError(f"failed to allocate a serviceIP: {error}") from error
    try:
        transaction.allocate_ip(family, wish)
    except AllocationError as error:
        errors = ErrorList()
        errors.invalid(
            "spec.clusterIPs",
            service["spec"]["clusterIPs"],
            f"failed to allocate IP {wish}: {error}",
        )
        raise invalid_service(service, errors) from error
    return wish


def _update_cluster_ips(
    service: JSONObject, before: JSONObject, transaction: ServiceTransaction
) -> None:
    spec = service["spec"]
    if keeps_dual_stack_preference(spec, before):
        return
    was_external = before.get("type") == "ExternalName"
    is_external = spec.get("type") == "ExternalName"
    if was_external or is_external:
        if not is_external:
            _allocate_cluster_ips(service, transaction)
        elif not was_external:
            for address in _addresses(before):
                transaction.release_ip(address)
        return
    if is_headless(before) or is_headless(spec):
        return
    families, old_families = spec.get("ipFamilies") or [], before.get("ipFamilies") or []
    if len(old_families) == 1 and len(families) == 2:
        addresses: list[str] = list(spec.get("clusterIPs") or ())
        wish = addresses[1] if len(addresses) == 2 else ""
        spec["clusterIPs"] = [
            *addresses[:1],
            _allocate_address(service, families[1], wish, transaction),
        ]
    elif len(old_families) == 2 and len(families) == 1:
        for address in _addresses(before)[1:]:
            transaction.release_ip(address)


def _allocate_node_ports(service: JSONObject, transaction: ServiceTransaction) -> None:
    """Node ports of a new service; the same port of two protocols shares its node port."""
    spec = service["spec"]
    ports = spec.get("ports") or []
    chosen: dict[int, int] = {}
    for port in ports:
        if port.get("nodePort"):
            chosen.setdefault(port.get("port") or 0, port["nodePort"])
    shared: dict[int, int] = {}
    for index, port in enumerate(ports):
        wish = port.get("nodePort") or 0
        if not wish and not gets_node_ports(spec):
            continue
        number = port.get("port") or 0
        taken = shared.get(number)
        if taken is None:
            first = chosen.get(number)
            port["nodePort"] = shared[number] = (
                _allocate_next_port(transaction)
                if first is None
                else _allocate_port(service, index, first, transaction)
            )
        elif not wish:
            port["nodePort"] = taken
        elif wish != taken:
            _allocate_port(service, index, wish, transaction)


def _allocate_port(
    service: JSONObject, index: int, port: int, transaction: ServiceTransaction
) -> int:
    try:
        transaction.allocate_port(port)
    except AllocationError as error:
        errors = ErrorList()
        errors.invalid(f"spec.ports[{index}].nodePort", port, str(error))
        raise invalid_service(service, errors) from error
    return port


def _allocate_next_port(transaction: ServiceTransaction) -> int:
    try:
        return transaction.allocate_next_port()
    except AllocationError as error:
        raise InternalError(f"failed to allocate a nodePort: {error}") from error


def _update_node_ports(
    service: JSONObject, before: JSONObject, transaction: ServiceTransaction
) -> None:
    spec = service["spec"]
    held = set(_port_numbers(before))
    taken: set[int] = set()
    seen: set[tuple[str, int]] = set()
    for index, port in enumerate(spec.get("ports") or ()):
        number = port.get("nodePort") or 0
        if number:
            if number not in held and number not in taken:
                taken.add(_allocate_port(service, index, number, transaction))
        elif gets_node_ports(spec):
            number = port["nodePort"] = _allocate_next_port(transaction)
        else:
            continue
        key = (port.get("protocol") or "", number)
        if key in seen:
            raise StatusError(f"duplicate nodePort: {{{key[0]} {number}}}")
        seen.add(key)
    for number in held.difference(_port_numbers(spec)):
        transaction.release_port(number)


def _update_health_check_node_port(
    spec: JSONObject, before: JSONObject, transaction: ServiceTransaction
) -> None:
    needed, needs = needs_health_check_node_port(before), needs_health_check_node_port(spec)
    if needs and not needed:
        _allocate_health_check_node_port(spec, transaction)
    elif needed and not needs and before.get("healthCheckNodePort"):
        transaction.release_port(before["healthCheckNodePort"])


def _allocate_health_check_node_port(spec: JSONObject, transaction: ServiceTransaction) -> None:
    port = spec.get("healthCheckNodePort") or 0
    try:
        if port:
            transaction.allocate_port(port)
        else:
            spec["healthCheckNodePort"] = transaction.allocate_next_port()
    except AllocationError as error:
        what = f"requested HealthCheck NodePort {port}" if port else "a HealthCheck NodePort 0"
        raise StatusError(f"failed to allocate {what}: {error}") from error
