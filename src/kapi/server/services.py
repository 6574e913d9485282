"""ServiceHooks: cluster IPs and node ports around writes of Services.

Each cluster IP is also an IPAddress object where the served version has them ("Service ClusterIP
allocation" of the documentation), owned by its Service and gone with it.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import AlreadyExists, NotFound
from kapi.apimachinery.types import GroupVersionResource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.apis.core.service_allocation import ServiceAllocators
    from kapi.apis.core.service_transaction import ServiceTransaction
    from kapi.client.inprocess import InProcessClient
    from kapi.registry.context import RequestContext
    from kapi.server.service_claims import Claim, ServiceClaims
    from kapi.storage.engine import Compare

__all__ = ["ServiceHooks"]

IP_ADDRESSES = GroupVersionResource("networking.k8s.io", "v1", "ipaddresses")
_NO_ADDRESS = ("", "None")


def _addresses(service: JSONObject) -> list[str]:
    spec = service.get("spec") or {}
    given = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    return [address for address in given if address not in _NO_ADDRESS]


class _ServiceReservation:
    """What one write of a Service holds."""

    def __init__(
        self,
        hooks: ServiceHooks,
        transaction: ServiceTransaction,
        service: JSONObject,
        before: list[str],
        claim: Claim | None,
    ) -> None:
        self._hooks = hooks
        self._claim = claim
        self.guards: Sequence[Compare] = () if claim is None else claim.guards
        self._transaction = transaction
        self._service = service
        self._before = before

    async def commit(self) -> None:
        """Keep what the Service has; its addresses become objects."""
        self._transaction.commit()
        after = _addresses(self._service)
        await self._hooks.record(self._service, [a for a in after if a not in self._before])
        await self._hooks.forget([a for a in self._before if a not in after])
        if self._claim is not None:
            await self._claim.release()

    async def rollback(self) -> None:
        """Give back what was taken."""
        self._transaction.revert()
        if self._claim is not None:
            await self._claim.release()


class ServiceHooks:
    """Implements ``registry.hooks.WriteHooks`` for Services."""

    def __init__(self, allocators: ServiceAllocators) -> None:
        self._allocators = allocators
        self.client: InProcessClient | None = None  # given once the server is put together
        self.claims: ServiceClaims | None = None  # given when other servers share the store

    async def begin_create(self, context: RequestContext, obj: JSONObject) -> _ServiceReservation:
        """Take what a new Service needs."""
        dry_run = context.dry_run

        def allocate() -> ServiceTransaction:
            return self._allocators.begin_create(obj, dry_run=dry_run)

        transaction, claim = await self._begin(obj, allocate, dry_run=dry_run)
        return _ServiceReservation(self, transaction, obj, [], claim)

    async def _begin(
        self, obj: JSONObject, allocate: Callable[[], ServiceTransaction], *, dry_run: bool
    ) -> tuple[ServiceTransaction, Claim | None]:
        if self.claims is None or dry_run:
            return allocate(), None
        return await self.claims.begin(obj, allocate)

    async def begin_update(
        self, context: RequestContext, obj: JSONObject, live: JSONObject
    ) -> _ServiceReservation:
        """Take what a changed Service gains."""
        dry_run = context.dry_run

        def allocate() -> ServiceTransaction:
            return self._allocators.begin_update(obj, live, dry_run=dry_run)

        transaction, claim = await self._begin(obj, allocate, dry_run=dry_run)
        return _ServiceReservation(self, transaction, obj, _addresses(live), claim)

    async def after_mark(self, obj: JSONObject) -> None:
        """A Service that waits for its finalizers keeps what it has."""

    async def after_delete(self, obj: JSONObject) -> None:
        """Give back what a deleted Service had."""
        self._allocators.release(obj)
        await self.forget(_addresses(obj))

    async def record(self, service: JSONObject, addresses: list[str]) -> None:
        """Make the IPAddress objects of a Service's addresses."""
        if self.client is None or not addresses or not self.client.serves(IP_ADDRESSES):
            return
        meta = service["metadata"]
        parent = {
            "resource": "services",
            "namespace": meta["namespace"],
            "name": meta["name"],
        }
        for address in addresses:
            labels = {
                "ipaddress.kubernetes.io/ip-family": f"IPv{ipaddress.ip_address(address).version}",
                "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
            }
            obj = {
                "metadata": {"name": address, "labels": labels},
                "spec": {"parentRef": parent},
            }
            try:
                await self.client.create(IP_ADDRESSES, "", obj)
            except AlreadyExists:
                continue  # left over from before a crash; the Service object is what counts

    async def forget(self, addresses: list[str]) -> None:
        """Remove the IPAddress objects of addresses that are free again."""
        if self.client is None or not self.client.serves(IP_ADDRESSES):
            return
        for address in addresses:
            try:
                await self.client.delete(IP_ADDRESSES, "", address)
            except NotFound:
                continue
