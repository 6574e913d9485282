"""Events of a watch at a version to which a webhook converts.

The watch cache tells what is stored; here it becomes what a watch of the version sees, in the same
order. All events that are ready are converted at once, and the forms are shared with all other
watches of the version. While somebody else is asked the watcher's bounded queue fills, and a
watch that falls too far behind is closed like every other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery.errors import StatusError
from kapi.storage.cacher.change import WatchEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kapi.registry.conversion import Conversion
    from kapi.storage.cacher.change import Predicate
    from kapi.storage.cacher.entry import Entry

__all__ = ["ConvertedEvents", "WatchFailed"]


class WatchFailed(StatusError):
    """The ERROR event of a watch whose objects cannot be converted."""

    code = 500
    reason: ClassVar[str] = "InternalError"


class ConvertedEvents:
    """Brings events into the form of one version; ``predicate`` selects by that form.

    The cache was asked without a selector, so events have the types for one who sees everything.
    """

    def __init__(self, conversion: Conversion, predicate: Predicate | None) -> None:
        self._conversion = conversion
        self._predicate = predicate

    async def prepared(self, events: list[WatchEvent]) -> AsyncIterator[list[WatchEvent]]:
        """The events as they are to be sent; raises WatchFailed at the first that cannot be."""
        try:
            try:
                ready = await self._converted(events)
            except StatusError:
                if len(events) == 1:
                    raise
            else:
                yield ready
                return
            for event in events:  # those before the one that fails are still sent
                yield await self._converted([event])
        except StatusError as error:
            raise WatchFailed(error.message) from error

    async def _converted(self, events: list[WatchEvent]) -> list[WatchEvent]:
        selects = self._predicate is not None
        entries: list[Entry] = []
        for event in events:
            if event.type != "DELETED" and event.entry is not None:
                entries.append(event.entry)
            if event.previous is not None and (selects or event.type == "DELETED"):
                entries.append(event.previous)
        found = await self._conversion.views(entries, selectable=selects)
        views = dict(zip(entries, found, strict=True))
        seen = (self._seen(event, views) for event in events)
        return [event for event in seen if event is not None]

    def _seen(self, event: WatchEvent, views: dict[Entry, Entry]) -> WatchEvent | None:
        """The event as this watch sees it; the shared one wherever that is the same."""
        if event.entry is None:  # a bookmark
            return event
        before = None if event.previous is None else views.get(event.previous)
        if self._predicate is None:
            if event.type != "DELETED" or before is None or before is event.previous:
                return event
            return _deleted(before, event.revision)
        view = views.get(event.entry)
        was = before is not None and self._predicate(before)
        is_now = view is not None and self._predicate(view)
        if is_now:
            kind = "MODIFIED" if was else "ADDED"
            return event if kind == event.type else WatchEvent("ADDED", view, event.revision)
        return _deleted(before, event.revision) if was and before is not None else None


def _deleted(before: Entry, revision: int) -> WatchEvent:
    return WatchEvent("DELETED", before.at(revision), revision)
