"""ServiceResolver: where the service that a webhook or an APIService names can be reached.

Implements the service references of "Dynamic Admission Control" of the documentation. There need
be no proxy for cluster IPs on this machine: addresses come from the service's EndpointSlices, or
its Endpoints, unless cluster IPs are asked for. For development a service can be told to be
somewhere else, on this machine say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from kapi.apimachinery.field import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.util.ids import IDSource

__all__ = ["Address", "ObjectLookup", "ServiceResolver", "UnresolvedService"]

_SERVICE_NAME = "kubernetes.io/service-name"


class UnresolvedService(Exception):
    """The service cannot be reached; the text says why."""


class ObjectLookup(Protocol):
    """Reads current objects; they are shared and must not be changed."""

    async def get(self, group: str, resource: str, namespace: str, name: str) -> JSONObject | None:
        """One object, or None."""
        ...

    async def list(self, group: str, resource: str, namespace: str = "") -> list[JSONObject]:
        """All objects, or those of a namespace."""
        ...


class Address(NamedTuple):
    """A host name or IP address, and a port."""

    host: str
    port: int


class ServiceResolver:
    """Finds addresses of services.

    ``overrides`` maps ``namespace/name`` to the address that stands for the service, which then
    need not exist. With ``cluster_ips`` services are at their cluster IPs.
    """

    def __init__(
        self,
        lookup: ObjectLookup,
        ids: IDSource,
        overrides: Mapping[str, Address],
        *,
        cluster_ips: bool = False,
    ) -> None:
        self._lookup = lookup
        self._ids = ids
        self._overrides = overrides
        self._cluster_ips = cluster_ips

    async def resolve(self, namespace: str, name: str, port: int) -> Address:
        """An address of a ready endpoint; raises UnresolvedService."""
        found = await self.addresses(namespace, name, port)
        return found[self._ids.below(len(found))] if len(found) > 1 else found[0]

    async def addresses(self, namespace: str, name: str, port: int) -> Sequence[Address]:
        """The addresses of all ready endpoints, at least one; raises UnresolvedService."""
        override = self._overrides.get(f"{namespace}/{name}")
        if override is not None:
            return (override,)
        service = await self._lookup.get("", "services", namespace, name)
        if service is None:
            raise UnresolvedService(f"service {quote(name)} not found")
        spec = service.get("spec") or {}
        if spec.get("type") == "ExternalName":
            return (Address(spec.get("externalName") or "", port),)
        port_name = _port_name(spec.get("ports") or (), name, port)
        if self._cluster_ips:
            return (_cluster_ip(spec, port),)
        found = await self._slices(namespace, name, port_name)
        if not found:
            found = await self._endpoints(namespace, name, port_name)
        if not found:
            raise UnresolvedService(f"no endpoints available for service {quote(name)}")
        return found

    async def _slices(self, namespace: str, name: str, port_name: str) -> list[Address]:
        found: list[Address] = []
        for each in await self._lookup.list("discovery.k8s.io", "endpointslices", namespace):
            if (each["metadata"].get("labels") or {}).get(_SERVICE_NAME) != name:
                continue
            port = _number(each.get("ports") or (), port_name)
            if port is None:
                continue
            for endpoint in each.get("endpoints") or ():
                if (endpoint.get("conditions") or {}).get("ready") is not False:
                    found += (Address(host, port) for host in endpoint.get("addresses") or ())
        return found

    async def _endpoints(self, namespace: str, name: str, port_name: str) -> list[Address]:
        endpoints = await self._lookup.get("", "endpoints", namespace, name)
        found: list[Address] = []
        for subset in (endpoints or {}).get("subsets") or ():
            port = _number(subset.get("ports") or (), port_name)
            if port is not None:
                found += (Address(each["ip"], port) for each in subset.get("addresses") or ())
        return found


def _cluster_ip(spec: JSONObject, port: int) -> Address:
    address = spec.get("clusterIP") or "None"
    if address == "None":
        raise UnresolvedService('cannot route to service with ClusterIP "None"')
    return Address(address, port)


def _port_name(ports: Sequence[JSONObject], service: str, wanted: int) -> str:
    for port in ports:
        if port.get("port") == wanted:
            name: str = port.get("name") or ""
            return name
    raise UnresolvedService(f"no service port {wanted} found for service {quote(service)}")


def _number(ports: Sequence[JSONObject], name: str) -> int | None:
    for port in ports:
        if (port.get("name") or "") == name:
            number: int | None = port.get("port")
            return number
    return None
