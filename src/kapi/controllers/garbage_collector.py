"""Garbage collector: deletes objects whose owners are gone, and carries out deletion policies.

Implements "Garbage collection" and "Owners and Dependents" of the documentation:

    background  the owner is gone: its dependents follow
    foreground  the owner waits for the dependents with blockOwnerDeletion
    orphan      the dependents lose the reference, then the owner goes

An owner reference whose kind is not served, or that a cluster-scoped object makes to a namespaced
one, can not be resolved: the object stays. An owner in another namespace does not exist.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import orjson

from kapi.apimachinery.errors import NotFound
from kapi.controllers.owner_graph import OwnerGraph, OwnerReference
from kapi.controllers.work_queue import RetryLater, WorkQueue
from kapi.registry.before_delete import DeleteOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.controllers.object_keys import ObjectKeys, ObjectReference
    from kapi.endpoints.api import API

__all__ = ["GarbageCollector"]

_ORPHAN = "orphan"
_FOREGROUND = "foregroundDeletion"
_REFERENCES = b'"ownerReferences":[{'
_DELETED = b'"deletionTimestamp":"'
# Deletions under way at once: on a durable store those that wait together share a commit.
_WORKERS = 16


class _Owners(NamedTuple):
    """The owners of an object by what becomes of them."""

    solid: list[OwnerReference]
    dangling: list[OwnerReference]
    waiting: list[OwnerReference]


class GarbageCollector:
    """Keeps the graph of owners current and acts on what changes in it."""

    name: ClassVar[str] = "garbage-collector-controller"
    aliases: ClassVar[tuple[str, ...]] = ("garbagecollector",)
    prefixes: ClassVar[tuple[str, ...]] = ("",)
    user: ClassVar[str] = "generic-garbage-collector"

    def __init__(self, api: API, client: InProcessClient, keys: ObjectKeys) -> None:
        self._api = api
        self._client = client
        self._keys = keys
        self._graph = OwnerGraph()
        # The uid of owners that were seen alive, by key: the next dependent asks nobody.
        self._alive: dict[str, str] = {}
        # Objects with a deletion policy that is to be carried out.
        self._deleted: set[str] = set()
        self.queue: WorkQueue[str] = WorkQueue(self._sync, workers=_WORKERS, name=self.name)

    # -- what happened ------------------------------------------------------------------------

    def reset(self) -> None:
        """Forget everything and wait."""
        self.queue.pause()
        self._graph.clear()
        self._alive.clear()
        self._deleted.clear()

    def synced(self) -> None:
        """The graph is complete: act."""
        self.queue.start()

    def observe(self, key: str, value: bytes | None) -> None:
        """Follow one change."""
        if value is None:
            self._removed(key)
            return
        graph = self._graph
        known = graph.get(key)
        start = value.find(_REFERENCES)
        source = value[start : value.find(b"]", start)] if start >= 0 else b""
        if _DELETED in value:
            self._set_owners(key, source, value)
            self._deleting(key, orjson.loads(value)["metadata"])
        elif known is None:
            if source:
                self._set_owners(key, source, value)
        elif known.source != source:
            self._set_owners(key, source, value)

    def _removed(self, key: str) -> None:
        graph = self._graph
        self._alive.pop(key, None)
        self._deleted.discard(key)
        graph.foreground.discard(key)
        for owner in graph.remove(key):
            if owner.key in graph.foreground:
                self.queue.add(owner.key)
        if graph.has_dependents(key):
            self.queue.add_all(graph.dependents(key))

    def _deleting(self, key: str, meta: JSONObject) -> None:
        if "deletionTimestamp" not in meta:
            return  # the text was found elsewhere in the object
        finalizers = meta.get("finalizers") or ()
        graph = self._graph
        if _FOREGROUND in finalizers:
            self._deleted.add(key)
            if key not in graph.foreground:
                graph.foreground.add(key)
                self.queue.add_all(graph.dependents(key))
            self.queue.add(key)
            return
        graph.foreground.discard(key)
        if _ORPHAN in finalizers:
            self._deleted.add(key)
            self.queue.add(key)
        else:
            self._deleted.discard(key)

    def _set_owners(self, key: str, source: bytes, value: bytes) -> None:
        references: list[JSONObject] = []
        if source:
            references = orjson.loads(value)["metadata"].get("ownerReferences") or []
        graph = self._graph
        owners = [OwnerReference.of(r, self._owner_key(key, r)) for r in references]
        before = graph.put(key, source, owners)
        held = {(owner.key, owner.uid) for owner in owners if owner.blocks}
        for owner in before:
            if owner.key in graph.foreground and (owner.key, owner.uid) not in held:
                self.queue.add(owner.key)
        if not all(map(self._is_solid, owners)):
            self.queue.add(key)

    def _is_solid(self, owner: OwnerReference) -> bool:
        """Whether an owner is known to be alive."""
        known = self._alive.get(owner.key) == owner.uid
        return known and owner.key not in self._graph.foreground

    def _owner_key(self, key: str, reference: JSONObject) -> str:
        """Where an owner is stored; empty when that cannot be told."""
        dependent = self._keys.parse(key)
        resource = self._keys.for_kind(
            reference.get("apiVersion") or "", reference.get("kind") or ""
        )
        if dependent is None or resource is None:
            return ""
        if resource.namespaced and not dependent.namespace:
            return ""
        return self._keys.key(resource, dependent.namespace, reference.get("name") or "")

    # -- what is done about it ----------------------------------------------------------------

    async def _sync(self, key: str) -> None:
        known = self._graph.get(key)
        if key not in self._deleted and (known is None or all(map(self._is_solid, known.owners))):
            return
        found = self._keys.parse(key)
        meta = await self._metadata(key)
        if found is None or meta is None:
            return
        finalizers = meta.get("finalizers") or ()
        if "deletionTimestamp" in meta:
            if _ORPHAN in finalizers:
                await self._orphan(key, found, meta)
            elif _FOREGROUND in finalizers:
                await self._delete_in_foreground(key, found, meta)
            return
        if meta.get("ownerReferences"):
            await self._judge(key, found, meta)

    async def _metadata(self, key: str) -> JSONObject | None:
        """The metadata of the object of a key now, or None."""
        found = self._keys.parse(key)
        if found is None:
            return None
        entry = await self._api.store(found.resource).find(key)
        if entry is None:
            return None
        meta: JSONObject = orjson.loads(entry.body)["metadata"]
        return meta

    async def _judge(self, key: str, found: ObjectReference, meta: JSONObject) -> None:
        """Delete an object without a living owner; drop references to owners that are gone."""
        owners = await self._classify(key, found, meta["ownerReferences"])
        if owners is None:
            return
        if owners.solid:
            gone = {owner.uid for owner in (*owners.dangling, *owners.waiting)}
            if gone:
                await self._remove_references(found, meta["uid"], gone)
        elif owners.waiting and self._graph.has_dependents(key):
            # The owner deletes in foreground: so does everything below it.
            if any(each in self._graph.foreground for each in self._graph.dependents(key)):
                await self._unblock(found, meta["uid"])  # a circle would wait for itself
            await self._delete(found, meta, "Foreground")
        else:
            await self._delete(found, meta, _policy(meta))

    async def _classify(
        self, key: str, found: ObjectReference, references: list[JSONObject]
    ) -> _Owners | None:
        owners = _Owners([], [], [])
        for reference in references:
            resource = self._keys.for_kind(
                reference.get("apiVersion") or "", reference.get("kind") or ""
            )
            if resource is None:
                raise RetryLater(f"{reference.get('apiVersion')} {reference.get('kind')}")
            if resource.namespaced and not found.namespace:
                return None
            owner = OwnerReference.of(reference, self._owner_key(key, reference))
            self._graph.resolve(key, owner)
            meta = await self._metadata(owner.key)
            if meta is None or meta.get("uid") != owner.uid:
                owners.dangling.append(owner)
            elif "deletionTimestamp" in meta and _FOREGROUND in (meta.get("finalizers") or ()):
                owners.waiting.append(owner)
            else:
                self._alive[owner.key] = owner.uid
                owners.solid.append(owner)
        return owners

    async def _delete(self, found: ObjectReference, meta: JSONObject, policy: str) -> None:
        options = DeleteOptions(uid=meta["uid"], propagation_policy=policy)
        try:
            await self._client.delete(found.gvr, found.namespace, found.name, options)
        except NotFound:
            return

    async def _delete_in_foreground(
        self, key: str, found: ObjectReference, meta: JSONObject
    ) -> None:
        blocking = self._graph.blocking_dependents(key, meta["uid"])
        if not blocking:
            await self._remove_finalizer(found, meta["uid"], _FOREGROUND)
            return
        self.queue.add_all(each for each in blocking if each not in self._graph.foreground)

    async def _orphan(self, key: str, found: ObjectReference, meta: JSONObject) -> None:
        uid = meta["uid"]
        for dependents in _chunks(self._graph.dependents(key, uid), _WORKERS):
            references = [self._keys.parse(each) for each in dependents]
            await asyncio.gather(
                *(self._remove_references(each, "", {uid}) for each in references if each)
            )
        await self._remove_finalizer(found, uid, _ORPHAN)

    # -- changes of one object ----------------------------------------------------------------

    async def _remove_references(
        self, found: ObjectReference, uid: str, owner_uids: set[str]
    ) -> None:
        def change(meta: JSONObject) -> None:
            kept = [r for r in meta.get("ownerReferences") or () if r["uid"] not in owner_uids]
            _set(meta, "ownerReferences", kept)

        await self._update(found, uid, change)

    async def _unblock(self, found: ObjectReference, uid: str) -> None:
        def change(meta: JSONObject) -> None:
            for reference in meta.get("ownerReferences") or ():
                if reference.get("blockOwnerDeletion"):
                    reference["blockOwnerDeletion"] = False

        await self._update(found, uid, change)

    async def _remove_finalizer(self, found: ObjectReference, uid: str, finalizer: str) -> None:
        def change(meta: JSONObject) -> None:
            kept = [each for each in meta.get("finalizers") or () if each != finalizer]
            _set(meta, "finalizers", kept)

        await self._update(found, uid, change)

    async def _update(
        self, found: ObjectReference, uid: str, change: Callable[[JSONObject], None]
    ) -> None:
        """Change an object's metadata, if it is still the one with this uid."""

        def make_new(obj: JSONObject) -> JSONObject:
            meta = obj["metadata"]
            if not uid or meta.get("uid") == uid:
                change(meta)
            return obj

        try:
            await self._client.update(found.gvr, found.namespace, found.name, make_new)
        except NotFound:
            return


def _policy(meta: JSONObject) -> str:
    """How an object without owners is deleted: as it was to be deleted before, or background."""
    finalizers = meta.get("finalizers") or ()
    if _ORPHAN in finalizers:
        return "Orphan"
    return "Foreground" if _FOREGROUND in finalizers else "Background"


def _set(meta: JSONObject, member: str, values: list[JSONObject]) -> None:
    if values:
        meta[member] = values
    else:
        meta.pop(member, None)


def _chunks(keys: list[str], size: int) -> Iterable[list[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
