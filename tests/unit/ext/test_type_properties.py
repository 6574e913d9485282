"""Any type of the supported ones, nested in any way: a structural schema that its values fit."""

from __future__ import annotations

import dataclasses
import enum
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Literal
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kapi import ext
from kapi.apiextensions.schema.failures import ABSENT, Failures
from kapi.apiextensions.schema.reading import compile_reader
from kapi.apiextensions.schema.validation import compile_validator


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5)
INTEGERS = st.integers(-(2**53), 2**53)
DAYS = (datetime(1, 1, 2), datetime(9999, 1, 1))  # noqa: DTZ001 - their zone follows
TIMES = st.datetimes(*DAYS, timezones=st.just(UTC))
DURATIONS = st.timedeltas(timedelta(days=-9999), timedelta(days=9999))
# Types with the values that they have.
SCALARS = st.sampled_from(
    [
        (str, TEXT),
        (int, INTEGERS),
        (float, st.floats(-1e9, 1e9)),
        (bool, st.booleans()),
        (datetime, TIMES),
        (date, st.dates()),
        (timedelta, DURATIONS),
        (bytes, st.binary(min_size=1, max_size=5)),
        (UUID, st.uuids()),
        (IPv4Address, st.ip_addresses(v=4)),
        (IPv6Address, st.ip_addresses(v=6)),
        (Literal["a", "b"], st.sampled_from(["a", "b"])),
        (Color, st.sampled_from(Color)),
        (int | str, st.one_of(INTEGERS, TEXT)),
        (ext.Quantity, st.builds(ext.Quantity, st.sampled_from(["1", "500m", "2Gi", "1e3"]))),
        (Annotated[int, ext.Field(ge=1, le=9)], st.integers(1, 9)),
        (
            Annotated[str, ext.Field(min_length=1, max_length=3)],
            st.text("ab", min_size=1, max_size=3),
        ),
    ]
)


def collections(inner):
    """Lists, maps and structures of what there is."""

    def structure(members):
        fields = [(f"field_{index}", kind) for index, (kind, _) in enumerate(members)]
        made = dataclasses.make_dataclass("Made", fields)
        values = {name: member[1] for (name, _), member in zip(fields, members, strict=True)}
        return made, st.builds(made, **values)

    def optional(pair):
        return pair[0] | None if isinstance(pair[0], type) else pair[0], pair[1]

    return st.one_of(
        inner.map(lambda pair: (list[pair[0]], st.lists(pair[1], max_size=3))),
        inner.map(lambda pair: (tuple[pair[0], ...], st.lists(pair[1], max_size=3).map(tuple))),
        inner.map(lambda pair: (dict[str, pair[0]], st.dictionaries(TEXT, pair[1], max_size=3))),
        st.lists(inner.map(optional), min_size=1, max_size=3).map(structure),
    )


TYPES = st.recursive(SCALARS, collections, max_leaves=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TYPES, st.data())
def test_values_of_any_type_fit_its_schema_and_come_back(pair, data):
    """A definition with the schema is accepted, and a value goes through it unchanged."""
    kind, values = pair
    spec = dataclasses.make_dataclass("Thing", [("value", kind)])
    extension = ext.Extension("example.com")
    extension.resource(version="v1")(spec)
    shape = extension.declarations()[0].storage.spec
    value = spec(data.draw(values))
    json = shape.write(value)
    unknown: list[str] = []
    read = compile_reader(shape.schema, lambda meta, _: meta)(json, unknown)
    failures = Failures()
    compile_validator(shape.schema)(read, ABSENT, "", failures)
    assert (unknown, list(failures)) == ([], [])
    assert shape.read(read) == value
