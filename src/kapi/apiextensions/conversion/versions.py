"""WebhookConversion: the forms of stored custom resources at one version, made by a webhook.

A form is kept with the entry of the watch cache that it was made from, so lists and watches ask
once for each change of an object, all watches of a version share the call, and nothing has to be
thrown away: entries end with the object's next change, and all of them with the definition's.
GET of the newest object and every write ask again.
"""

from __future__ import annotations

import asyncio
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from kapi.apiextensions.conversion.webhook import OBJECTS_PER_REVIEW
from kapi.apimachinery.errors import StatusError
from kapi.storage.cacher.codec import body_of, stored_value, value_header
from kapi.storage.cacher.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kapi.apiextensions.conversion.webhook import ConversionWebhook, ConversionWebhooks
    from kapi.apiextensions.schema.structural import StructuralSchema
    from kapi.apimachinery.types import GroupVersionKind, JSONObject
    from kapi.registry.catalogue import Resource

__all__ = ["ConvertedKind", "WebhookConversion"]


@dataclass(frozen=True, slots=True)
class ConvertedKind:
    """What all versions of a definition with a webhook share.

    ``hub`` is the kind at the storage version, ``fields`` computes the values of selectable
    fields, ``at_rest`` gives the resource of a version whose objects stay at that version.
    """

    webhooks: ConversionWebhooks
    webhook: ConversionWebhook
    hub: GroupVersionKind
    schemas: Mapping[str, StructuralSchema]
    fields: Callable[[JSONObject], tuple[str, ...]]
    at_rest: Callable[[str], Resource]

    def stored_versions(self) -> dict[bytes, str]:
        """The API versions in which objects may be stored, by how their values begin."""
        found = {}
        for version in self.schemas:
            gvk = self.hub._replace(version=version)
            found[value_header(gvk.api_version, gvk.kind)] = gvk.api_version
        return found


class WebhookConversion:
    """Implements ``registry.conversion.Conversion`` for one version.

    ``stores`` is the version in which a write stores objects.
    """

    def __init__(self, kind: ConvertedKind, version: str, stores: str) -> None:
        self._kind = kind
        self._gvk = kind.hub._replace(version=version)
        self._header = value_header(self._gvk.api_version, self._gvk.kind)
        self._stores = kind.hub._replace(version=stores)
        self._stores_header = value_header(self._stores.api_version, self._stores.kind)
        self._stored_versions = kind.stored_versions()
        # Who is being asked for the form of an entry.
        self._under_way: dict[Entry, asyncio.Task[None]] = {}

    # -- reading ------------------------------------------------------------------------------

    async def views(self, entries: Sequence[Entry], *, selectable: bool = False) -> list[Entry]:
        """See the protocol."""
        missing = self._missing(entries)
        if missing:
            await self._obtain(missing)
        return [self._view(entry, selectable=selectable) for entry in entries]

    async def fresh(self, entry: Entry) -> Entry:
        """See the protocol."""
        if entry.header != self._header:
            await self._convert([entry])
        return self._view(entry)

    def body(self, entry: Entry) -> bytes:
        """See the protocol."""
        if entry.header == self._header:
            return entry.body
        found = entry.kept(self)
        assert found is not None, "views were not asked for"
        return found

    async def load(self, entry: Entry) -> JSONObject:
        """See the protocol."""
        view = await self.fresh(entry)
        obj: JSONObject = orjson.loads(view.body)
        return {"apiVersion": self._gvk.api_version, "kind": self._gvk.kind, **obj}

    def _missing(self, entries: Iterable[Entry]) -> list[Entry]:
        own = self._header
        missing = [entry for entry in entries if entry.header != own and entry.kept(self) is None]
        return list(dict.fromkeys(missing))

    async def _obtain(self, missing: list[Entry]) -> None:
        """Have forms of entries made; those that others have asked for are waited for."""
        others = {task for entry in missing if (task := self._under_way.get(entry))}
        await self._ask([entry for entry in missing if entry not in self._under_way])
        for task in others:
            try:
                await asyncio.shield(task)
            except StatusError:
                continue  # it may have failed because of objects that are not asked for here
        await self._ask(self._missing(missing))

    async def _ask(self, entries: list[Entry]) -> None:
        if not entries:
            return
        task = self._kind.webhooks.start(self._convert(entries))
        for entry in entries:
            self._under_way[entry] = task
        task.add_done_callback(lambda task: self._forget(task, entries))
        await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[None], entries: list[Entry]) -> None:
        for entry in entries:
            if self._under_way.get(entry) is task:
                del self._under_way[entry]

    async def _convert(self, entries: list[Entry]) -> None:
        """One review after the other, so that others get a turn between them."""
        for start in range(0, len(entries), OBJECTS_PER_REVIEW):
            await self._convert_some(entries[start : start + OBJECTS_PER_REVIEW])

    async def _convert_some(self, entries: list[Entry]) -> None:
        originals = [self._stored_object(entry) for entry in entries]
        converted = await self._kind.webhook.convert(originals, self._gvk.api_version)
        prune = self._kind.schemas[self._gvk.version].prune
        for entry, obj in zip(entries, converted, strict=True):
            value = stored_value(prune(obj), self._header)
            entry.keep(self, body_of(value, entry.revision, self._header))

    def _stored_object(self, entry: Entry) -> JSONObject:
        obj: JSONObject = orjson.loads(entry.body)
        return {"apiVersion": self._stored_version(entry), "kind": self._gvk.kind, **obj}

    def _stored_version(self, entry: Entry) -> str:
        """The API version of an entry; one of a store that was just replaced may be unknown."""
        return self._stored_versions.get(entry.header, self._kind.hub.api_version)

    def _view(self, entry: Entry, *, selectable: bool = False) -> Entry:
        if entry.header == self._header:
            return entry
        body = self.body(entry)
        labels: dict[str, str] | None = None
        fields: tuple[str, ...] = ()
        if selectable:
            obj = orjson.loads(body)
            labels = obj["metadata"].get("labels") or None
            fields = self._kind.fields(obj)
        return Entry(
            entry.key,
            entry.revision,
            body,
            entry.namespace,
            entry.name,
            labels,
            fields,
            self._header,
            entry.create_revision,
        )

    # -- writing ------------------------------------------------------------------------------

    async def stored(self, obj: JSONObject) -> JSONObject:
        """See the protocol."""
        if obj["apiVersion"] == self._stores.api_version:
            return obj
        converted = await self.convert(obj, self._stores.api_version)
        pruned: JSONObject = self._kind.schemas[self._stores.version].prune(converted)
        return pruned

    async def convert(self, obj: JSONObject, api_version: str) -> JSONObject:
        """See the protocol."""
        (converted,) = await self._kind.webhook.convert([obj], api_version)
        return deepcopy(obj) if converted is obj else converted

    def is_current(self, entry: Entry) -> bool:
        """See the protocol."""
        return entry.header == self._stores_header

    def at_rest(self, entry: Entry) -> Resource:
        """See the protocol."""
        return self._kind.at_rest(self._stored_version(entry).rpartition("/")[2])
