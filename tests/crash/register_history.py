"""A model of what clients of one linearizable store may see, checked over a recorded run.

Every object is a register. A write answers with its revision, and revisions are one order for the
whole store; so it is enough to compare each operation with that order and with the clock:

    A: |---- put x=1 -> 7 ----|
    B:                            |-- get x -> 5 --|      wrong: 7 was acknowledged before
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Operation(NamedTuple):
    """One request with its times.

    ``revision`` and ``value`` are what was written or read (0: the register was not there).
    ``outcome``: "ok", "refused" (nothing happened) or "unknown". ``over`` is the revision that a
    conditional write was bound to, None for others.
    """

    kind: str  # "write", "read"
    key: str
    value: str
    start: float
    end: float
    outcome: str
    revision: int = 0
    over: int | None = None


class ListOperation(NamedTuple):
    """A list of all registers: ``found`` maps keys to (revision, value)."""

    start: float
    end: float
    revision: int
    found: dict[str, tuple[int, str]]


def violations(
    operations: list[Operation],
    lists: list[ListOperation],
    versions: dict[str, list[tuple[int, str]]],
) -> list[str]:
    """What a linearizable store could not have answered.

    ``versions`` are all versions of each register in order, as a watch has seen them.
    """
    acknowledged = [o for o in operations if o.kind == "write" and o.outcome == "ok"]
    found = [*_writes(operations, acknowledged, versions), *_order(acknowledged)]
    reads = [o for o in operations if o.kind == "read" and o.outcome == "ok"]
    for key, history in versions.items():
        writes = [o for o in acknowledged if o.key == key]
        found += _reads([o for o in reads if o.key == key], writes, history)
    found += _lists(lists, acknowledged, versions)
    return found


def _writes(operations, acknowledged, versions):
    for write in acknowledged:
        history = versions.get(write.key, [])
        if (write.revision, write.value) not in history:
            yield f"lost: {write}"
        elif write.over is not None:
            before = max((r for r, _ in history if r < write.revision), default=0)
            if before != write.over:
                yield f"written over {before}: {write}"
    happened = {value for history in versions.values() for _, value in history}
    for write in operations:
        if write.kind == "write" and write.outcome == "refused" and write.value in happened:
            yield f"refused and yet written: {write}"
    for key, history in versions.items():
        revisions = [revision for revision, _ in history]
        if revisions != sorted(set(revisions)):
            yield f"events out of order or twice: {key}"


def _order(acknowledged):
    """Whatever was acknowledged before another write began has the smaller revision."""
    by_end = sorted(acknowledged, key=lambda o: o.end)
    ends = [o.end for o in by_end]
    newest = [0]
    for write in by_end:
        newest.append(max(newest[-1], write.revision))
    for write in acknowledged:
        if newest[bisect_right(ends, write.start)] > write.revision:
            yield f"an earlier write has a later revision: {write}"


def _reads(reads, writes, history):
    values = dict(history)
    started = {o.value: o.start for o in writes}
    # What is known of the register: acknowledged writes and answered reads.
    known = sorted([(o.end, o.revision) for o in (*writes, *reads)])
    ends = [end for end, _ in known]
    newest = [0]
    for _, revision in known:
        newest.append(max(newest[-1], revision))
    for read in reads:
        if read.revision and values.get(read.revision) != read.value:
            yield f"read what was never written: {read}"
        if newest[bisect_right(ends, read.start)] > read.revision:
            yield f"stale: {read}"
        if started.get(read.value, 0) > read.end:
            yield f"read before it was written: {read}"


def _lists(lists, acknowledged, versions):
    for each in lists:
        missed = max((o.revision for o in acknowledged if o.end < each.start), default=0)
        if each.revision < missed:
            yield f"a list at {each.revision} after {missed} was acknowledged"
        for key, history in versions.items():
            past = [version for version in history if version[0] <= each.revision]
            if each.found.get(key) != (past[-1] if past else None):
                yield f"a list at {each.revision} has {key} as {each.found.get(key)}"
