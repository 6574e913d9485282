"""The validator of watches catches each kind of violation, and nothing in a true history."""

from __future__ import annotations

import copy

import pytest

from watch_validator import INITIAL_EVENTS_END, Change, Event, List, Watch, validate


def obj(name, revision, color="red", data=""):
    meta = {"namespace": "n", "name": name, "resourceVersion": str(revision), "labels": color}
    return {"metadata": meta, "data": data}


def bookmark(revision, *, end=False):
    meta = {"resourceVersion": str(revision)}
    if end:
        meta["annotations"] = {INITIAL_EVENTS_END: "true"}
    return Event("BOOKMARK", {"metadata": meta})


def red(each):
    return each["metadata"]["labels"] == "red"


def everything(each):
    return True


LOG = [
    Change(2, "n/a", obj("a", 2)),
    Change(3, "n/b", obj("b", 3)),
    Change(5, "n/a", obj("a", 5, data="x")),
    Change(7, "n/b", obj("b", 7, color="blue")),
    Change(8, "n/a", None),
    Change(9, "n/c", obj("c", 9)),
]
RED_EVENTS = [
    Event("ADDED", obj("b", 3)),
    Event("MODIFIED", obj("a", 5, data="x")),
    Event("DELETED", obj("b", 7)),
    Event("DELETED", obj("a", 8, data="x")),
    Event("ADDED", obj("c", 9)),
]


def guarantees(events, after=2, *, resumes=False, selects=red, acknowledged=0):
    watch = Watch(after, selects, copy.deepcopy(events), resumes, acknowledged)
    return {violation.guarantee for violation in validate(LOG, [watch], [])}


@pytest.mark.parametrize("length", range(6))
def test_every_beginning_of_a_true_watch_is_true(length):
    """A watch may end anywhere."""
    assert guarantees(RED_EVENTS[:length]) == set()


def test_bookmarks_in_their_place_are_true():
    """Also between changes that were not selected, and several times the same."""
    events = [bookmark(2), RED_EVENTS[0], bookmark(4), bookmark(4), *RED_EVENTS[1:], bookmark(9)]
    assert guarantees(events) == set()


def test_true_streamed_list():
    """What existed, the bookmark of its version, then the changes."""
    initial = [Event("ADDED", obj("a", 2)), Event("ADDED", obj("b", 3)), bookmark(4, end=True)]
    assert guarantees([*initial, *RED_EVENTS[1:]], after=None, acknowledged=3) == set()
    assert guarantees(initial[:1], after=None, acknowledged=3) == set()


@pytest.mark.parametrize("at", range(4))
def test_ordered(at):
    """Two neighbours that change places."""
    events = [*RED_EVENTS]
    events[at], events[at + 1] = events[at + 1], events[at]
    assert guarantees(events) == {"ordered"}


def test_bookmarks_are_ordered():
    """A bookmark that is older than an event before it."""
    assert guarantees([*RED_EVENTS, bookmark(6)]) == {"ordered"}


@pytest.mark.parametrize("at", range(5))
def test_unique(at):
    """An event that comes again."""
    assert guarantees([*RED_EVENTS[: at + 1], *RED_EVENTS[at:]]) == {"unique"}


@pytest.mark.parametrize("at", range(5))
def test_atomic(at):
    """An event with content that nobody wrote, or as something that did not happen."""
    events = copy.deepcopy(RED_EVENTS)
    events[at].obj["data"] = "y"
    assert guarantees(events) == {"atomic"}
    events = [*RED_EVENTS]
    other = "MODIFIED" if events[at].type != "MODIFIED" else "ADDED"
    events[at] = Event(other, events[at].obj)
    assert guarantees(events) == {"atomic"}


def test_bookmarkable():
    """A bookmark that comes before an event of its version or an older one."""
    assert guarantees([bookmark(3), *RED_EVENTS]) == {"bookmarkable"}
    assert guarantees([*RED_EVENTS[:1], bookmark(6), *RED_EVENTS[1:]]) == {"bookmarkable"}
    assert guarantees([bookmark(9)]) == {"bookmarkable"}


@pytest.mark.parametrize("at", range(4))
def test_reliable(at):
    """An event that is missing."""
    assert guarantees([*RED_EVENTS[:at], *RED_EVENTS[at + 1 :]]) == {"reliable"}


def test_reliable_means_selected():
    """An event of an object that is not selected, or older than the start."""
    assert guarantees([Event("MODIFIED", obj("b", 7, color="blue"))], 5) == {"atomic"}
    foreign = Event("ADDED", obj("z", 6))
    assert guarantees([*RED_EVENTS[:2], foreign]) == {"reliable"}
    assert guarantees([Event("ADDED", obj("a", 2)), *RED_EVENTS]) == {"reliable"}


def test_resumable():
    """A watch that continues and misses its first event, or brings the last one again."""
    assert guarantees(RED_EVENTS[1:], resumes=True) == {"resumable"}
    again = [Event("ADDED", obj("a", 2)), *RED_EVENTS]
    assert guarantees(again, resumes=True) == {"resumable"}
    assert guarantees([*RED_EVENTS[:1], *RED_EVENTS[2:]], resumes=True) == {"reliable"}


def test_consistent_streams():
    """A streamed list that lacks an object, is older than what was acknowledged, or disordered."""
    a, b = Event("ADDED", obj("a", 2)), Event("ADDED", obj("b", 3))
    assert guarantees([a, bookmark(4, end=True)], None) == {"consistent"}
    assert guarantees([b, a, bookmark(4, end=True)], None) == {"consistent"}
    assert guarantees([a, b, bookmark(4, end=True)], None, acknowledged=5) == {"consistent"}
    modified = Event("MODIFIED", obj("b", 3))
    assert guarantees([a, modified, bookmark(4, end=True)], None) == {"consistent"}


@pytest.mark.parametrize(
    ("revision", "objects", "acknowledged", "expected"),
    [
        (6, [obj("a", 5, data="x"), obj("b", 3)], 6, set()),
        (8, [obj("b", 7, color="blue")], 0, set()),
        (6, [obj("a", 2), obj("b", 3)], 0, {"consistent"}),
        (6, [obj("b", 3)], 0, {"consistent"}),
        (6, [obj("b", 3), obj("a", 5, data="x")], 0, {"consistent"}),
        (6, [obj("a", 5, data="x"), obj("b", 3)], 7, {"consistent"}),
        (6, [obj("a", 5, data="y"), obj("b", 3)], 0, {"atomic"}),
    ],
)
def test_lists(revision, objects, acknowledged, expected):
    """A list is the state of its version, whole, in order and new enough."""
    listed = List(revision, objects, everything, acknowledged)
    assert {violation.guarantee for violation in validate(LOG, [], [listed])} == expected
