"""A schema with every kind of merging, for tests and property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from kapi.structuredmerge.schema import ListSchema, MapSchema, ScalarSchema, Untyped
from kapi.structuredmerge.typed import TypedSchema

STRING = ScalarSchema("string")
NUMBER = ScalarSchema("numeric")
BOOLEAN = ScalarSchema("boolean")

ITEM = MapSchema(
    {
        "name": lambda: STRING,
        "image": lambda: STRING,
        "args": lambda: ListSchema(lambda: STRING),
        "env": lambda: ENV,
    }
)
ENV = ListSchema(
    lambda: MapSchema({"name": lambda: STRING, "value": lambda: STRING}), "map", ("name",)
)
ITEMS = ListSchema(lambda: ITEM, "map", ("name",))
PORTS = ListSchema(
    lambda: MapSchema({"port": lambda: NUMBER, "protocol": lambda: STRING, "name": lambda: STRING}),
    "map",
    ("port", "protocol"),
    {"protocol": "TCP"},
)
SPEC = MapSchema(
    {
        "size": lambda: NUMBER,
        "paused": lambda: BOOLEAN,
        "selector": lambda: MapSchema(element=lambda: STRING, atomic=True),
        "items": lambda: ITEMS,
        "ports": lambda: PORTS,
        "tags": lambda: ListSchema(lambda: STRING, "set"),
        "free": Untyped,
        "next": lambda: SPEC,
    }
)
ROOT = MapSchema({"data": lambda: MapSchema(element=lambda: STRING), "spec": lambda: SPEC})
TYPED = TypedSchema(ROOT, {}, exact=True)

WORDS = st.sampled_from("abcd")


def _struct(**members):
    return st.fixed_dictionaries({}, optional=members).filter(bool)


# No empty maps and lists: whether one is there or not is not kept by stored objects.
_ENV = st.lists(
    st.builds(dict, name=WORDS, value=WORDS),
    min_size=1,
    max_size=3,
    unique_by=lambda item: item["name"],
)
_ITEMS = st.lists(
    st.fixed_dictionaries(
        {"name": WORDS},
        optional={"image": WORDS, "args": st.lists(WORDS, max_size=2), "env": _ENV},
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda item: item["name"],
)
_SPEC = _struct(
    size=st.integers(0, 3),
    paused=st.booleans(),
    selector=st.dictionaries(WORDS, WORDS, max_size=2),
    items=_ITEMS,
    tags=st.lists(WORDS, min_size=1, max_size=3, unique=True),
)
OBJECTS = _struct(data=st.dictionaries(WORDS, WORDS, min_size=1, max_size=3), spec=_SPEC)
