"""History: the recent changes of a resource, bounded in number and bytes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from kapi.storage.errors import RevisionCompacted

if TYPE_CHECKING:
    from kapi.storage.cacher.change import Change

__all__ = ["History"]


class History:
    """Changes in revision order; complete for every revision after ``floor``."""

    def __init__(self, floor: int, max_changes: int, max_bytes: int) -> None:
        self.floor = floor
        self._changes: deque[Change] = deque()
        self._max_changes = max_changes
        self._max_bytes = max_bytes
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._changes)

    @property
    def last_revision(self) -> int:
        """The revision of the newest change, ``floor`` when there is none."""
        return self._changes[-1].revision if self._changes else self.floor

    def append(self, change: Change) -> None:
        """Add the newest change and forget the oldest ones beyond the bounds."""
        changes = self._changes
        changes.append(change)
        self.bytes += change.size
        if len(changes) > self._max_changes or self.bytes > self._max_bytes:
            self._trim()

    def since(self, revision: int) -> list[Change]:
        """The changes after ``revision``, oldest first.

        Raises:
            RevisionCompacted: changes after it are not kept any more.
        """
        if revision < self.floor:
            raise RevisionCompacted(revision, self.floor)
        found: list[Change] = []
        for change in reversed(self._changes):
            if change.revision <= revision:
                break
            found.append(change)
        found.reverse()
        return found

    def _trim(self) -> None:
        changes = self._changes
        # The newest change always stays: its watchers are being served from it. Changes of one
        # transaction go together, so that the floor is never in the middle of a revision.
        while len(changes) > 1 and (
            len(changes) > self._max_changes
            or self.bytes > self._max_bytes
            or changes[0].revision == self.floor
        ):
            oldest = changes.popleft()
            self.bytes -= oldest.size
            self.floor = oldest.revision
