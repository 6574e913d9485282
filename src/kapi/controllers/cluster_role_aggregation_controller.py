"""Cluster role aggregation: the rules of a ClusterRole with an aggregationRule.

Implements "Aggregated ClusterRoles" of the RBAC documentation: they are the rules of all
ClusterRoles that its selectors match, by name, each once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import orjson

from kapi.apimachinery.errors import NotFound
from kapi.apimachinery.labels import selector_from_label_selector
from kapi.apimachinery.types import GroupVersionResource
from kapi.controllers.work_queue import WorkQueue
from kapi.registry.keys import storage_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient

__all__ = ["ClusterRoleAggregationController", "aggregated_rules"]

_CLUSTER_ROLES = GroupVersionResource("rbac.authorization.k8s.io", "v1", "clusterroles")
_KEYS = storage_prefix(_CLUSTER_ROLES.group_resource)


def aggregated_rules(role: JSONObject, roles: Iterable[JSONObject]) -> list[JSONObject]:
    """The rules that a role should have by its aggregationRule."""
    selectors = [
        selector_from_label_selector(selector)
        for selector in (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
    ]
    rules: list[JSONObject] = []
    for other in sorted(roles, key=lambda each: str(each["metadata"]["name"])):
        meta = other["metadata"]
        if meta["name"] == role["metadata"]["name"]:
            continue
        labels = meta.get("labels") or {}
        if any(selector.matches(labels) for selector in selectors):
            rules += [rule for rule in other.get("rules") or () if rule not in rules]
    return rules


class ClusterRoleAggregationController:
    """Follows all ClusterRoles; any change may concern every role that aggregates."""

    name: ClassVar[str] = "clusterrole-aggregation-controller"
    aliases: ClassVar[tuple[str, ...]] = ("clusterrole-aggregation",)
    prefixes: ClassVar[tuple[str, ...]] = (_KEYS,)
    user: ClassVar[str] = "clusterrole-aggregation-controller"

    def __init__(self, client: InProcessClient) -> None:
        self._client = client
        self._aggregating: set[str] = set()
        self.queue: WorkQueue[str] = WorkQueue(self._sync, workers=1, name=self.name)

    def reset(self) -> None:
        """Forget everything and wait."""
        self.queue.pause()
        self._aggregating.clear()

    def synced(self) -> None:
        """All roles are known: act."""
        self.queue.start()

    def observe(self, key: str, value: bytes | None) -> None:
        """Follow one change."""
        name = key[len(_KEYS) :]
        if value is not None and orjson.loads(value).get("aggregationRule") is not None:
            self._aggregating.add(name)
        else:
            self._aggregating.discard(name)
        for each in self._aggregating:
            self.queue.add(each)

    async def _sync(self, name: str) -> None:
        roles = await self._client.list(_CLUSTER_ROLES)
        role = next((each for each in roles if each["metadata"]["name"] == name), None)
        if role is None or role.get("aggregationRule") is None:
            return
        rules = aggregated_rules(role, roles)
        if rules == (role.get("rules") or []):
            return

        def change(current: JSONObject) -> JSONObject:
            return {**current, "rules": rules}

        try:
            await self._client.update(_CLUSTER_ROLES, "", name, change)
        except NotFound:
            return
