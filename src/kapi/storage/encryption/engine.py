"""EncryptedEngine: an engine whose values are encrypted in the store below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.storage.encryption.ciphers import CipherError
from kapi.storage.engine import Engine, EventBatch, Put, RangeResult
from kapi.storage.errors import CompareFailed, Corrupt, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.storage.encryption.transformer import Transformer, Transformers
    from kapi.storage.engine import (
        Compare,
        Event,
        KeyValue,
        Operation,
        Receiver,
        Subscription,
    )
    from kapi.storage.errors import StorageError

__all__ = ["EncryptedEngine"]

# Folders whose transformer is remembered; namespaces come and go.
_MAX_FOLDERS = 4096


class EncryptedEngine(Engine):
    """Encrypts what is written and decrypts what is read.

    ``resource_of`` tells which resource a key belongs to as (group, resource), None for keys that
    hold no object: those are left alone. ``context_of`` is what is authenticated with a value:
    the key as it is stored.
    """

    def __init__(
        self,
        engine: Engine,
        transformers: Transformers,
        resource_of: Callable[[str], tuple[str, str] | None],
        context_of: Callable[[str], bytes] = str.encode,
    ) -> None:
        self._engine = engine
        self._transformers = transformers
        self._resource_of = resource_of
        self._context_of = context_of
        self._by_folder: dict[str, Transformer | None] = {}
        # Keys whose stored form is not what writing them now would make of them.
        self._stale: set[str] = set()
        # After a change of the configuration everything is, but for what was written since.
        self._written_since: set[str] | None = None
        # Own writes on their way through the engine: what is stored -> the value.
        self._under_way: dict[bytes, bytes] = {}

    def use(self, transformers: Transformers) -> None:
        """Encrypt and decrypt by another configuration from now on."""
        self._transformers = transformers
        self._by_folder.clear()
        self._written_since = set()

    def is_stale(self, key: str) -> bool:
        """Whether an object should be written again though it does not change."""
        if self._written_since is not None and key not in self._written_since:
            transformer = self._transformer(key)
            return transformer is not None and not transformer.is_identity
        return key in self._stale

    @property
    def revision(self) -> int:
        """The newest revision that this process has been told of."""
        return self._engine.revision

    @property
    def problem(self) -> str:
        """What keeps the store from working."""
        return self._engine.problem

    async def current_revision(self) -> int:
        """The newest committed revision of the whole store."""
        return await self._engine.current_revision()

    async def txn(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations, with their values encrypted."""
        stored: list[Operation] = []
        for operation in operations:
            if isinstance(operation, Put):
                data = self._encrypted(operation.key, operation.value)
                self._under_way[data] = operation.value
                stored.append(operation._replace(value=data))
            else:
                stored.append(operation)
        try:
            return await self._engine.txn(compares, stored)
        except CompareFailed as error:
            current = None if error.current is None else self._decrypted(error.current)
            raise CompareFailed(error.key, error.expected, current) from None
        finally:
            for operation in stored:
                if isinstance(operation, Put):
                    self._under_way.pop(operation.value, None)

    async def get(self, key: str, *, revision: int = 0) -> KeyValue | None:
        """One key, decrypted."""
        found = await self._engine.get(key, revision=revision)
        return None if found is None else self._decrypted(found)

    async def range(
        self, start: str, end: str, *, limit: int = 0, revision: int = 0
    ) -> RangeResult:
        """Keys in order, decrypted."""
        found = await self._engine.range(start, end, limit=limit, revision=revision)
        return RangeResult(
            [self._decrypted(item) for item in found.items], found.more, found.revision
        )

    async def count(self, start: str, end: str, *, revision: int = 0) -> int:
        """How many keys ``range`` would find without a limit."""
        return await self._engine.count(start, end, revision=revision)

    async def watch(self, prefix: str, from_revision: int, receiver: Receiver) -> Subscription:
        """Deliver every change, decrypted."""
        return await self._engine.watch(prefix, from_revision, _Receiver(receiver, self))

    async def compact(self, revision: int) -> None:
        """Forget states before ``revision`` and changes up to it."""
        await self._engine.compact(revision)

    async def close(self) -> None:
        """Close the store below."""
        await self._engine.close()

    # -- values -------------------------------------------------------------------------------

    def _transformer(self, key: str) -> Transformer | None:
        folder = key[: key.rfind("/") + 1]
        if folder in self._by_folder:
            return self._by_folder[folder]
        resource = self._resource_of(key)
        found = None if resource is None else self._transformers.of(*resource)
        if len(self._by_folder) >= _MAX_FOLDERS:
            self._by_folder.clear()
        self._by_folder[folder] = found
        return found

    def _encrypted(self, key: str, value: bytes) -> bytes:
        transformer = self._transformer(key)
        if transformer is None:
            return value
        try:
            return transformer.to_storage(value, self._context_of(key))
        except CipherError as error:
            raise Unavailable(f'unable to transform key "{key}": {error}') from error

    def _decrypted(self, kv: KeyValue) -> KeyValue:
        key, data = kv.key, kv.value
        transformer = self._transformer(key)
        if transformer is None:
            return kv
        own = self._under_way.get(data) if self._under_way else None
        if own is not None:
            self._note(key, is_stale=False)
            return kv._replace(value=own)
        try:
            value, is_stale = transformer.from_storage(data, self._context_of(key))
        except CipherError as error:
            raise Corrupt(f'unable to transform key "{key}": {error}') from error
        self._note(key, is_stale=is_stale)
        return kv._replace(value=value)

    def _note(self, key: str, *, is_stale: bool) -> None:
        if is_stale:
            self._stale.add(key)
            return
        self._stale.discard(key)
        if self._written_since is not None:
            self._written_since.add(key)

    def decrypted_event(self, event: Event) -> Event:
        """An event with its values decrypted.

        The value before the change is an empty one when it cannot be read any more: nobody is to
        be kept from a new object by the old one.
        """
        previous = event.previous
        if previous is not None:
            try:
                previous = self._decrypted(previous)
            except Corrupt:
                previous = previous._replace(value=b"")
        if event.type == "PUT":
            return event._replace(kv=self._decrypted(event.kv), previous=previous)
        self._stale.discard(event.kv.key)
        return event._replace(previous=previous)


class _Receiver:
    """Passes on what is delivered in the clear."""

    def __init__(self, receiver: Receiver, engine: EncryptedEngine) -> None:
        self._receiver = receiver
        self._engine = engine

    def deliver(self, batch: EventBatch) -> bool:
        decrypted = self._engine.decrypted_event
        events = [decrypted(event) for event in batch.events]
        return self._receiver.deliver(EventBatch(batch.revision, events))

    def closed(self, error: StorageError) -> None:
        self._receiver.closed(error)
