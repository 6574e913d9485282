"""Fanout: hands each change to the watchers that it may concern.

Watchers are kept by scope, so that a change looks at those of its resource, its namespace and
its own key only. One change is one shared event; a watcher costs an append and, when its reader
waits, one wake-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.storage.cacher.change import Change
    from kapi.storage.cacher.watcher import Watcher
    from kapi.storage.errors import StorageError

__all__ = ["Fanout"]


class Fanout:
    """The running watchers of the resource under ``prefix``."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._by_scope: dict[str, list[Watcher]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_scope.values()))

    def add(self, watcher: Watcher) -> None:
        """Give this watcher the changes of its scope from now on."""
        self._by_scope.setdefault(watcher.scope, []).append(watcher)

    def remove(self, watcher: Watcher) -> None:
        """Stop giving changes to this watcher."""
        watchers = self._by_scope.get(watcher.scope)
        if watchers is not None and watcher in watchers:
            watchers.remove(watcher)
            if not watchers:
                del self._by_scope[watcher.scope]

    def end_all(self, error: StorageError | None) -> None:
        """Forget all watchers and tell them why."""
        by_scope, self._by_scope = self._by_scope, {}
        for watchers in by_scope.values():
            for watcher in watchers:
                watcher.end(error)

    def publish(self, change: Change) -> None:
        """Queue a change with every watcher that sees it; close those without room."""
        by_scope = self._by_scope
        if not by_scope:
            return
        key = change.key
        full: list[Watcher] = []
        _offer(by_scope.get(self._prefix), change, full)
        folder = key[: key.rfind("/") + 1]
        if folder != self._prefix:
            _offer(by_scope.get(folder), change, full)
        _offer(by_scope.get(key), change, full)
        for watcher in full:
            watcher.close_slow()


def _offer(watchers: list[Watcher] | None, change: Change, full: list[Watcher]) -> None:
    if not watchers:
        return
    revision = change.revision
    plain = change.seen_by(None)
    for watcher in watchers:
        predicate = watcher.predicate
        event = plain if predicate is None else change.seen_by(predicate)
        if event is None or revision <= watcher.after:
            continue
        # As Watcher.add, without the call: with many watchers this loop is what a write costs.
        queue = watcher.queue
        if len(queue) >= watcher.limit:
            full.append(watcher)
            continue
        queue.append(event)
        waiter = watcher.waiter
        if waiter is not None:
            watcher.waiter = None
            if not waiter.done():
                waiter.set_result(None)
