"""Aggregator: follows APIServices, judges those of other servers, and passes requests on.

Implements "Kubernetes API Aggregation Layer" of the documentation. Each remote group version has a
task that checks its service and server; without any nothing runs but one watch.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import orjson

from kapi.aggregator.availability import (
    LOCAL,
    Verdict,
    is_available,
    service_failure,
    with_verdict,
)
from kapi.aggregator.check import check_server
from kapi.aggregator.proxy import ProxyRules, Unreachable, pass_on, unavailable
from kapi.aggregator.registration import API_SERVICES, Registration
from kapi.aggregator.remote import RemoteError, RemoteVersion
from kapi.aggregator.remote_discovery import discover
from kapi.aggregator.remote_openapi import fetch_openapi
from kapi.apimachinery.errors import NotFound, StatusError
from kapi.storage.errors import StorageError
from kapi.util.clock import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.aggregator.remote import ProxyClient
    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request, RequestInfo, Response
    from kapi.registry.webhook.service_resolver import ObjectLookup
    from kapi.storage.cacher.change import WatchEvent

__all__ = ["Aggregator"]

_LOG = logging.getLogger(__name__)

_SERVICE_NAME = "kubernetes.io/service-name"
_PAUSE_SECONDS = 0.5
# How often objects are looked at, and a server that answers is asked again.
_TICK_SECONDS = 1
_CHECK_SECONDS = 30
# Clients ask every server for its resources: one that hangs must not keep them waiting.
_DISCOVERY_SECONDS = 5.0
_DISCOVERY_DEPTH = 3
_OPENAPI = "/openapi/v3/apis/"


class Aggregator:
    """The remote group versions of one server, and its local APIServices.

    ``replaced`` are the services (``namespace/name``) that are told to be somewhere else: they
    need not exist. ``rules`` say what is passed on.
    """

    def __init__(
        self,
        api: API,
        client: InProcessClient,
        lookup: ObjectLookup,
        proxy_client: ProxyClient,
        replaced: frozenset[str] = frozenset(),
        rules: ProxyRules | None = None,
    ) -> None:
        self._api = api
        self._client = client
        self._lookup = lookup
        self._proxy_client = proxy_client
        self._replaced = replaced
        self._rules = rules or ProxyRules()
        self._registration = Registration(client, api.catalogue)
        self._known: dict[str, JSONObject] = {}
        self._checks: dict[str, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self.remote: dict[tuple[str, str], RemoteVersion] = {}
        # Raised when what discovery and OpenAPI say of remote versions changes.
        self.generation = 0

    # -- life ---------------------------------------------------------------------------------

    async def start(self) -> None:
        """Learn which APIServices there are, and begin to follow them in the background."""
        if not self._client.serves(API_SERVICES):
            return
        store = self._api.stores[API_SERVICES.group_resource]
        for entry in (await store.storage.list()).entries:
            self._apply(entry.name, orjson.loads(entry.body))
        self._api.catalogue.on_change = self._wake.set
        self._wake.set()
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._register())]

    async def stop(self) -> None:
        """End all tasks."""
        self._api.catalogue.on_change = None
        tasks = [*self._tasks, *self._checks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._proxy_client.close()

    async def _register(self) -> None:
        await self._registration.register(dict(self._known))
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._registration.follow(dict(self._known))

    # -- following ----------------------------------------------------------------------------

    async def _follow(self) -> None:
        """Follow until cancelled; after a loss from the current state."""
        store = self._api.stores[API_SERVICES.group_resource]
        while True:
            try:
                watcher = await store.storage.watch()  # begins with what there is
                here = {entry.name for entry in (await store.storage.list()).entries}
                for name in self._known.keys() - here:
                    self._drop(name)
                while events := await watcher.next():
                    for event in events:
                        self._observe(event)
            except StorageError as error:
                _LOG.warning("APIServices are followed from the beginning again: %s", error)
            await asyncio.sleep(_PAUSE_SECONDS)

    def _observe(self, event: WatchEvent) -> None:
        if event.entry is None:
            return
        name = event.entry.name
        if event.type == "DELETED":
            self._drop(name)
        else:
            self._apply(name, orjson.loads(event.entry.body))
        self._wake.set()

    def _drop(self, name: str) -> None:
        self._known.pop(name, None)
        self._forget(name)
        self._wake.set()

    def _apply(self, name: str, obj: JSONObject) -> None:
        self._known[name] = obj
        if obj["spec"].get("service") is None:
            self._forget(name)
            if not is_available(obj):
                self._checks[name] = asyncio.create_task(self._report(name, LOCAL))
            return
        pair = (obj["spec"].get("group") or "", obj["spec"]["version"])
        remote = self.remote.get(pair)
        if remote is None or (remote.uid, remote.spec) != (obj["metadata"]["uid"], obj["spec"]):
            self._forget(name)
            before, remote = remote, RemoteVersion(obj)
            if before is not None:
                remote.inherit(before)
            self.remote[pair] = remote
            self._checks[name] = asyncio.create_task(self._judge(remote))
            self.generation += 1
        if remote.available != is_available(obj):
            remote.available = is_available(obj)
            self.generation += 1

    def _forget(self, name: str) -> None:
        task = self._checks.pop(name, None)
        if task is not None:
            task.cancel()
        version, _, group = name.partition(".")
        remote = self.remote.pop((group, version), None)
        if remote is not None:
            self._proxy_client.retire(remote)
            self.generation += 1

    # -- availability -------------------------------------------------------------------------

    async def _judge(self, remote: RemoteVersion) -> None:
        """Check one remote version until cancelled; after a failure sooner than otherwise."""
        failures = 0
        while True:
            self._proxy_client.reload()
            remote.suspect = False
            try:
                verdict = await self._service_failure(remote)
                if verdict is None:
                    verdict = await check_server(self._proxy_client, remote)
                await self._report(remote.name, verdict)
                if verdict.available:
                    await self._learn(remote)
            except (StatusError, StorageError) as error:
                _LOG.warning("APIService %s cannot be checked: %s", remote.name, error)
                verdict = Verdict(False, "", "")
            failures = 0 if verdict.available else failures + 1
            await self._wait(remote, verdict, _pause_seconds(failures))

    async def _wait(self, remote: RemoteVersion, verdict: Verdict, seconds: int) -> None:
        """Wait, but not when the objects have come to say something else, or a request failed."""
        asks_server = verdict.available or verdict.reason == "FailedDiscoveryCheck"
        for _ in range(seconds):
            await asyncio.sleep(_TICK_SECONDS)
            if verdict.available and remote.suspect:
                return
            try:
                failure = await self._service_failure(remote)
                if asks_server and failure is None:
                    before = remote.addresses
                    await self._proxy_client.locate(remote)
                    if remote.addresses != before:
                        return
            except (StatusError, StorageError, RemoteError):
                return
            if failure != (None if asks_server else verdict):
                return

    async def _service_failure(self, remote: RemoteVersion) -> Verdict | None:
        namespace, name = remote.service["namespace"], remote.service["name"]
        if f"{namespace}/{name}" in self._replaced:
            return None
        lookup = self._lookup
        service = await lookup.get("", "services", namespace, name)
        slices = [
            each
            for each in await lookup.list("discovery.k8s.io", "endpointslices", namespace)
            if (each["metadata"].get("labels") or {}).get(_SERVICE_NAME) == name
        ]
        endpoints = await lookup.get("", "endpoints", namespace, name)
        return service_failure(remote.service, service, slices, endpoints)

    async def _report(self, name: str, verdict: Verdict) -> None:
        """Write the condition where it changes."""
        now = format_time(self._api.clock.now())
        known = self._known.get(name)
        if known is not None:
            status = known.get("status") or {}
            if with_verdict(status, verdict, now) is status:
                return

        def change(current: JSONObject) -> JSONObject:
            status = with_verdict(current.get("status") or {}, verdict, now)
            return {**current, "status": status}

        try:
            await self._client.update(API_SERVICES, "", name, change, "status")
        except NotFound:
            return

    async def _learn(self, remote: RemoteVersion) -> None:
        """Ask a server that answers for its discovery and OpenAPI documents."""
        before = (remote.resources, remote.openapi_v2, remote.openapi_v3)
        try:
            remote.resources = await discover(self._proxy_client, remote)
        except RemoteError as error:
            _LOG.info("APIService %s: %s", remote.name, error)
        await fetch_openapi(self._proxy_client, remote)
        if before != (remote.resources, remote.openapi_v2, remote.openapi_v3):
            self.generation += 1

    # -- requests -----------------------------------------------------------------------------

    def versions(self) -> Mapping[tuple[str, str], RemoteVersion]:
        """The group versions of other servers, by group and version."""
        return self.remote

    def find(self, info: RequestInfo) -> RemoteVersion | None:
        """Who answers a path, where it is another server."""
        if not self.remote:
            return None
        if info.group:
            return self.remote.get((info.group, info.version))
        if info.path.startswith(_OPENAPI):
            group, _, version = info.path.removeprefix(_OPENAPI).rstrip("/").partition("/")
            found = self.remote.get((group, version))
            return found if found is not None and found.openapi_v3 else None
        return None

    async def respond(self, request: Request, remote: RemoteVersion) -> Response:
        """The other server's answer."""
        if not remote.available:
            return unavailable()
        try:
            origin = await self._proxy_client.origin(remote)
        except RemoteError as error:
            _LOG.info("APIService %s: %s", remote.name, error)
            return unavailable()
        host = f"{remote.host}:{remote.port}"
        try:
            async with asyncio.timeout(_patience_seconds(request.info)):
                return await pass_on(request, origin, host, self._rules)
        except TimeoutError:
            failure = "error trying to reach service: context deadline exceeded"
        except Unreachable as error:
            failure = str(error)
        remote.suspect = True
        return unavailable(failure)


def _pause_seconds(failures: int) -> int:
    """How long to wait for the next check, by how often in a row it has failed."""
    if not failures or failures > _CHECK_SECONDS:
        return _CHECK_SECONDS
    return min(_TICK_SECONDS << (failures - 1), _CHECK_SECONDS)


def _patience_seconds(info: RequestInfo) -> float | None:
    """How long a server may take to begin its answer; None leaves it to the request's deadline."""
    if info.is_resource or info.path.strip("/").count("/") + 1 != _DISCOVERY_DEPTH:
        return None
    return _DISCOVERY_SECONDS
