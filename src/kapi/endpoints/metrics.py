"""The document /metrics: what the server counts, in Prometheus' text format.

Names and labels are kube-apiserver's where both have one; what only kapi has begins with
``kapi_``. The numbers are gathered when they are asked for.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import MethodNotSupported
from kapi.endpoints.request import Response
from kapi.util.metrics import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.metrics_core import Metric

    from kapi.apimachinery.types import GroupResource
    from kapi.endpoints.request import Request
    from kapi.endpoints.request_metrics import RequestMetrics
    from kapi.registry.store import ResourceStore
    from kapi.storage.cacher.entry import Entry
    from kapi.storage.metrics import CommitMetrics

__all__ = ["MetricsDocument"]

_REQUEST_LABELS = ("verb", "dry_run", "group", "version", "resource", "subresource", "scope")
_RESOURCE_LABELS = ("group", "resource")
# A cache's memory is estimated from so many of its objects.
_SAMPLES = 200


class MetricsDocument:
    """Answers /metrics."""

    def __init__(
        self,
        requests: RequestMetrics,
        stores: Mapping[GroupResource, ResourceStore],
        commits: CommitMetrics,
    ) -> None:
        self._requests = requests
        self._stores = stores
        self._commits = commits

    def respond(self, request: Request) -> Response | None:
        """The metrics, or None for other paths."""
        if request.info.path.rstrip("/") != "/metrics":
            return None
        if request.method not in {"GET", "HEAD"}:
            raise MethodNotSupported
        import prometheus_client as prometheus  # noqa: PLC0415 - only where somebody asks

        registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=registry)
        prometheus.GCCollector(registry=registry)
        registry.register(self)
        body = prometheus.generate_latest(registry)
        return Response(200, body, prometheus.CONTENT_TYPE_LATEST.encode())

    def collect(self) -> Iterator[Metric]:
        """Everything that is counted; called by the client library."""
        yield from self._of_requests()
        yield from self._of_storage()
        yield from self._of_caches()
        yield from self._of_commits()

    def _of_requests(self) -> Iterator[Metric]:
        from prometheus_client import core  # noqa: PLC0415 - loaded already

        total = core.CounterMetricFamily(
            "apiserver_request",
            "Counter of apiserver requests.",
            labels=(*_REQUEST_LABELS, "component", "code"),
        )
        durations: dict[tuple[str, ...], Histogram] = {}
        for series, histogram in self._requests.series():
            *labels, code = series
            texts = (*map(str, labels), "apiserver")
            total.add_metric((*texts, str(code)), histogram.count)
            durations.setdefault(texts, Histogram(histogram.bounds)).add(histogram)
        yield total
        seconds = core.HistogramMetricFamily(
            "apiserver_request_duration_seconds",
            "Response latency distribution in seconds.",
            labels=(*_REQUEST_LABELS, "component"),
        )
        for texts, histogram in durations.items():
            seconds.add_metric(texts, list(histogram.cumulative()), histogram.sum)
        yield seconds

    def _of_storage(self) -> Iterator[Metric]:
        from prometheus_client import core  # noqa: PLC0415 - loaded already

        objects = core.GaugeMetricFamily(
            "apiserver_storage_objects", "Number of stored objects.", labels=("resource",)
        )
        grouped = core.GaugeMetricFamily(
            "apiserver_resource_objects", "Number of stored objects.", labels=_RESOURCE_LABELS
        )
        labels = ("operation", *_RESOURCE_LABELS)
        requests = core.CounterMetricFamily("etcd_requests", "Storage requests.", labels=labels)
        seconds = core.HistogramMetricFamily(
            "etcd_request_duration_seconds", "Storage request latency in seconds.", labels=labels
        )
        errors = core.CounterMetricFamily(
            "kapi_storage_errors", "Storage requests that failed.", labels=_RESOURCE_LABELS
        )
        for resource, store in self._stores.items():
            storage = store.storage
            texts = (resource.group, resource.resource)
            if storage.cacher.is_ready:
                objects.add_metric((_dotted(resource),), storage.cacher.count())
                grouped.add_metric(texts, storage.cacher.count())
            if storage.metrics.errors:
                errors.add_metric(texts, storage.metrics.errors)
            for operation, histogram in storage.metrics.operations().items():
                if histogram.count:
                    requests.add_metric((operation, *texts), histogram.count)
                    buckets = list(histogram.cumulative())
                    seconds.add_metric((operation, *texts), buckets, histogram.sum)
        yield from (objects, grouped, requests, seconds, errors)

    def _of_caches(self) -> Iterator[Metric]:
        from prometheus_client import core  # noqa: PLC0415 - loaded already

        gauges = {
            "capacity": ("apiserver_watch_cache_capacity", "Changes kept for watches, at most."),
            "revision": (
                "apiserver_watch_cache_resource_version",
                "Newest resourceVersion of the watch cache.",
            ),
            "watchers": ("apiserver_registered_watchers", "Watches that are running."),
            "history_changes": ("kapi_watch_cache_history_changes", "Changes kept for watches."),
            "history_bytes": ("kapi_watch_cache_history_bytes", "What they hold on to."),
        }
        families = {
            name: core.GaugeMetricFamily(*named, labels=_RESOURCE_LABELS)
            for name, named in gauges.items()
        }
        received = core.CounterMetricFamily(
            "apiserver_watch_cache_events_received",
            "Changes that the watch cache was told of.",
            labels=_RESOURCE_LABELS,
        )
        memory = core.GaugeMetricFamily(
            "kapi_watch_cache_object_bytes",
            "Memory of an object in the watch cache, estimated from a sample.",
            labels=_RESOURCE_LABELS,
        )
        for resource, store in self._stores.items():
            cacher = store.storage.cacher
            if not cacher.is_ready:
                continue
            texts = (resource.group, resource.resource)
            sizes = cacher.sizes()
            for name, family in families.items():
                family.add_metric(texts, getattr(sizes, name))
            received.add_metric(texts, sizes.events_received)
            sample = cacher.sample(_SAMPLES)
            if sample:
                memory.add_metric(texts, sum(map(_memory, sample)) / len(sample))
        yield from (*families.values(), received, memory)

    def _of_commits(self) -> Iterator[Metric]:
        from prometheus_client import core  # noqa: PLC0415 - loaded already

        commits = self._commits
        if not commits.transactions.count:
            return
        yield core.HistogramMetricFamily(
            "kapi_storage_commit_batch_size",
            "Transactions that shared one commit.",
            list(commits.transactions.cumulative()),
            commits.transactions.sum,
        )
        yield core.HistogramMetricFamily(
            "kapi_storage_commit_duration_seconds",
            "Time from handing a group to the disk until it is stored.",
            list(commits.seconds.cumulative()),
            commits.seconds.sum,
        )


def _dotted(resource: GroupResource) -> str:
    return f"{resource.resource}.{resource.group}" if resource.group else resource.resource


def _memory(entry: Entry) -> int:
    """Bytes that an entry holds, apart from what it shares with others."""
    size = sys.getsizeof(entry) + sys.getsizeof(entry.body) + sys.getsizeof(entry.key)
    size += sys.getsizeof(entry.name)
    if entry.labels:
        size += sys.getsizeof(entry.labels)
        size += sum(
            sys.getsizeof(name) + sys.getsizeof(text) for name, text in entry.labels.items()
        )
    return size
