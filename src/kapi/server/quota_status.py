"""QuotaStatus: how admission writes the use of quotas, through the server's own client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.types import GroupVersionResource

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient

__all__ = ["ClientQuotaStatus"]

_QUOTAS = GroupVersionResource("", "v1", "resourcequotas")


class ClientQuotaStatus:
    """Implements ``admission.plugins.resource_quota.QuotaStatus``."""

    def __init__(self) -> None:
        self.client: InProcessClient | None = None  # given once the server is put together

    async def update(
        self, namespace: str, name: str, change: Callable[[JSONObject], JSONObject]
    ) -> None:
        """See the protocol."""
        assert self.client is not None
        await self.client.update(_QUOTAS, namespace, name, change, "status")
