"""Aggregation: group versions that other servers answer, as the endpoints see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.request import Request, RequestInfo, Response

__all__ = ["AggregatedVersion", "Aggregation"]


class AggregatedVersion(Protocol):
    """What is known of a group version of another server.

    ``resources`` are entries of aggregated discovery, None while the server told none;
    ``openapi_v3`` maps the names of documents to where they are.
    """

    group: str
    version: str
    group_priority: int
    version_priority: int
    resources: list[JSONObject] | None
    openapi_v2: JSONObject | None
    openapi_v3: dict[str, str]

    @property
    def fresh(self) -> bool:
        """Whether the resources are as the server tells them now."""
        ...


class Aggregation(Protocol):
    """The group versions of other servers; ``generation`` is raised when they change."""

    generation: int

    def versions(self) -> Mapping[tuple[str, str], AggregatedVersion]:
        """All of them, by group and version."""
        ...

    def find(self, info: RequestInfo) -> Any:
        """Who answers a path, where it is another server; called for every request."""
        ...

    async def respond(self, request: Request, remote: Any) -> Response:
        """The other server's answer."""
        ...
