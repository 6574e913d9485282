"""Snapshot: the entries of a resource in key order."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from kapi.storage.engine import scope_range

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.storage.cacher.change import Change, Predicate
    from kapi.storage.cacher.entry import Entry

__all__ = ["Snapshot"]


class Snapshot:
    """Two parallel sorted lists: keys to search in, entries to slice from."""

    __slots__ = ("entries", "keys")

    def __init__(self, keys: list[str], entries: list[Entry]) -> None:
        self.keys = keys
        self.entries = entries

    def __len__(self) -> int:
        return len(self.keys)

    def put(self, entry: Entry) -> None:
        """Add an entry or replace the one of its key."""
        keys = self.keys
        key = entry.key
        at = bisect_left(keys, key)
        if at < len(keys) and keys[at] == key:
            self.entries[at] = entry
        else:
            keys.insert(at, key)
            self.entries.insert(at, entry)

    def remove(self, key: str) -> None:
        """Take a key out; nothing happens when it is not there."""
        at = bisect_left(self.keys, key)
        if at < len(self.keys) and self.keys[at] == key:
            del self.keys[at]
            del self.entries[at]

    def rewound(self, newer: Iterable[Change]) -> Snapshot:
        """The state before these changes, given newest first."""
        old = Snapshot(self.keys.copy(), self.entries.copy())
        for change in newer:
            if change.previous is None:
                old.remove(change.key)
            else:
                old.put(change.previous)
        return old

    def page(
        self, scope: str, start_after: str, limit: int, predicate: Predicate | None
    ) -> tuple[list[Entry], int]:
        """Selected entries of a scope after a key, and how many keys of the scope follow them.

        With a limit the page ends at its last selected entry; what follows is counted whether
        it would be selected or not.
        """
        start, end = self._bounds(scope, start_after)
        if predicate is None:
            cut = min(start + limit, end) if limit else end
            return self.entries[start:cut], end - cut
        if not limit:
            return [entry for entry in self.entries[start:end] if predicate(entry)], 0
        selected: list[Entry] = []
        entries = self.entries
        for index in range(start, end):
            entry = entries[index]
            if predicate(entry):
                selected.append(entry)
                if len(selected) == limit:
                    return selected, end - index - 1
        return selected, 0

    def count(self, scope: str) -> int:
        """How many keys a scope has."""
        start, end = self._bounds(scope, "")
        return end - start

    def _bounds(self, scope: str, start_after: str) -> tuple[int, int]:
        keys = self.keys
        first, last = scope_range(scope)
        if start_after:
            first = max(first, start_after + "\0")
        start = bisect_left(keys, first) if first else 0
        end = bisect_left(keys, last) if last else len(keys)
        return start, max(start, end)
