"""The model finds what it is for."""

from __future__ import annotations

from register_history import ListOperation, Operation, violations

VERSIONS = {"x": [(5, "a"), (7, "b")]}
FIRST = Operation("write", "x", "a", 0, 1, "ok", 5, 0)
SECOND = Operation("write", "x", "b", 2, 3, "ok", 7, 5)


def test_a_history_that_is_right_has_no_violation():
    """Concurrent reads may see the old or the new value; an unknown write may have happened."""
    reads = [
        Operation("read", "x", "a", 2.1, 2.9, "ok", 5),
        Operation("read", "x", "b", 2.1, 2.9, "ok", 7),
        Operation("read", "x", "b", 4, 5, "ok", 7),
    ]
    lists = [ListOperation(4, 5, 8, {"x": (7, "b")}), ListOperation(1.5, 1.6, 6, {"x": (5, "a")})]
    assert violations([FIRST, SECOND, *reads], lists, VERSIONS) == []
    assert violations([FIRST, SECOND._replace(outcome="unknown")], [], VERSIONS) == []


def test_what_must_not_happen_is_found():
    """A lost write, a stale read, a broken comparison, and the like."""
    wrong = [
        ([FIRST._replace(revision=6)], [], "lost"),
        ([FIRST, SECOND._replace(over=4)], [], "written over"),
        ([FIRST, SECOND._replace(outcome="refused")], [], "refused and yet"),
        ([FIRST._replace(start=4, end=5), SECOND], [], "later revision"),
        ([FIRST, SECOND, Operation("read", "x", "a", 4, 5, "ok", 5)], [], "stale"),
        ([Operation("read", "x", "c", 4, 5, "ok", 7)], [], "never written"),
        ([FIRST, SECOND, Operation("read", "x", "b", 0, 1, "ok", 7)], [], "before it was"),
        ([FIRST, SECOND], [ListOperation(4, 5, 6, {"x": (5, "a")})], "acknowledged"),
        ([FIRST, SECOND], [ListOperation(4, 5, 9, {"x": (5, "a")})], "has x as"),
    ]
    for operations, lists, words in wrong:
        assert any(words in found for found in violations(operations, lists, VERSIONS)), words
    twice = {"x": [(5, "a"), (5, "a")]}
    assert any("twice" in found for found in violations([FIRST], [], twice))
