"""Registration: the local APIServices, one for each group version that this server serves.

Those of built-in groups are made right at the start and are the administrator's afterwards. Those
of CustomResourceDefinitions come and go with them, and are put back when somebody changes them;
without the label they are left alone.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import AlreadyExists, NotFound, StatusError
from kapi.apimachinery.types import GroupVersionResource
from kapi.registry.priorities import group_priority, version_priority
from kapi.storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping

    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.registry.catalogue import Catalogue

__all__ = ["API_SERVICES", "AUTOMANAGED", "Registration", "local_api_service"]

API_SERVICES = GroupVersionResource("apiregistration.k8s.io", "v1", "apiservices")
AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged"
_AT_START = "onstart"
_ALWAYS = "true"
# The group of APIServices themselves is not registered with them.
_OWN_GROUP = API_SERVICES.group

_LOG = logging.getLogger(__name__)


def local_api_service(group: str, version: str, *, custom: bool) -> JSONObject:
    """The APIService of a group version that this server serves itself."""
    spec: JSONObject = {"group": group} if group else {}
    spec["version"] = version
    spec["groupPriorityMinimum"] = group_priority(group, custom=custom)
    spec["versionPriority"] = version_priority(group, version, custom=custom)
    labels = {AUTOMANAGED: _ALWAYS if custom else _AT_START}
    return {"metadata": {"name": f"{version}.{group}", "labels": labels}, "spec": spec}


class Registration:
    """Keeps the local APIServices of one server."""

    def __init__(self, client: InProcessClient, catalogue: Catalogue) -> None:
        self._client = client
        self._catalogue = catalogue
        self._builtin = {
            (resource.group, resource.version)
            for resource in catalogue.all()
            if not resource.custom and resource.group != _OWN_GROUP
        }

    async def register(self, known: Mapping[str, JSONObject]) -> None:
        """Bring the APIServices of built-in groups about; ``known`` are all that exist."""
        wanted = {
            obj["metadata"]["name"]: obj
            for obj in (local_api_service(*pair, custom=False) for pair in self._builtin)
        }
        await self._sync(known, wanted, _AT_START)

    async def follow(self, known: Mapping[str, JSONObject]) -> None:
        """Bring the APIServices of custom resources about."""
        wanted: dict[str, JSONObject] = {}
        for group in self._catalogue.groups():
            for version in self._catalogue.versions(group):
                if group != _OWN_GROUP and (group, version) not in self._builtin:
                    obj = local_api_service(group, version, custom=True)
                    wanted[obj["metadata"]["name"]] = obj
        await self._sync(known, wanted, _ALWAYS)

    async def _sync(
        self, known: Mapping[str, JSONObject], wanted: Mapping[str, JSONObject], label: str
    ) -> None:
        steps: list[Awaitable[None]] = []
        for name, obj in wanted.items():
            found = known.get(name)
            if found is None:
                steps.append(self._create(obj))
            elif _managed_by(found, label) and found["spec"] != obj["spec"]:
                steps.append(self._put_back(name, obj["spec"]))
        for name, found in known.items():
            if _managed_by(found, label) and name not in wanted:
                steps.append(self._delete(name))
        await _all(steps)

    async def _create(self, obj: JSONObject) -> None:
        try:
            await self._client.create(API_SERVICES, "", obj)
        except AlreadyExists:
            return

    async def _put_back(self, name: str, spec: JSONObject) -> None:
        def change(current: JSONObject) -> JSONObject:
            return {**current, "spec": dict(spec)}

        try:
            await self._client.update(API_SERVICES, "", name, change)
        except NotFound:
            return

    async def _delete(self, name: str) -> None:
        try:
            await self._client.delete(API_SERVICES, "", name)
        except NotFound:
            return


def _managed_by(api_service: JSONObject, label: str) -> bool:
    labels = api_service["metadata"].get("labels") or {}
    return bool(labels.get(AUTOMANAGED) == label)


async def _all(steps: Iterable[Awaitable[None]]) -> None:
    """Do all at once, so that the store takes them together; failures are logged."""
    for result in await asyncio.gather(*steps, return_exceptions=True):
        if isinstance(result, StatusError | StorageError):
            _LOG.warning("a local APIService cannot be kept: %s", result)
        elif isinstance(result, BaseException):
            raise result
