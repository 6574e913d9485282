"""The immutable sorted map under the in-memory engine."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given, settings
from hypothesis import strategies as st

from kapi.storage.ordered_map import OrderedMap
from kapi.storage.shared_log import SharedLog

KEYS = st.integers(0, 400)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), KEYS), max_size=1200), KEYS, KEYS)
def test_it_is_a_sorted_dictionary(steps, start, end):
    """Any sequence of puts and removes gives what a dictionary would hold, in order."""
    tree: OrderedMap[int, int] = OrderedMap()
    plain: dict[int, int] = {}
    for number, (is_put, key) in enumerate(steps):
        if is_put:
            tree = tree.put(key, number)
            plain[key] = number
        else:
            tree = tree.remove(key)
            plain.pop(key, None)
    ordered = sorted(plain.items())
    assert list(tree.items()) == ordered
    assert len(tree) == len(plain)
    assert list(tree.items(start, end)) == [(k, v) for k, v in ordered if start <= k < end]
    assert tree.rank(start) == bisect_left(sorted(plain), start)
    assert all(tree.get(key) == plain.get(key) for key in range(401))


def test_no_version_is_ever_changed():
    """Every map that was made before a change still holds what it held."""
    versions = [OrderedMap[int, int]()]
    for number in range(1000):
        versions.append(versions[-1].put(number * 7 % 1000, number))
    for number in range(0, 1000, 2):
        versions.append(versions[-1].remove(number))
    assert [len(version) for version in versions] == [*range(1001), *range(999, 499, -1)]
    assert list(versions[-1].values()) == [
        number for key in range(1, 1000, 2) for number in [key * 143 % 1000]
    ]


def test_removing_what_is_not_there_is_the_same_map():
    """No change makes no copy."""
    some = OrderedMap[int, int]().put(1, 1)
    assert some.remove(2) is some


def test_copies_of_a_log_share_it_until_they_differ():
    """An append to one copy never shows in another, whoever appends first."""
    log: SharedLog[str] = SharedLog(5)
    for item in "abc":
        log.append(item)
    first, second = log.copy(), log.copy()
    first.append("d")
    log.append("e")
    second.drop_before(6)
    second.append("f")
    assert ["".join(each.since(0)) for each in (log, first, second)] == ["abce", "abcd", "bcf"]
    assert (second.first, second[8], log[8]) == (6, "f", "e")
