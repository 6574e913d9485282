"""Source: a store that stands still while a snapshot is taken of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kapi.storage.engine import scope_range

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from kapi.storage.engine import Engine, KeyValue

__all__ = ["PAGE_KEYS", "EngineSource", "Source"]

# Keys read at a time: other requests go in between.
PAGE_KEYS = 500


class Source(Protocol):
    """All keys of a store as of one revision."""

    @property
    def revision(self) -> int:
        """The revision."""
        ...

    @property
    def keys(self) -> int:
        """How many keys there are."""
        ...

    def pages(self) -> AsyncIterator[Sequence[KeyValue]]:
        """The keys in order."""
        ...


class EngineSource:
    """Any engine, read at its revision of now; only compaction can get in the way."""

    def __init__(self, engine: Engine, scope: str, revision: int, keys: int) -> None:
        self._engine = engine
        self._scope = scope
        self.revision = revision
        self.keys = keys

    @classmethod
    async def of(cls, engine: Engine, scope: str = "") -> EngineSource:
        """The keys of a scope as they are now."""
        revision = await engine.current_revision()
        keys = await engine.count(*scope_range(scope), revision=revision)
        return cls(engine, scope, revision, keys)

    async def pages(self) -> AsyncIterator[Sequence[KeyValue]]:
        """The keys in order; RevisionCompacted when it took too long."""
        start, end = scope_range(self._scope)
        more = True
        while more:
            page = await self._engine.range(start, end, limit=PAGE_KEYS, revision=self.revision)
            if page.items:
                start = page.items[-1].key + "\0"
                yield page.items
            more = page.more
