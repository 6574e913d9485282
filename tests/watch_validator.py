"""Judges recorded lists and watches against the log of what was really written.

The guarantees are those that etcd gives its watchers and that informers build upon:

ordered
    events of a watch never go back in version.
unique
    no event comes twice in one watch.
atomic
    an event or a listed object is exactly what one write made, never half of it or of two.
bookmarkable
    a bookmark means that everything up to its version has come, and nothing of it comes later.
reliable
    between the first and the last version that a watch has seen nothing is missing, and
    nothing comes that was not selected.
resumable
    a watch that continues another one begins right after the version that it names.
consistent
    a list, in pages or streamed, is the whole selected state of one version, at least as new as
    every write that was acknowledged before it was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class Change(NamedTuple):
    """One write: the object after it, or None when it deleted the object."""

    revision: int
    key: str
    obj: dict | None


class Event(NamedTuple):
    """One event of a watch as it came: ADDED, MODIFIED, DELETED or BOOKMARK."""

    type: str
    obj: dict

    @property
    def revision(self) -> int:
        return revision_of(self.obj)

    @property
    def key(self) -> str:
        return key_of(self.obj)


@dataclass
class Watch:
    """A watch as its client saw it.

    ``after`` is the version it was asked to begin after; None for a streamed list, whose
    initial events end with a bookmark. ``resumes`` tells that another watch saw ``after``.
    """

    after: int | None
    selects: Callable[[dict], bool]
    events: list[Event] = field(default_factory=list)
    resumes: bool = False
    acknowledged: int = 0


@dataclass
class List:
    """A list as its client saw it, all pages together."""

    revision: int
    objects: list[dict]
    selects: Callable[[dict], bool]
    acknowledged: int = 0


class Violation(NamedTuple):
    """A guarantee that was broken, and how."""

    guarantee: str
    what: str


def revision_of(obj: dict) -> int:
    """The version of an object."""
    return int(obj["metadata"]["resourceVersion"])


def key_of(obj: dict) -> str:
    """Where lists have an object: by namespace, then name."""
    return f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"


def validate(log: list[Change], watches: list[Watch], lists: list[List]) -> list[Violation]:
    """All violations in a history; ``log`` is in the order of the writes."""
    found: list[Violation] = []
    for listed in lists:
        found += _check_state(
            log, listed.revision, listed.objects, listed.selects, listed.acknowledged
        )
    for watch in watches:
        found += _check_watch(log, watch)
    return found


def state_at(log: list[Change], revision: int, selects: Callable[[dict], bool]) -> list[dict]:
    """The selected objects of a version, in key order."""
    objects: dict[str, dict] = {}
    for change in log:
        if change.revision > revision:
            break
        if change.obj is None:
            objects.pop(change.key, None)
        else:
            objects[change.key] = change.obj
    return [objects[key] for key in sorted(objects) if selects(objects[key])]


def expected_events(
    log: list[Change], after: int, selects: Callable[[dict], bool]
) -> list[tuple[int, str, str, dict]]:
    """What a watch has to bring: (revision, key, type, object)."""
    objects: dict[str, dict] = {}
    expected = []
    for revision, key, obj in log:
        old = objects.get(key)
        was, is_now = old is not None and selects(old), obj is not None and selects(obj)
        if revision > after and (was or is_now):
            if not is_now:
                last = {**old["metadata"], "resourceVersion": str(revision)}
                expected.append((revision, key, "DELETED", {**old, "metadata": last}))
            else:
                expected.append((revision, key, "MODIFIED" if was else "ADDED", obj))
        if obj is None:
            objects.pop(key, None)
        else:
            objects[key] = obj
    return expected


def _check_state(log, revision, objects, selects, acknowledged) -> list[Violation]:
    found = []
    if revision < acknowledged:
        found.append(Violation("consistent", f"{revision} is older than {acknowledged}"))
    written = {(change.revision, change.key): change.obj for change in log}
    found += [
        Violation("atomic", f"nobody wrote {key_of(obj)} {revision_of(obj)}")
        for obj in objects
        if written.get((revision_of(obj), key_of(obj))) != obj
    ]
    given = [(key_of(obj), revision_of(obj)) for obj in objects]
    expected = [(key_of(obj), revision_of(obj)) for obj in state_at(log, revision, selects)]
    if given != expected:
        found.append(Violation("consistent", f"at {revision}: {given}, not {expected}"))
    return found


def _check_watch(log: list[Change], watch: Watch) -> list[Violation]:
    events, after = watch.events, watch.after
    found = []
    if after is None:
        ends = [i for i, event in enumerate(events) if _ends_initial_events(event)]
        if not ends:
            return _check_unfinished(log, watch)
        initial, end = events[: ends[0]], events[ends[0]]
        events, after = events[ends[0] + 1 :], end.revision
        if any(event.type != "ADDED" for event in initial):
            found.append(Violation("consistent", "an initial event is not ADDED"))
        objects = [event.obj for event in initial]
        found += _check_state(log, after, objects, watch.selects, watch.acknowledged)
    return found + _check_changes(log, watch, events, after)


def _check_unfinished(log: list[Change], watch: Watch) -> list[Violation]:
    """A streamed list that ended early: what came of it has been written."""
    written = {(change.revision, change.key): change.obj for change in log}
    return [
        Violation("atomic", f"nobody wrote {event.key} {event.revision}")
        for event in watch.events
        if written.get((event.revision, event.key)) != event.obj
    ]


def _ends_initial_events(event: Event) -> bool:
    annotations = event.obj["metadata"].get("annotations") or {}
    return event.type == "BOOKMARK" and annotations.get(INITIAL_EVENTS_END) == "true"


def _check_changes(log, watch, events, after) -> list[Violation]:
    found = _check_order(events, after, resumes=watch.resumes)
    expected = {event[:2]: event[2:] for event in expected_events(log, after, watch.selects)}
    came: set[tuple[int, str]] = set()
    bookmark = after
    for event in events:
        if event.type == "BOOKMARK":
            bookmark = max(bookmark, event.revision)
            missing = [key for key in expected if key[0] <= bookmark and key not in came]
            if missing:
                found.append(Violation("bookmarkable", f"{bookmark} came before {missing}"))
                came.update(missing)
            continue
        at = (event.revision, event.key)
        if event.revision <= bookmark and bookmark > after:
            found.append(Violation("bookmarkable", f"{at} came after {bookmark}"))
        if at in expected:
            if expected[at] != (event.type, event.obj):
                found.append(Violation("atomic", f"{at} is not what was written"))
        elif event.revision > after:
            found.append(Violation("reliable", f"{at} was not selected or never written"))
        came.add(at)
    return found + _check_gaps(expected, came, resumes=watch.resumes)


def _check_order(events, after, *, resumes) -> list[Violation]:
    found = []
    seen: set[tuple[int, str]] = set()
    last = after
    for event in events:
        if event.type == "BOOKMARK":
            if event.revision < last:
                found.append(Violation("ordered", f"bookmark {event.revision} came after {last}"))
            continue
        at = (event.revision, event.key)
        if at in seen:
            found.append(Violation("unique", f"{at} came twice"))
        elif event.revision <= after:
            guarantee = "resumable" if resumes else "reliable"
            found.append(Violation(guarantee, f"{at} came in a watch after {after}"))
        elif event.revision < last:
            found.append(Violation("ordered", f"{at} came after {last}"))
        seen.add(at)
        last = max(last, event.revision)
    return found


def _check_gaps(expected, came, *, resumes) -> list[Violation]:
    """Nothing is missing before the last event that came."""
    seen = [at for at in came if at in expected]
    if not seen:
        return []
    first, last = min(seen), max(seen)
    missing = [at for at in expected if at < last and at not in came]
    return [
        Violation("resumable" if resumes and at < first else "reliable", f"{at} is missing")
        for at in missing
    ]
