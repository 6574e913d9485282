"""Group: transactions that are committed together, with one fsync."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.storage.sqlite.reader import first_id
from kapi.storage.transaction import evaluate

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from kapi.storage.engine import Compare, Event, KeyValue, Operation
    from kapi.storage.sqlite.writer import Row

__all__ = ["Group", "Request"]


class Request(NamedTuple):
    """A transaction that waits for its group; ``answer`` gets its revision."""

    compares: Sequence[Compare]
    operations: Sequence[Operation]
    answer: asyncio.Future[int]


class Group:
    """Judges transactions one after the other on top of the database and of each other."""

    __slots__ = ("_answers", "_lookup", "_now", "_refusals", "_state", "events", "revision")

    def __init__(self, revision: int, stored: Callable[[str], KeyValue | None], now: float) -> None:
        self.revision = revision
        self.events: list[Event] = []
        self._now = now
        # Keys that this group has changed.
        self._state: dict[str, KeyValue | None] = {}
        self._answers: list[tuple[asyncio.Future[int], int]] = []
        self._refusals: list[tuple[asyncio.Future[int], Exception]] = []

        def lookup(key: str) -> KeyValue | None:
            return self._state[key] if key in self._state else stored(key)

        self._lookup = lookup

    def __len__(self) -> int:
        return len(self._answers)

    def add(self, request: Request) -> None:
        """Judge a transaction; one that fails leaves the others alone."""
        compares, operations, answer = request
        if answer.done():
            return  # the caller went away before anything was done
        try:
            events = evaluate(compares, operations, self._lookup, self.revision + 1, self._now)
        except Exception as error:  # noqa: BLE001 - the caller waits and is told, whatever it is
            self._refusals.append((answer, error))
            return
        if events:
            self.revision += 1
            self.events += events
            for event in events:
                self._state[event.kv.key] = event.kv if event.type == "PUT" else None
        self._answers.append((answer, self.revision))

    def rows(self) -> list[Row]:
        """The rows of the log that record the group."""
        rows: list[Row] = []
        row_id = 0
        for event_type, kv, _ in self.events:
            row_id = max(row_id + 1, first_id(kv.mod_revision))
            value = kv.value if event_type == "PUT" else None
            rows.append((row_id, kv.key, kv.create_revision, kv.expires_at, value))
        return rows

    def answer(self) -> None:
        """Wake the callers: the group is on disk."""
        for answer, revision in self._answers:
            if not answer.done():
                answer.set_result(revision)
        for answer, refusal in self._refusals:
            if not answer.done():
                answer.set_exception(refusal)

    def fail(self, error: Exception) -> None:
        """Tell all callers that nothing of the group was written.

        The refused ones too: they may have failed on what the group would have written.
        """
        for answer, _ in (*self._answers, *self._refusals):
            if not answer.done():
                answer.set_exception(error)
