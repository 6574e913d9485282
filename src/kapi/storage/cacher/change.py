"""Change and WatchEvent: what happened to an object, and how a watcher sees it.

A watcher with a selector sees a change by what the object was and is to that selector:

    before   after    event
    -        match    ADDED      the new object
    match    match    MODIFIED   the new object
    match    -        DELETED    the object as it was, with the resourceVersion of the change
    -        -        nothing

Implements "Efficient detection of changes" of the Kubernetes API concepts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from kapi.storage.cacher.entry import Entry
from kapi.storage.engine import scope_range

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

__all__ = [
    "Change",
    "Predicate",
    "WatchEvent",
    "WatchEventType",
    "initial_events",
    "past_events",
]

WatchEventType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]

# Whether an object is selected, by its entry's name, namespace, labels and fields.
Predicate: TypeAlias = Callable[[Entry], bool]


class WatchEvent:
    """One event, shared by all watchers that see the change alike.

    ``entry`` is None only for a BOOKMARK; ``initial_events_end`` marks the bookmark after the
    initial events of a streaming list. ``previous`` is the object before the change, if any.
    """

    __slots__ = ("_frames", "entry", "initial_events_end", "previous", "revision", "type")

    def __init__(
        self,
        event_type: WatchEventType,
        entry: Entry | None,
        revision: int,
        previous: Entry | None = None,
        *,
        initial_events_end: bool = False,
    ) -> None:
        self.type = event_type
        self.entry = entry
        self.previous = previous
        self.revision = revision
        self.initial_events_end = initial_events_end
        self._frames: dict[Hashable, bytes] | None = None

    def __repr__(self) -> str:
        return f"WatchEvent({self.type}, {self.entry!r}, revision={self.revision})"

    def frame(self, form: Hashable, build: Callable[[WatchEvent], bytes]) -> bytes:
        """The event's bytes on the wire in one form (media type, version), built once."""
        frames = self._frames
        if frames is None:
            frames = self._frames = {}
        found = frames.get(form)
        if found is None:
            found = frames[form] = build(self)
        return found


class Change:
    """One change of one object: ``entry`` after it (None: deleted), ``previous`` before it."""

    __slots__ = ("_added", "_deleted", "_modified", "entry", "key", "previous", "revision")

    def __init__(
        self, key: str, revision: int, entry: Entry | None, previous: Entry | None
    ) -> None:
        self.key = key
        self.revision = revision
        self.entry = entry
        self.previous = previous
        self._added: WatchEvent | None = None
        self._modified: WatchEvent | None = None
        self._deleted: WatchEvent | None = None

    @property
    def size(self) -> int:
        """Bytes that keeping the change costs beyond what the current state holds anyway."""
        return len(self.previous.body) if self.previous is not None else 0

    def seen_by(self, predicate: Predicate | None) -> WatchEvent | None:
        """The event for a watcher with this selector, None when it does not concern it."""
        entry, previous = self.entry, self.previous
        if predicate is None:
            was, is_now = previous is not None, entry is not None
        else:
            was = previous is not None and predicate(previous)
            is_now = entry is not None and predicate(entry)
        if is_now:
            return self._as_modified() if was else self._as_added()
        return self._as_deleted() if was else None

    def _as_added(self) -> WatchEvent:
        if self._added is None:
            self._added = WatchEvent("ADDED", self.entry, self.revision, self.previous)
        return self._added

    def _as_modified(self) -> WatchEvent:
        if self._modified is None:
            self._modified = WatchEvent("MODIFIED", self.entry, self.revision, self.previous)
        return self._modified

    def _as_deleted(self) -> WatchEvent:
        if self._deleted is None:
            assert self.previous is not None
            last = self.previous.at(self.revision)
            self._deleted = WatchEvent("DELETED", last, self.revision, self.previous)
        return self._deleted


def initial_events(entries: Iterable[Entry]) -> list[WatchEvent]:
    """What exists already, as a watch without a start revision shows it."""
    return [WatchEvent("ADDED", entry, entry.revision) for entry in entries]


def past_events(
    changes: Iterable[Change], scope: str, predicate: Predicate | None
) -> list[WatchEvent]:
    """How a watcher of a scope sees past changes."""
    start, end = scope_range(scope)
    events = [change.seen_by(predicate) for change in changes if start <= change.key < end]
    return [event for event in events if event is not None]
