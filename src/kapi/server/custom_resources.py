"""CustomResources: brings definitions into effect while the server runs.

After each write of a CustomResourceDefinition, and before its answer is sent, names are accepted,
conditions set and the catalogue changed, so the next request finds the new resource. A definition
that is being deleted takes its instances along ("Finalizers" of CustomResourceDefinitions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apiextensions.customresource.codec import StoredCodec, metadata_reader
from kapi.apiextensions.customresource.resources import custom_resources, structural_schemas
from kapi.apiextensions.definition.approval import set_approval
from kapi.apiextensions.definition.naming import accept_names
from kapi.apiextensions.definition.strategy import CLEANUP_FINALIZER
from kapi.apiextensions.definition.versions import is_true, set_condition
from kapi.apimachinery.errors import Forbidden, NotFound
from kapi.apimachinery.types import GroupVersionResource
from kapi.registry.before_delete import DeleteOptions
from kapi.registry.keys import storage_prefix
from kapi.registry.store import ResourceStore
from kapi.storage.store import Store
from kapi.util.clock import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kapi.apiextensions.schema.structural import StructuralSchema
    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.endpoints.api import API
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext
    from kapi.storage.engine import Compare, Engine

__all__ = ["DEFINITIONS", "CustomResources", "DefinitionHooks"]

DEFINITIONS = GroupVersionResource("apiextensions.k8s.io", "v1", "customresourcedefinitions")
_IN_PROGRESS = "CustomResource deletion is in progress"


class _Served:
    """What one definition has in the catalogue."""

    __slots__ = ("mark", "resources", "terminating")

    def __init__(self, mark: tuple[object, ...], resources: list[Resource]) -> None:
        self.mark = mark
        self.resources = resources
        self.terminating = False


class CustomResources:
    """The definitions of one server, and what they serve."""

    def __init__(self, api: API, engine: Engine, client: InProcessClient) -> None:
        self._api = api
        self._engine = engine
        self._client = client
        self._read_metadata = metadata_reader(api.scheme)
        self._served: dict[str, _Served] = {}

    async def load(self) -> None:
        """Serve every definition that is in the store."""
        for definition in await self._definitions():
            await self.reconcile(definition["metadata"]["name"])

    async def _definitions(self) -> list[JSONObject]:
        return await self._client.list(DEFINITIONS) if self._client.serves(DEFINITIONS) else []

    # -- one definition -----------------------------------------------------------------------

    async def reconcile(self, name: str) -> None:
        """Bring one definition into effect; does nothing when it already is."""
        try:
            definition = await self._client.get(DEFINITIONS, "", name)
        except NotFound:
            await self._gone(name)
            return
        if "deletionTimestamp" not in definition["metadata"]:
            definition = await self._accept(definition)
        if is_true(definition, "Established"):
            await self._serve(definition)
        if "deletionTimestamp" in definition["metadata"]:
            await self._finalize(definition)

    async def _accept(self, definition: JSONObject) -> JSONObject:
        """Set names and conditions where they change."""
        now = format_time(self._api.clock.now())
        group = definition["spec"]["group"]
        others = [d for d in await self._peers(group) if d is not definition]
        status = accept_names(definition, others, now)
        set_approval(definition, status, now)
        if status == definition.get("status"):
            return definition
        return await self._set_status(definition["metadata"]["name"], status)

    async def _peers(self, group: str) -> list[JSONObject]:
        """The definitions of a group."""
        store = self._api.stores[DEFINITIONS.group_resource]
        suffix = f".{group}"
        found = await store.storage.list(predicate=lambda entry: entry.name.endswith(suffix))
        return [store.load(entry) for entry in found.entries]

    async def _set_status(self, name: str, status: JSONObject) -> JSONObject:
        def change(current: JSONObject) -> JSONObject:
            current["status"] = status
            return current

        return await self._client.update(DEFINITIONS, "", name, change, "status")

    # -- serving ------------------------------------------------------------------------------

    async def _serve(self, definition: JSONObject) -> None:
        meta = definition["metadata"]
        mark = (meta["uid"], meta.get("generation"), orjson.dumps(_accepted(definition)))
        served = self._served.get(meta["name"])
        if served is not None and served.mark == mark:
            return
        schemas = structural_schemas(
            self._loader(meta["name"]), definition["spec"], self._read_metadata
        )
        resources = custom_resources(self._api.scheme, definition, schemas)
        if served is not None:
            self._withdraw(served)
        self._served[meta["name"]] = _Served(mark, resources)
        if resources:
            await self._open(resources[0], schemas)
            self._api.catalogue.add(resources)

    def _loader(self, name: str) -> Callable[[], JSONObject]:
        """Reads the spec when a schema is first needed; until then it is not kept."""
        store = self._api.stores[DEFINITIONS.group_resource]

        def load() -> JSONObject:
            entry = store.storage.cacher.get(store.key("", name))
            if entry is None:
                return {}
            spec: JSONObject = orjson.loads(entry.body)["spec"]
            return spec

        return load

    async def _open(self, resource: Resource, schemas: Mapping[str, StructuralSchema]) -> None:
        """Make the store of a resource, in place of one with an older schema."""
        api = self._api
        strategy = resource.rules.strategy
        prefix = storage_prefix(resource.storage, custom=True)
        labels = strategy.field_labels({})
        fields = None
        if labels:

            def fields(obj: JSONObject) -> tuple[str, ...]:
                return tuple(strategy.field_labels(obj).values())

        codec = StoredCodec(prefix, resource.hub, schemas, fields)
        before = api.stores.get(resource.storage)
        api.stores[resource.storage] = ResourceStore(
            resource.hub,
            Store(self._engine, prefix, codec, clock=api.clock, ids=api.ids),
            api.admission,
            api.ids,
            InstanceHooks(self, f"{resource.resource}.{resource.group}"),
        )
        if before is not None:
            await before.storage.close()

    def _withdraw(self, served: _Served) -> None:
        self._api.catalogue.remove(served.resources)
        self._api.forget(served.resources)

    async def _gone(self, name: str) -> None:
        """Stop serving a definition that was removed; its names are free for others."""
        served = self._served.pop(name, None)
        if served is not None:
            self._withdraw(served)
            for storage in {resource.storage for resource in served.resources}:
                await self._api.stores.pop(storage).storage.close()
        _, _, group = name.partition(".")
        for other in await self._peers(group):
            if "deletionTimestamp" not in other["metadata"]:
                await self.reconcile(other["metadata"]["name"])

    # -- deletion -----------------------------------------------------------------------------

    def is_terminating(self, name: str) -> bool:
        """Whether a definition is on its way out."""
        served = self._served.get(name)
        return served is not None and served.terminating

    async def _finalize(self, definition: JSONObject) -> None:
        """Delete the instances; let the definition go when none is left."""
        meta = definition["metadata"]
        if CLEANUP_FINALIZER not in (meta.get("finalizers") or ()):
            return
        name = meta["name"]
        served = self._served.get(name)
        if served is not None and served.resources:
            first_time = not served.terminating
            served.terminating = True
            if not await self._delete_instances(served.resources[0], mark=first_time):
                await self._set_terminating(definition)
                return
        await self._release(name)

    async def _delete_instances(self, resource: Resource, *, mark: bool) -> bool:
        """Delete what is there; true when nothing is left."""
        store = self._api.stores[resource.storage]
        gvr = GroupVersionResource(resource.group, resource.version, resource.resource)
        if mark:
            for entry in (await store.storage.list()).entries:
                try:
                    await self._client.delete(gvr, entry.namespace, entry.name, DeleteOptions())
                except NotFound:
                    continue
        return await store.storage.count() == 0

    async def _set_terminating(self, definition: JSONObject) -> None:
        status = {**definition["status"]}
        now = format_time(self._api.clock.now())
        reason = "InstanceDeletionInProgress"
        if set_condition(status, "Terminating", True, reason, _IN_PROGRESS, now):
            await self._set_status(definition["metadata"]["name"], status)

    async def _release(self, name: str) -> None:
        """Take the finalizer off; the last finalizer removes the definition."""

        def change(current: JSONObject) -> JSONObject:
            meta = current["metadata"]
            meta["finalizers"] = [f for f in meta["finalizers"] if f != CLEANUP_FINALIZER]
            return current

        await self._client.update(DEFINITIONS, "", name, change)


def _accepted(definition: JSONObject) -> JSONObject:
    accepted: JSONObject = definition["status"]["acceptedNames"]
    return accepted


class _AfterWrite:
    """Acts once the write of a definition is stored."""

    guards: Sequence[Compare] = ()

    def __init__(self, hooks: DefinitionHooks, name: str) -> None:
        self._hooks = hooks
        self._name = name

    async def commit(self) -> None:
        """The definition was stored."""
        await self._hooks.reconcile(self._name)

    async def rollback(self) -> None:
        """Nothing was taken."""


class DefinitionHooks:
    """Implements ``registry.hooks.WriteHooks`` for CustomResourceDefinitions."""

    def __init__(self) -> None:
        self.custom_resources: CustomResources | None = None  # given once the server is complete

    async def reconcile(self, name: str) -> None:
        """Bring a definition into effect."""
        if self.custom_resources is not None:
            await self.custom_resources.reconcile(name)

    async def begin_create(self, context: RequestContext, obj: JSONObject) -> _AfterWrite:
        """Act when the definition is stored."""
        return _AfterWrite(self, obj["metadata"].get("name", ""))

    async def begin_update(
        self, context: RequestContext, obj: JSONObject, live: JSONObject
    ) -> _AfterWrite:
        """Act when the change is stored."""
        return _AfterWrite(self, live["metadata"]["name"])

    async def after_mark(self, obj: JSONObject) -> None:
        """Remove the instances of a definition that is being deleted."""
        await self.reconcile(obj["metadata"]["name"])

    async def after_delete(self, obj: JSONObject) -> None:
        """Stop serving."""
        await self.reconcile(obj["metadata"]["name"])


class InstanceHooks:
    """Implements ``registry.hooks.WriteHooks`` for custom resources."""

    guards: Sequence[Compare] = ()

    def __init__(self, owner: CustomResources, definition: str) -> None:
        self._owner = owner
        self._definition = definition

    async def begin_create(self, context: RequestContext, obj: JSONObject) -> InstanceHooks:
        """Refuse new instances of a definition that is being deleted."""
        if self._owner.is_terminating(self._definition):
            resource, _, group = self._definition.partition(".")
            why = "create not allowed while custom resource definition is terminating"
            raise Forbidden.resource(group, resource, obj["metadata"].get("name", ""), why)
        return self

    async def begin_update(
        self, context: RequestContext, obj: JSONObject, live: JSONObject
    ) -> InstanceHooks:
        """Nothing is taken."""
        return self

    async def commit(self) -> None:
        """Nothing was taken."""

    async def rollback(self) -> None:
        """Nothing was taken."""

    async def after_mark(self, obj: JSONObject) -> None:
        """An instance waits for its finalizers."""

    async def after_delete(self, obj: JSONObject) -> None:
        """The last instance lets a definition go that is being deleted."""
        if self._owner.is_terminating(self._definition):
            await self._owner.reconcile(self._definition)
