"""FaultyEngine: an engine whose Nth call from now on fails, once or for good."""

from __future__ import annotations

from kapi.storage.engine import Engine
from kapi.storage.errors import Unavailable


class FaultyEngine(Engine):
    """Passes everything on, but for the fault that was asked for.

    ``arm(n, for_good, outcome)`` fails the nth call, and all after it when ``for_good``. A call
    that fails "before" does nothing; one that fails "after" has done its work and cannot tell;
    "watches lost" fails before, and every running watch ends with the same error.
    """

    def __init__(self, engine):
        self._engine = engine
        self._left = 0
        self._for_good = False
        self._outcome = "before"
        self._receivers = []
        self.failed = 0

    def arm(self, call, *, for_good, outcome):
        self._left, self._for_good, self._outcome = call, for_good, outcome
        self.failed = 0

    def heal(self):
        self._left = 0

    def _fails(self):
        if not self._left:
            return False
        if self._left > 1:
            self._left -= 1
            return False
        if not self._for_good:
            self._left = 0
        self.failed += 1
        if self._outcome == "watches lost":
            receivers, self._receivers = self._receivers, []
            for receiver, subscription in receivers:
                subscription.cancel()
                receiver.closed(Unavailable("the watch was lost"))
        return True

    @property
    def below(self):
        """The engine as others see it, without faults."""
        return self._engine

    async def _call(self, method, *arguments, **options):
        if not self._fails():
            return await method(*arguments, **options)
        if self._outcome == "after":
            await method(*arguments, **options)
        raise Unavailable("the test wants it so")

    @property
    def revision(self):
        return self._engine.revision

    @property
    def problem(self):
        return self._engine.problem

    async def current_revision(self):
        return await self._call(self._engine.current_revision)

    async def txn(self, compares, operations):
        return await self._call(self._engine.txn, compares, operations)

    async def get(self, key, *, revision=0):
        return await self._call(self._engine.get, key, revision=revision)

    async def range(self, start, end, *, limit=0, revision=0):
        return await self._call(self._engine.range, start, end, limit=limit, revision=revision)

    async def count(self, start, end, *, revision=0):
        return await self._call(self._engine.count, start, end, revision=revision)

    async def watch(self, prefix, from_revision, receiver):
        if self._fails():
            raise Unavailable("the test wants it so")
        subscription = await self._engine.watch(prefix, from_revision, receiver)
        self._receivers.append((receiver, subscription))
        return subscription

    async def compact(self, revision):
        await self._call(self._engine.compact, revision)

    async def close(self):
        await self._engine.close()
