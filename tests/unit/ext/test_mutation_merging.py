"""What a mutation makes of an object: its changes, and nothing else."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kapi import ext

NAMES = st.sampled_from(["a", "b", "c"])
AMOUNTS = st.sampled_from(["1", "0.5", "500m", "1000m", "1Gi", "1024Mi"])


@dataclass
class Part:
    name: str = "a"
    amount: ext.Quantity | None = None
    free: dict[str, Any] = field(default_factory=dict)


@dataclass
class Thing:
    one: Part = field(default_factory=Part)
    maybe: Part | None = None
    many: list[Part] = field(default_factory=list)
    named: dict[str, Part] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)
    count: int = 1


EXTENSION = ext.Extension("example.com")
EXTENSION.resource(version="v1")(Thing)
VERSION = EXTENSION.declarations()[0].storage

UNKNOWN = st.dictionaries(st.just("unknownField"), st.integers(0, 3))
FREE = st.dictionaries(NAMES, st.one_of(st.integers(0, 3), st.lists(st.integers(0, 3))))


# What is tested is not how fast a busy machine makes examples.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def objects(**members):
    """JSON objects with some of the members, and perhaps one that no class knows."""
    known = st.fixed_dictionaries({}, optional=members)
    return st.builds(lambda known, unknown: {**known, **unknown}, known, UNKNOWN)


PARTS = objects(name=NAMES, amount=AMOUNTS, free=FREE)
SPECS = objects(
    one=PARTS,
    maybe=PARTS,
    many=st.lists(PARTS, max_size=3),
    named=st.dictionaries(NAMES, PARTS, max_size=3),
    words=st.lists(NAMES, unique=True),
    count=st.integers(0, 3),
)


def view(spec):
    json = {"metadata": {"name": "x"}, "spec": deepcopy(spec)}
    return ext.Object(json, VERSION.spec, None)


@patient
@given(SPECS)
def test_what_is_only_looked_at_stays_as_it_was(spec):
    """Reading every part of an object changes nothing of it, not even spellings."""
    thing = view(spec)
    repr(thing.spec)
    assert not thing.changed()
    assert thing.json["spec"] == spec


@patient
@given(SPECS, SPECS)
def test_what_a_function_sets_is_what_the_object_says_then(spec, wanted):
    """After any change the object reads as the value that the function left."""
    thing = view(spec)
    target = VERSION.spec.read(deepcopy(wanted))
    thing.spec = target
    thing.changed()
    assert VERSION.spec.read(thing.json["spec"]) == target


@patient
@given(SPECS, st.integers(4, 9))
def test_one_change_is_one_change(spec, count):
    """A field that is set changes alone; what the class does not know stays."""
    thing = view(spec)
    thing.spec.count = count
    assert thing.changed()
    assert thing.json["spec"] == {**spec, "count": count}


@patient
@given(SPECS, NAMES)
def test_changes_deep_inside_leave_the_rest(spec, name):
    """A member of a member changes alone."""
    thing = view(spec)
    before = thing.spec.one.name
    thing.spec.one.name = name
    thing.changed()
    if name == before:
        assert thing.json["spec"] == spec
    else:
        assert thing.json["spec"] == {**spec, "one": {**spec.get("one", {}), "name": name}}
