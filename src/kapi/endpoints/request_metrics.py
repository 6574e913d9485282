"""RequestMetrics: how many requests there were and how long they took, as kube-apiserver counts.

A request costs one look-up in a dictionary. What a client can make up (paths of resources that
are not served, methods) never becomes a series of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from kapi.util.metrics import Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kapi.endpoints.request import Request

__all__ = ["RequestMetrics", "Series"]

# kube-apiserver's bounds of apiserver_request_duration_seconds.
_SECONDS = (
    *(0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4),
    *(5, 6, 8, 10, 15, 20, 30, 45, 60),
)
_APPLY = b"apply-patch"
_VERBS = {
    "APPLY": "APPLY",
    "POST": "POST",
    "PUT": "PUT",
    "PATCH": "PATCH",
    "DELETE": "DELETE",
    "GET": "GET",
}


class Series(NamedTuple):
    """The labels of requests that are counted together."""

    verb: str
    dry_run: str
    group: str
    version: str
    resource: str
    subresource: str
    scope: str
    code: int


class RequestMetrics:
    """The requests of one server; ``is_served`` tells which resources there are."""

    def __init__(self, is_served: Callable[[str, str, str], bool]) -> None:
        self._is_served = is_served
        self._by_request: dict[tuple[object, ...], Histogram] = {}
        self._by_series: dict[Series, Histogram] = {}

    def observe(self, method: str, request: Request | None, status: int, seconds: float) -> None:
        """Count a request that was answered; without ``request`` nobody knows what it was for."""
        if request is None:
            self._count(Series("OTHER", "", "", "", "", "", "", status), seconds)
            return
        info = request.info
        query = request.query_string
        if (query and (b"watch" in query or b"dryRun" in query)) or info.legacy_watch:
            self._count(self._series(method, request, status), seconds)
            return
        if method == "PATCH" and _APPLY in request.headers.get(b"content-type", b""):
            method = "APPLY"
        key = (
            info.resource,
            method,
            status,
            info.group,
            info.version,
            info.subresource,
            not info.name,
            not info.namespace,
        )
        histogram = self._by_request.get(key)
        if histogram is None:
            histogram = self._first(key, method, request, status)
        # As Histogram.observe, without the call.
        histogram.counts[bisect_left(_SECONDS, seconds)] += 1
        histogram.sum += seconds

    def series(self) -> Iterator[tuple[Series, Histogram]]:
        """What was counted."""
        yield from self._by_series.items()

    def _count(self, series: Series, seconds: float) -> None:
        self._histogram(series).observe(seconds)

    def _histogram(self, series: Series) -> Histogram:
        found = self._by_series.get(series)
        if found is None:
            found = self._by_series[series] = Histogram(_SECONDS)
        return found

    def _first(
        self, key: tuple[object, ...], method: str, request: Request, status: int
    ) -> Histogram:
        """The histogram of a kind of request that was not seen yet."""
        info = request.info
        series = self._series(method, request, status)
        histogram = self._histogram(series)
        # Only what cannot be made up is found by its key the next time.
        if series.resource and series.subresource == info.subresource and method in _VERBS:
            self._by_request[key] = histogram
        return histogram

    def _series(self, method: str, request: Request, status: int) -> Series:
        info = request.info
        verb = _VERBS.get(method, "OTHER")
        if not info.resource or not self._is_served(info.group, info.version, info.resource):
            return Series(verb, "", "", "", "", "", "", status)
        if verb == "GET" and not info.name:
            verb = "WATCH" if request.flag("watch") or info.legacy_watch else "LIST"
        elif verb == "GET" and info.legacy_watch:
            verb = "WATCH"
        elif verb == "DELETE" and not info.name:
            verb = "DELETECOLLECTION"
        elif verb == "PATCH" and _APPLY in request.headers.get(b"content-type", b""):
            verb = "APPLY"
        return Series(
            verb,
            "All" if request.parameter("dryRun") else "",
            info.group,
            info.version,
            info.resource,
            # A status of 404 for a subresource may mean that the client made its name up.
            "" if status == 404 else info.subresource,
            _scope(info.name or verb == "POST", info.namespace),
            status,
        )


def _scope(is_object: str | bool, namespace: str) -> str:
    """What a request is about: an object, a namespace or the cluster."""
    if is_object:
        return "resource"
    return "namespace" if namespace else "cluster"
