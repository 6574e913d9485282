"""RecentEvents: the last changes that a process was told of.

Caches are loaded at different times and each begins some changes in the past; they are served
from here, so that etcd is asked once.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.storage.engine import Event

__all__ = ["RecentEvents"]

_MAX_EVENTS = 4_000
_MAX_BYTES = 16 * 1024 * 1024


class RecentEvents:
    """Every change after the revision ``floor``, bounded in number and bytes."""

    def __init__(
        self, floor: int, *, max_events: int = _MAX_EVENTS, max_bytes: int = _MAX_BYTES
    ) -> None:
        self.floor = floor
        self._events: list[Event] = []
        self._revisions: list[int] = []
        self._bytes = 0
        self._max_events = max_events
        self._max_bytes = max_bytes

    @property
    def last_revision(self) -> int:
        """The revision of the newest change here; 0 when there is none."""
        return self._revisions[-1] if self._revisions else 0

    def append(self, events: Sequence[Event]) -> None:
        """Add changes, forgetting the oldest half when there are too many."""
        self._events += events
        self._revisions += [event.kv.mod_revision for event in events]
        self._bytes += sum(map(_size, events))
        while len(self._events) > self._max_events or self._bytes > self._max_bytes:
            self._forget_half()

    def since(self, revision: int, prefix: str) -> list[Event]:
        """The changes under a prefix from a revision on, which is after the floor."""
        events = self._events[bisect_left(self._revisions, revision) :]
        return [event for event in events if event.kv.key.startswith(prefix)]

    def _forget_half(self) -> None:
        # Whole revisions only, so that what is left is complete after the floor.
        last = self._revisions[(len(self._revisions) - 1) // 2]
        end = bisect_left(self._revisions, last + 1)
        self._bytes -= sum(map(_size, self._events[:end]))
        self.floor = last
        del self._events[:end]
        del self._revisions[:end]


def _size(event: Event) -> int:
    previous = event.previous
    return len(event.kv.value) + (0 if previous is None else len(previous.value))
