"""ResourceStore: create, update and delete of one resource, the same for every kind.

The order of the steps is kube-apiserver's: clients see it in which error comes first. Decisions
are made by the pure functions of ``before_create``, ``before_update`` and ``before_delete`` and
by the kind's strategy; this module awaits admission, hooks and the storage between them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import orjson

from kapi.apimachinery.errors import AlreadyExists, Conflict, NotFound, StatusError
from kapi.apimachinery.managedfields import keep_times
from kapi.apimachinery.types import JSONObject
from kapi.registry.admission import Attributes
from kapi.registry.before_create import (
    dedup_owner_references,
    fill_metadata,
    match_namespace,
    validate_create,
)
from kapi.registry.before_delete import Deletion
from kapi.registry.before_update import (
    check_resource_version,
    parse_resource_version,
    prepare_update,
    should_delete,
    validate_update,
)
from kapi.registry.storage_errors import to_status
from kapi.storage.errors import CompareFailed, KeyExists, KeyNotFound, StorageError

if TYPE_CHECKING:
    from kapi.apimachinery.types import GroupVersionKind
    from kapi.registry.admission import Admission
    from kapi.registry.before_delete import DeleteOptions
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext
    from kapi.registry.hooks import Reservation, WriteHooks
    from kapi.registry.strategy import Strategy
    from kapi.storage.cacher.entry import Entry
    from kapi.storage.engine import Compare
    from kapi.storage.store import Store
    from kapi.util.ids import IDSource

__all__ = ["MakeNew", "ResourceStore", "Written"]

# Builds the new object at the hub version out of the stored one (None: it does not exist).
# Called again with fresh state when somebody else was faster.
MakeNew: TypeAlias = Callable[[JSONObject | None], Awaitable[JSONObject]]

# How often a generated name is tried, and a write without resourceVersion against concurrent ones.
_NAME_ATTEMPTS = 8
_UPDATE_ATTEMPTS = 64


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a write.

    ``body`` is the object as JSON at the hub version without kind and apiVersion, starting with
    its brace; ``created`` and ``removed`` tell what happened to it. ``entry`` is the body's entry
    in the watch cache, whose other forms watchers share; None for what was not stored.
    """

    body: bytes
    created: bool = False
    removed: bool = False
    entry: Entry | None = None


class ResourceStore:
    """Reads and writes the objects that one resource (at all its versions) shares."""

    def __init__(
        self,
        hub: GroupVersionKind,
        storage: Store,
        admission: Admission,
        ids: IDSource,
        hooks: WriteHooks | None = None,
        ttl_seconds: float | None = None,
        encode: Callable[[JSONObject], bytes] | None = None,
        stored_versions: Mapping[bytes, str] | None = None,
    ) -> None:
        self._encode = encode  # None: as JSON
        # The API version of an entry by its header; None where all are at the hub version.
        self._stored_versions = stored_versions
        self.hub = hub
        self.storage = storage
        self._admission = admission
        self._ids = ids
        self._hooks = hooks
        self._ttl_seconds = ttl_seconds  # events live for an hour

    # -- reading ------------------------------------------------------------------------------

    def key(self, namespace: str, name: str) -> str:
        """The key under which an object is stored."""
        prefix = self.storage.prefix
        return f"{prefix}{namespace}/{name}" if namespace else f"{prefix}{name}"

    async def entry(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        not_older_than: int | None = None,
    ) -> Entry:
        """The current object; raises NotFound."""
        if not resource.namespaced:
            namespace = ""
        try:
            return await self.storage.get(self.key(namespace, name), not_older_than=not_older_than)
        except KeyNotFound:
            raise NotFound.resource(resource.group, resource.resource, name) from None
        except StorageError as error:
            raise to_status(error) from error

    async def find(self, key: str, *, not_older_than: int | None = None) -> Entry | None:
        """The current object of a key, or None; ``not_older_than`` as in ``Store.get``."""
        try:
            return await self.storage.get(key, not_older_than=not_older_than)
        except KeyNotFound:
            return None
        except StorageError as error:
            raise to_status(error) from error

    def load(self, entry: Entry) -> JSONObject:
        """The stored object as a dictionary of the caller's own, in the form it is stored in."""
        obj: JSONObject = orjson.loads(entry.body)
        if self._stored_versions is not None:
            return {"apiVersion": self._stored_versions[entry.header], "kind": self.hub.kind, **obj}
        return {"apiVersion": self.hub.api_version, "kind": self.hub.kind, **obj}

    def dump(self, obj: JSONObject) -> bytes:
        """The bytes under which an object is stored: no resourceVersion, metadata first."""
        if self._encode is not None:
            return self._encode(obj)
        meta = obj["metadata"]
        if "resourceVersion" in meta:
            meta = {k: v for k, v in meta.items() if k != "resourceVersion"}
        api_version = obj["apiVersion"] if self._stored_versions else self.hub.api_version
        out = {"apiVersion": api_version, "kind": self.hub.kind, "metadata": meta}
        for name, value in obj.items():
            if name not in out:
                out[name] = value
        return orjson.dumps(out)

    def _value(self, obj: JSONObject) -> bytes:
        """``dump`` for a write that follows at once."""
        value = self.dump(obj)
        self.storage.codec.note(value, obj)
        return value

    async def _live(self, resource: Resource, entry: Entry) -> JSONObject:
        """The stored object as rules see it."""
        if resource.conversion is not None:
            return await resource.conversion.load(entry)
        return self.load(entry)

    async def _shown(self, resource: Resource, entry: Entry, *, created: bool = False) -> Written:
        """The outcome that leaves this entry."""
        if resource.conversion is not None:
            (entry,) = await resource.conversion.views((entry,))
        return Written(entry.body, created=created, entry=entry)

    async def _tried(
        self, resource: Resource, obj: JSONObject, *, created: bool = False
    ) -> Written:
        """The outcome of a dry run: ``obj`` as it would come back from the store."""
        if resource.conversion is not None:
            stored = await resource.conversion.stored(obj)
            obj = await resource.conversion.convert(stored, resource.api_version)
        return Written(self.body(obj), created=created)

    @staticmethod
    def body(obj: JSONObject) -> bytes:
        """What ``Written.body`` holds for an object that was not stored (dry run)."""
        return orjson.dumps({k: v for k, v in obj.items() if k not in {"apiVersion", "kind"}})

    # -- create -------------------------------------------------------------------------------

    async def create(
        self,
        context: RequestContext,
        resource: Resource,
        obj: JSONObject,
        options: JSONObject,
        *,
        mutate: bool = True,
    ) -> Written:
        """Create one object; ``obj`` is at the hub version and changed in place."""
        strategy = resource.rules.strategy
        attributes = Attributes(
            context, resource, "CREATE", context.subresource, obj, None, options
        )
        if mutate:
            await self._admission.mutate(attributes)
            match_namespace(resource, obj["metadata"], context.namespace)
        meta = obj["metadata"]
        dedup_owner_references(context, meta)
        generated = bool(meta.get("generateName")) and not meta.get("name")
        for attempt in range(_NAME_ATTEMPTS):
            fill_metadata(meta, context, strategy, self._ids)
            reservation = await self._begin_create(context, obj)
            try:
                strategy.prepare_for_create(context, obj)
                validate_create(resource, context, strategy, obj)
                await self._admission.validate(attributes)
                _refuse_resource_version(meta)
                written = await self._insert(context, resource, obj, _guards(reservation))
            except AlreadyExists:
                await _give_back(reservation)
                if not generated or attempt == _NAME_ATTEMPTS - 1:
                    raise
                meta.pop("name")
                continue
            except BaseException:
                await _give_back(reservation)
                raise
            await _settle(reservation, keep=not context.dry_run)
            return written
        raise AssertionError("unreachable")

    async def _begin_create(self, context: RequestContext, obj: JSONObject) -> Reservation | None:
        if self._hooks is None or context.subresource:
            return None
        return await self._hooks.begin_create(context, obj)

    async def _insert(
        self,
        context: RequestContext,
        resource: Resource,
        obj: JSONObject,
        guards: Sequence[Compare],
    ) -> Written:
        meta = obj["metadata"]
        meta.pop("resourceVersion", None)
        key = self.key(meta.get("namespace", ""), meta["name"])
        if context.dry_run:
            if await self.find(key) is not None:
                raise await self._exists(resource, key, meta)
            return await self._tried(resource, obj, created=True)
        if resource.conversion is not None:
            obj = await resource.conversion.stored(obj)
        try:
            entry = await self.storage.create(
                key, self._value(obj), ttl_seconds=self._ttl_seconds, guards=guards
            )
        except KeyExists:
            raise await self._exists(resource, key, meta) from None
        except StorageError as error:
            raise to_status(error) from error
        return await self._shown(resource, entry, created=True)

    async def _exists(self, resource: Resource, key: str, meta: JSONObject) -> AlreadyExists:
        error = AlreadyExists.resource(resource.group, resource.resource, meta["name"])
        if meta.get("generateName"):
            details = {**(error.details or {}), "retryAfterSeconds": 1}
            return AlreadyExists(
                f"{error.message}, the server was not able to generate a unique name "
                "for the object",
                details,
            )
        entry = await self.find(key)
        if entry is not None and b'"deletionTimestamp":"' in entry.body:
            live = self.load(entry)
            if "deletionTimestamp" in live["metadata"]:
                return AlreadyExists(f"object is being deleted: {error.message}", error.details)
        return error

    # -- update -------------------------------------------------------------------------------

    async def update(
        self,
        context: RequestContext,
        resource: Resource,
        strategy: Strategy,
        name: str,
        make_new: MakeNew,
        options: JSONObject,
        *,
        create: bool = False,
        uid: str = "",
    ) -> Written:
        """Replace one object by what ``make_new`` makes of it.

        ``create`` lets a missing object be created. ``uid`` is a precondition. Raises NotFound,
        Conflict, Invalid and whatever admission raises.
        """
        key = self.key(context.namespace if resource.namespaced else "", name)
        for _ in range(_UPDATE_ATTEMPTS):
            entry = await self.find(key)
            live = None if entry is None else await self._live(resource, entry)
            if live is None and not create:
                raise NotFound.resource(resource.group, resource.resource, name)
            self._check_uid(resource, name, key, uid, live)
            if live is None or entry is None:
                obj = await make_new(None)
                parse_resource_version(obj["metadata"].pop("resourceVersion", ""))
                context.operation = "CREATE"
                return await self.create(context, resource, obj, options)
            obj = await make_new(live)
            try:
                return await self._replace(context, resource, strategy, entry, obj, live, options)
            except CompareFailed:
                continue
            except StorageError as error:
                raise to_status(error) from error
        why = "the object is changed too often by others"
        raise Conflict.resource(resource.group, resource.resource, name, why)

    def _check_uid(
        self, resource: Resource, name: str, key: str, uid: str, live: JSONObject | None
    ) -> None:
        found = "" if live is None else live["metadata"].get("uid", "")
        if not uid or uid == found:
            return
        why = (
            f"StorageError: invalid object, Code: 4, Key: {key}, "
            "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: "
            f"UID in precondition: {uid}, UID in object meta: {found}"
        )
        raise Conflict.resource(resource.group, resource.resource, name, why)

    async def _replace(
        self,
        context: RequestContext,
        resource: Resource,
        strategy: Strategy,
        entry: Entry,
        obj: JSONObject,
        live: JSONObject,
        options: JSONObject,
    ) -> Written:
        attributes = Attributes(
            context, resource, "UPDATE", context.subresource, obj, live, options
        )
        await self._admission.mutate(attributes)
        dedup_owner_references(context, obj["metadata"])
        check_resource_version(resource, strategy, obj, live)
        reservation: Reservation | None = None
        if self._hooks is not None and not context.subresource:
            reservation = await self._hooks.begin_update(context, obj, live)
        try:
            prepare_update(context, strategy, obj, live)
            validate_update(resource, context, strategy, obj, live)
            await self._admission.validate(attributes)
            guards = _guards(reservation)
            written = await self._write_back(context, resource, strategy, entry, obj, live, guards)
        except BaseException:
            await _give_back(reservation)
            raise
        await _settle(reservation, keep=not context.dry_run)
        return written

    async def _write_back(
        self,
        context: RequestContext,
        resource: Resource,
        strategy: Strategy,
        entry: Entry,
        obj: JSONObject,
        live: JSONObject,
        guards: Sequence[Compare],
    ) -> Written:
        obj["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
        if should_delete(strategy, obj, live):
            return await self._remove(context, entry, obj)
        unchanged = obj == live or _only_times_differ(obj, live)
        if unchanged and self._is_current(resource, entry):
            return await self._shown(resource, entry)
        if context.dry_run:
            return await self._tried(resource, obj)
        if resource.conversion is not None:
            obj = await resource.conversion.stored(obj)
        entry = await self.storage.replace(
            entry, self._value(obj), ttl_seconds=self._ttl_seconds, guards=guards
        )
        return await self._shown(resource, entry)

    def _is_current(self, resource: Resource, entry: Entry) -> bool:
        """Whether an entry is stored as a write would store it today."""
        if resource.conversion is not None and not resource.conversion.is_current(entry):
            return False
        if resource.custom and not entry.header:
            return False  # stored in a version that was the storage version once
        return not self.storage.is_stale(entry.key)

    # -- delete -------------------------------------------------------------------------------

    async def delete(
        self,
        context: RequestContext,
        resource: Resource,
        name: str,
        options: DeleteOptions,
        raw_options: JSONObject,
        mark: Callable[[JSONObject], Deletion] | None = None,
        named: str = "",
        admit: bool = True,
    ) -> Written:
        """Delete one object, or mark it where grace or finalizers hold it.

        ``mark`` replaces the generic decision (namespaces have their own), ``named`` is what
        errors about preconditions call the object, its kind if empty. Without ``admit`` nobody
        is asked: the object goes along with something else whose deletion was admitted.
        """
        strategy = resource.rules.strategy
        key = self.key(context.namespace if resource.namespaced else "", name)
        for _ in range(_UPDATE_ATTEMPTS):
            entry = await self.find(key)
            if entry is None:
                raise NotFound.resource(resource.group, resource.resource, name)
            live = self.load(entry)
            strategy.check_preconditions(
                resource, named or resource.kind, live["metadata"], options
            )
            if admit:
                await self._admit_deletion(context, resource, entry, live, raw_options)
            obj = self.load(entry)
            decision = mark(obj) if mark else strategy.mark_for_deletion(context, obj, options)
            try:
                return await self._carry_out(context, resource, entry, obj, live, decision)
            except (CompareFailed, KeyNotFound):
                continue
            except StorageError as error:
                raise to_status(error) from error
        raise Conflict.resource(resource.group, resource.resource, name, "it changes too often")

    async def _admit_deletion(
        self,
        context: RequestContext,
        resource: Resource,
        entry: Entry,
        live: JSONObject,
        raw_options: JSONObject,
    ) -> None:
        if resource.conversion is not None:  # what is written stays in the form that is stored
            (view,) = await resource.conversion.views((entry,))
            live = {**_type_meta(resource.hub), **orjson.loads(view.body)}
        attributes = Attributes(context, resource, "DELETE", "", None, live, raw_options)
        await self._admission.mutate(attributes)
        await self._admission.validate(attributes)

    async def _carry_out(
        self,
        context: RequestContext,
        resource: Resource,
        entry: Entry,
        obj: JSONObject,
        live: JSONObject,
        decision: Deletion,
    ) -> Written:
        if decision is Deletion.PENDING:
            return await self._shown(resource, entry)
        if decision is not Deletion.NOW and obj != live:
            if not context.dry_run:
                entry = await self.storage.replace(entry, self._value(obj))
                if self._hooks is not None and decision is Deletion.MARK:
                    await self._hooks.after_mark(obj)
            elif decision is Deletion.MARK:
                return await self._tried(resource, obj)
        if decision is Deletion.MARK:
            return await self._shown(resource, entry)
        return await self._remove(context, entry, obj)

    async def _remove(self, context: RequestContext, entry: Entry, obj: JSONObject) -> Written:
        if context.dry_run:
            return Written(self.body(obj), removed=True)
        removed = await self.storage.replace(entry, None)
        if self._hooks is not None:
            await self._hooks.after_delete(obj)
        obj["metadata"]["resourceVersion"] = str(removed.revision)
        return Written(self.body(obj), removed=True)


def _type_meta(gvk: GroupVersionKind) -> JSONObject:
    return {"apiVersion": gvk.api_version, "kind": gvk.kind}


def _only_times_differ(obj: JSONObject, live: JSONObject) -> bool:
    """Whether nothing changed but the times in managedFields: then nothing is written."""
    if len(obj) != len(live) or any(live.get(k) != v for k, v in obj.items() if k != "metadata"):
        return False
    meta, live_meta = obj["metadata"], live["metadata"]
    if any(live_meta.get(k) != v for k, v in meta.items() if k != "managedFields"):
        return False
    keep_times(live, obj)
    return bool(meta == live_meta)


def _refuse_resource_version(meta: JSONObject) -> None:
    try:
        number = parse_resource_version(meta.get("resourceVersion", ""))
    except StatusError:
        return  # what is no version says nothing
    if number:
        raise StatusError("resourceVersion should not be set on objects to be created", code=500)


def _guards(reservation: Reservation | None) -> Sequence[Compare]:
    return () if reservation is None else reservation.guards


async def _settle(reservation: Reservation | None, *, keep: bool) -> None:
    if reservation is not None:
        await (reservation.commit() if keep else reservation.rollback())


async def _give_back(reservation: Reservation | None) -> None:
    if reservation is not None:
        await reservation.rollback()
