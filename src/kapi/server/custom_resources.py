"""CustomResources: brings definitions into effect while the server runs.

After each write of a CustomResourceDefinition, and before its answer is sent, names are accepted,
conditions set and the catalogue changed, so the next request finds the new resource. A definition
that is being deleted takes its instances along ("Finalizers" of CustomResourceDefinitions).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import orjson

from kapi.apiextensions.customresource.codec import StoredCodec, metadata_reader
from kapi.apiextensions.customresource.functions import EXTENSION_ANNOTATION, functions_of
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
from kapi.storage.errors import StorageError
from kapi.storage.store import Store
from kapi.util.clock import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kapi.apiextensions.conversion.webhook import ConversionWebhooks
    from kapi.apiextensions.customresource.functions import ResourceFunctions
    from kapi.apiextensions.customresource.resources import CustomResourceVersions
    from kapi.apiextensions.schema.structural import StructuralSchema
    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.endpoints.api import API
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext
    from kapi.storage.engine import Compare, Engine

__all__ = ["DEFINITIONS", "CustomResources", "DefinitionHooks"]

_log = logging.getLogger(__name__)

DEFINITIONS = GroupVersionResource("apiextensions.k8s.io", "v1", "customresourcedefinitions")
# How long requests may go on to use a store with a former schema.
_RETIRED_SECONDS = 30.0
_IN_PROGRESS = "CustomResource deletion is in progress"


class _Served:
    """What one definition has in the catalogue.

    ``storage`` stands for all versions where objects are read and deleted, served or not.
    ``marked`` says that of a ``terminating`` definition every object has been deleted, or waits.
    """

    __slots__ = ("mark", "marked", "resources", "storage", "terminating")

    def __init__(
        self, mark: tuple[object, ...], resources: list[Resource], storage: Resource
    ) -> None:
        self.mark = mark
        self.resources = resources
        self.storage = storage
        self.terminating = False
        self.marked = False


class CustomResources:
    """The definitions of one server, and what they serve.

    One definition at a time is brought into effect, so that two cannot get the same names.
    """

    def __init__(
        self,
        api: API,
        engine: Engine,
        client: InProcessClient,
        webhooks: ConversionWebhooks,
        functions: Mapping[str, ResourceFunctions] | None = None,
    ) -> None:
        self._webhooks = webhooks
        self._functions = functions or {}  # by the name of the definition
        self._api = api
        self._engine = engine
        self._client = client
        self._read_metadata = metadata_reader(api.scheme)
        self._served: dict[str, _Served] = {}
        # For each group what its definitions are called, so that names are compared cheaply.
        self._names: dict[str, dict[str, JSONObject]] = {}
        self._lock = asyncio.Lock()
        self._busy: asyncio.Task[object] | None = None

    async def load(self) -> None:
        """Serve every definition that is in the store.

        One that cannot be served is in the log; it must not keep the server from starting.
        """
        if not self._client.serves(DEFINITIONS):
            return
        store = self._api.stores[DEFINITIONS.group_resource]
        entries = (await store.storage.list()).entries
        for entry in entries:
            self._remember(orjson.loads(entry.body))
        for entry in entries:
            try:
                await self.reconcile(entry.name)
            except StorageError:
                raise
            except Exception:  # noqa: BLE001 - whatever is wrong is wrong with this definition
                _log.exception("the definition %s cannot be served", entry.name)

    # -- one definition -----------------------------------------------------------------------

    async def reconcile(self, name: str) -> None:
        """Bring one definition into effect; does nothing when it already is."""
        task = asyncio.current_task()
        if self._busy is task:  # a consequence of what is being done
            await self._reconcile(name)
            return
        async with self._lock:
            self._busy = task
            try:
                await self._reconcile(name)
            finally:
                self._busy = None

    async def instance_gone(self, name: str) -> None:
        """The removal of an instance may be what a definition waits for."""
        if self.is_terminating(name) and self._busy is not asyncio.current_task():
            await self.reconcile(name)

    async def _reconcile(self, name: str) -> None:
        try:
            definition = await self._client.get(DEFINITIONS, "", name)
        except NotFound:
            await self._gone(name)
            return
        if "deletionTimestamp" not in definition["metadata"]:
            definition = await self._accept(definition)
        self._remember(definition)
        if is_true(definition, "Established"):
            await self._serve(definition)
        if "deletionTimestamp" in definition["metadata"]:
            await self._finalize(definition)

    def _remember(self, definition: JSONObject) -> None:
        meta, spec = definition["metadata"], definition["spec"]
        status = definition.get("status") or {}
        self._names.setdefault(spec["group"], {})[meta["name"]] = {
            "metadata": {"name": meta["name"]},
            "spec": {"group": spec["group"]},
            "status": {"acceptedNames": status.get("acceptedNames")},
            "waiting": not is_true(definition, "NamesAccepted"),
        }

    async def _accept(self, definition: JSONObject) -> JSONObject:
        """Set names and conditions where they change."""
        now = format_time(self._api.clock.now())
        others = self._names.get(definition["spec"]["group"], {}).values()
        status = accept_names(definition, others, now)
        set_approval(definition, status, now)
        if status == definition.get("status"):
            return definition
        return await self._set_status(definition["metadata"]["name"], status)

    async def _set_status(self, name: str, status: JSONObject) -> JSONObject:
        def change(current: JSONObject) -> JSONObject:
            current["status"] = status
            return current

        return await self._client.update(DEFINITIONS, "", name, change, "status")

    # -- serving ------------------------------------------------------------------------------

    async def _serve(self, definition: JSONObject) -> None:
        meta, status = definition["metadata"], definition["status"]
        extension = (meta.get("annotations") or {}).get(EXTENSION_ANNOTATION)
        names = orjson.dumps([status["acceptedNames"], status.get("storedVersions"), extension])
        mark = (meta["uid"], meta.get("generation"), names)
        served = self._served.get(meta["name"])
        if served is not None and served.mark == mark:
            return
        schemas = structural_schemas(
            self._loader(meta["name"]), definition["spec"], self._read_metadata
        )
        functions = functions_of(definition, self._functions)
        versions = custom_resources(
            self._api.scheme, definition, schemas, self._webhooks, functions
        )
        resources, storage = versions.served, versions.storage
        builtin = self._api.catalogue.preferred(storage.storage)
        if builtin is not None and not builtin.custom:
            return  # a resource that is part of the server stays what it is
        self._served[meta["name"]] = _Served(mark, resources, storage)
        before = self._open(versions, schemas, functions)
        if served is not None:
            self._withdraw(served)
        if resources:
            self._api.catalogue.add(resources)
        if before is not None:
            _retire(before)

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

    def _open(
        self,
        versions: CustomResourceVersions,
        schemas: Mapping[str, StructuralSchema],
        functions: ResourceFunctions | None,
    ) -> ResourceStore | None:
        """Make the store of a resource; returns the one with an older schema."""
        api, resource = self._api, versions.storage
        strategy = resource.rules.strategy
        prefix = storage_prefix(resource.storage, custom=True)
        fields = None
        if strategy.field_labels({}):

            def fields(obj: JSONObject) -> tuple[str, ...]:
                return tuple(strategy.field_labels(obj).values())

        convert = functions.convert if functions is not None and functions.converts else None
        codec = StoredCodec(
            prefix, resource.hub, schemas, fields, versions.stored_versions, convert
        )
        before = api.stores.get(resource.storage)
        api.stores[resource.storage] = ResourceStore(
            resource.hub,
            Store(self._engine, prefix, codec, clock=api.clock, ids=api.ids),
            api.admission,
            api.ids,
            InstanceHooks(self, f"{resource.resource}.{resource.group}"),
            encode=codec.encode if convert is not None else None,
            stored_versions=versions.stored_versions,
        )
        return before

    def _withdraw(self, served: _Served) -> None:
        self._api.catalogue.remove(served.resources)
        self._api.forget(served.resources)

    async def _gone(self, name: str) -> None:
        """Stop serving a definition that was removed; its names are free for others."""
        _, _, group = name.partition(".")
        others = self._names.get(group, {})
        others.pop(name, None)
        if not others:
            self._names.pop(group, None)
        served = self._served.pop(name, None)
        if served is not None:
            self._withdraw(served)
            _retire(self._api.stores.pop(served.storage.storage))
        for other in [other for other, known in others.items() if known["waiting"]]:
            await self._reconcile(other)

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
        if served is not None:
            served.terminating = True
            gone = await self._delete_instances(served.storage, mark=not served.marked)
            served.marked = True
            if not gone:
                await self._set_terminating(definition)
                return
        await self._release(name)

    async def _delete_instances(self, resource: Resource, *, mark: bool) -> bool:
        """Delete what is there; true when nothing is left."""
        store = self._api.stores[resource.storage]
        if mark:
            for entry in (await store.storage.list()).entries:
                at_rest = resource
                if resource.conversion is not None:
                    at_rest = resource.conversion.at_rest(entry)
                context = self._client.context(at_rest, entry.namespace, entry.name, "DELETE")
                try:
                    await store.delete(
                        context, at_rest, entry.name, DeleteOptions(), {}, admit=False
                    )
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

        # As a write of the status: one of the whole would judge what is about to go.
        await self._client.update(DEFINITIONS, "", name, change, "status")


def _retire(store: ResourceStore) -> None:
    """End the watches of a store that is replaced; requests that use it may finish."""
    storage = store.storage
    storage.end_watches()
    loop = asyncio.get_running_loop()
    loop.call_later(_RETIRED_SECONDS, lambda: loop.create_task(storage.close()))


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
        await self._owner.instance_gone(self._definition)
