"""The FlowSchema status controller: the condition ``Dangling``.

Implements "Status" of the API Priority and Fairness documentation: whether the priority level that
a FlowSchema names exists. It is a part of the API server, so ``--controllers`` does not choose it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery.errors import NotFound
from kapi.apimachinery.field import quote
from kapi.apimachinery.types import GroupResource, GroupVersionResource
from kapi.client.apply import apply
from kapi.controllers.work_queue import WorkQueue
from kapi.registry.keys import storage_prefix
from kapi.util.clock import format_time

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.controllers.object_keys import ObjectKeys
    from kapi.endpoints.api import API

__all__ = ["FlowSchemaStatusController", "dangling_condition"]

_GROUP = "flowcontrol.apiserver.k8s.io"
_SCHEMAS = storage_prefix(GroupResource(_GROUP, "flowschemas"))
_LEVELS = storage_prefix(GroupResource(_GROUP, "prioritylevelconfigurations"))
_VERSIONS = ("v1", "v1beta3")
_TYPE = "Dangling"


def dangling_condition(flow_schema: JSONObject, *, exists: bool, now: str) -> JSONObject | None:
    """The condition that a FlowSchema should have; None when it has it.

    Its time changes with its status.
    """
    conditions = (flow_schema.get("status") or {}).get("conditions") or ()
    known: JSONObject = next((each for each in conditions if each.get("type") == _TYPE), {})
    name = quote(flow_schema["spec"]["priorityLevelConfiguration"]["name"])
    what = f"This FlowSchema references the PriorityLevelConfiguration object named {name}"
    status = "False" if exists else "True"
    wanted = {
        "type": _TYPE,
        "status": status,
        "lastTransitionTime": known.get("lastTransitionTime") or now,
        "reason": "Found" if exists else "NotFound",
        "message": f"{what} {'and it exists' if exists else 'but there is no such object'}",
    }
    if known == wanted:
        return None
    return {**wanted, "lastTransitionTime": now} if known.get("status") != status else wanted


class FlowSchemaStatusController:
    """Follows FlowSchemas, and priority levels that come and go."""

    name: ClassVar[str] = "flow-schema-status-controller"
    aliases: ClassVar[tuple[str, ...]] = ()
    prefixes: ClassVar[tuple[str, ...]] = (_SCHEMAS, _LEVELS)
    user: ClassVar[str] = "system:apiserver"

    def __init__(self, api: API, client: InProcessClient, _keys: ObjectKeys) -> None:
        self._api = api
        self._client = client
        self._names: set[str] = set()
        self._levels: set[str] = set()
        self.queue: WorkQueue[str] = WorkQueue(self._sync, workers=1, name=self.name)

    def reset(self) -> None:
        """Forget everything and wait."""
        self.queue.pause()
        self._names.clear()
        self._levels.clear()

    def synced(self) -> None:
        """All are known: act."""
        self.queue.start()

    def observe(self, key: str, value: bytes | None) -> None:
        """Follow one change."""
        if key.startswith(_SCHEMAS):
            _keep(self._names, key[len(_SCHEMAS) :], there=value is not None)
            self.queue.add(key[len(_SCHEMAS) :])
        elif _keep(self._levels, key[len(_LEVELS) :], there=value is not None):
            for name in self._names:
                self.queue.add(name)

    async def _sync(self, name: str) -> None:
        gvr = self._resource()
        if name not in self._names or gvr is None:
            return
        try:
            flow_schema = await self._client.get(gvr, "", name)
            exists = flow_schema["spec"]["priorityLevelConfiguration"]["name"] in self._levels
            now = format_time(self._api.clock.now())
            condition = dangling_condition(flow_schema, exists=exists, now=now)
            if condition is None:
                return
            applied: JSONObject = {
                "apiVersion": f"{_GROUP}/{gvr.version}",
                "kind": "FlowSchema",
                "metadata": {"name": name},
                "status": {"conditions": [condition]},
            }
            manager = f"api-priority-and-fairness-config-consumer-{gvr.version}"
            await apply(self._api, self._client, gvr, applied, manager, "status")
        except NotFound:
            return

    def _resource(self) -> GroupVersionResource | None:
        """FlowSchemas at the newest version served."""
        versions = [GroupVersionResource(_GROUP, version, "flowschemas") for version in _VERSIONS]
        return next((gvr for gvr in versions if self._client.serves(gvr)), None)


def _keep(names: set[str], name: str, *, there: bool) -> bool:
    """Add or remove a name; whether that changed anything."""
    if (name in names) == there:
        return False
    if there:
        names.add(name)
    else:
        names.discard(name)
    return True
