"""Python types as structural schemas, and values both ways."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address
from typing import Annotated, Any, ClassVar, Literal, NewType, Optional
from uuid import UUID, uuid4

import annotated_types
import pytest
import typing_extensions

from kapi import ext
from kapi.ext.errors import Unfit
from kapi.ext.shapes import ShapeCompiler

STRING = {"type": "string"}
INT = {"type": "integer", "format": "int64"}
FREE = {"x-kubernetes-preserve-unknown-fields": True}


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


Port = NewType("Port", int)


def shape_of(kind):
    return ShapeCompiler().shape(kind, "x")


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (str, STRING),
        (int, INT),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (Any, FREE),
        (datetime, {**STRING, "format": "date-time"}),
        (date, {**STRING, "format": "date"}),
        (bytes, {**STRING, "format": "byte"}),
        (UUID, {**STRING, "format": "uuid"}),
        (IPv4Address, {**STRING, "format": "ipv4"}),
        (Port, INT),
        (Optional[str], STRING),  # noqa: UP045 - as older code spells it
        (str | None, STRING),
        (Literal["a", "b"], {**STRING, "enum": ["a", "b"]}),
        (Literal[1, 2], {"type": "integer", "enum": [1, 2]}),
        (Color, {**STRING, "enum": ["red", "blue"]}),
        (Level, {"type": "integer", "enum": [1, 2]}),
        (
            ext.IntOrString,
            {"anyOf": [{"type": "integer"}, STRING], "x-kubernetes-int-or-string": True},
        ),
        (list[str], {"type": "array", "items": STRING}),
        (list[Any], {"type": "array", "items": FREE}),
        (tuple[int, ...], {"type": "array", "items": INT}),
        (tuple[int, int], {"type": "array", "items": INT, "minItems": 2, "maxItems": 2}),
        (set[str], {"type": "array", "items": STRING, "x-kubernetes-list-type": "set"}),
        (frozenset[int], {"type": "array", "items": INT, "x-kubernetes-list-type": "set"}),
        (dict[str, int], {"type": "object", "additionalProperties": INT}),
        (dict[str, Any], {"type": "object", **FREE}),
        (dict, {"type": "object", **FREE}),
        (list[dict[str, str]], {"type": "array", "items": shape_of(dict[str, str]).schema}),
    ],
)
def test_types_have_schemas(kind, schema):
    """Every supported type is a structural schema."""
    assert shape_of(kind).schema == schema


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (Annotated[int, ext.Field(ge=1, le=9)], {**INT, "minimum": 1, "maximum": 9}),
        (
            Annotated[float, ext.Field(gt=0, lt=1)],
            {
                "type": "number",
                "minimum": 0,
                "exclusiveMinimum": True,
                "maximum": 1,
                "exclusiveMaximum": True,
            },
        ),
        (
            Annotated[int, annotated_types.Ge(1), annotated_types.MultipleOf(5)],
            {**INT, "minimum": 1, "multipleOf": 5},
        ),
        (
            Annotated[int, annotated_types.Interval(ge=1, lt=4)],
            {**INT, "minimum": 1, "maximum": 4, "exclusiveMaximum": True},
        ),
        (
            Annotated[str, annotated_types.Len(1, 5)],
            {**STRING, "minLength": 1, "maxLength": 5},
        ),
        (
            Annotated[str, ext.Field(pattern="^a", max_length=3, format="hostname", title="T")],
            {**STRING, "pattern": "^a", "maxLength": 3, "format": "hostname", "title": "T"},
        ),
        (
            Annotated[list[str], ext.Field(min_length=1, max_length=2)],
            {"type": "array", "items": STRING, "minItems": 1, "maxItems": 2},
        ),
        (
            Annotated[dict[str, str], ext.Field(max_length=2, map_type="atomic")],
            {
                "type": "object",
                "additionalProperties": STRING,
                "maxProperties": 2,
                "x-kubernetes-map-type": "atomic",
            },
        ),
        (
            list[Annotated[str, ext.Field(min_length=2)]],
            {"type": "array", "items": {**STRING, "minLength": 2}},
        ),
        (Annotated[str | None, ext.Field(nullable=True)], {**STRING, "nullable": True}),
        (
            Annotated[int, ext.Rule("self > 0", message="positive"), ext.Rule("self < 9")],
            {
                **INT,
                "x-kubernetes-validations": [
                    {"rule": "self > 0", "message": "positive"},
                    {"rule": "self < 9"},
                ],
            },
        ),
    ],
)
def test_annotations_constrain(kind, schema):
    """Bounds, lengths, patterns and rules become keywords of the schema."""
    assert shape_of(kind).schema == schema


@pytest.mark.parametrize(
    ("kind", "json", "value"),
    [
        (datetime, "2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (date, "2026-01-02", date(2026, 1, 2)),
        (timedelta, "1h30m0s", timedelta(hours=1, minutes=30)),
        (timedelta, "-1m0.25s", -timedelta(minutes=1, milliseconds=250)),
        (bytes, "AAE=", b"\x00\x01"),
        (Color, "red", Color.RED),
        (Level, 2, Level.HIGH),
        (ext.Quantity, "1500m", ext.Quantity("1.5")),
        (ext.IntOrString, "10%", "10%"),
        (ext.IntOrString, 7, 7),
        (set[str], ["a", "b"], {"b", "a"}),
        (tuple[int, ...], [1, 2], (1, 2)),
        (dict[str, Color], {"a": "blue"}, {"a": Color.BLUE}),
        (list[date], ["2026-01-02"], [date(2026, 1, 2)]),
        (datetime | None, None, None),
    ],
)
def test_values_go_both_ways(kind, json, value):
    """What is read from JSON is written back as it was."""
    shape = shape_of(kind)
    assert shape.read(json) == value
    assert shape.write(value) == json


def test_durations_are_go_durations():
    """The schema refuses other spellings that the format would take."""
    schema = shape_of(timedelta).schema
    assert schema["format"] == "duration"
    fits = re.compile(schema["pattern"]).search
    assert all(fits(text) for text in ("1h30m", "-1.5s", "0", "2ms"))
    assert not any(fits(text) for text in ("5 minutes", "PT5M", "1w", "", "5"))


def test_free_values_are_copies():
    """A function that changes free JSON does not change the object behind it."""
    original = {"a": {"b": [1]}}
    value = shape_of(dict[str, Any]).read(original)
    value["a"]["b"].append(2)
    assert original == {"a": {"b": [1]}}


@dataclass
class Backend:
    """Who answers."""

    host: str
    port: Annotated[int, ext.Field(ge=1)] = 80
    """Where it listens."""


@dataclass
class Everything:
    """A bit of all."""

    shared: ClassVar[int] = 1
    name: str
    opening_hours: list[str] = field(default_factory=list)
    class_: str = "a"
    renamed: Annotated[int, ext.Field(name="other", description="said")] = 3
    """Not this."""
    backend: Backend | None = None
    main: Backend = field(default_factory=lambda: Backend("localhost"))
    backends: Annotated[list[Backend], ext.Field(list_map_keys=["host"])] = field(
        default_factory=list
    )
    maybe: int | None = None
    data: bytes = b""
    wanted_or_none: str | None = field(kw_only=True)


def test_dataclasses_are_objects():
    """Names, requirements, defaults and descriptions come from the class."""
    backend = {
        "type": "object",
        "description": "Who answers.",
        "properties": {
            "host": STRING,
            "port": {**INT, "minimum": 1, "description": "Where it listens.", "default": 80},
        },
        "required": ["host"],
    }
    assert shape_of(Everything).schema == {
        "type": "object",
        "description": "A bit of all.",
        "properties": {
            "name": STRING,
            "openingHours": {"type": "array", "items": STRING},
            "class": {**STRING, "default": "a"},
            "other": {**INT, "description": "said", "default": 3},
            "backend": backend,
            "main": {**backend, "default": {"host": "localhost", "port": 80}},
            "backends": {
                "type": "array",
                "items": backend,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["host"],
            },
            "maybe": INT,
            "data": {**STRING, "format": "byte"},
            "wantedOrNone": STRING,
        },
        "required": ["name"],
    }


def test_objects_become_instances_and_back():
    """None is absent, defaults of Python hold where JSON has nothing."""
    shape = shape_of(Everything)
    json = {"name": "n", "other": 5, "backend": {"host": "h"}, "maybe": None, "unknown": 1}
    value = shape.read(json)
    assert value == Everything("n", renamed=5, backend=Backend("h"), wanted_or_none=None)
    assert shape.write(value) == {
        "name": "n",
        "openingHours": [],
        "class": "a",
        "other": 5,
        "backend": {"host": "h", "port": 80},
        "main": {"host": "localhost", "port": 80},
        "backends": [],
        "data": "",
    }


def test_an_optional_field_keeps_its_default():
    """Absence of an optional field with a default is the default, not None."""

    @dataclass
    class Timeout:
        seconds: int | None = 5

    assert shape_of(Timeout).read({}) == Timeout(5)


@dataclass
class Range:
    low: int
    high: int

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError("low is above high")


def test_what_a_class_refuses_has_its_path():
    """A ValueError of a nested class is told with the path of its value."""
    shape = shape_of(dict[str, list[Range]])
    with pytest.raises(Unfit) as caught:
        shape.read({"a": [{"low": 1, "high": 2}, {"low": 2, "high": 1}]})
    assert caught.value.problems == [("a[1]", "low is above high")]


@dataclass
class Holder:
    kinds: tuple[int, str] = (1, "a")


@dataclass
class Recursive:
    children: list[Recursive] = field(default_factory=list)


@dataclass
class Changing:
    uid: UUID = field(default_factory=uuid4)


@dataclass
class Misfit:
    when: datetime = "now"


@dataclass
class Unreadable:
    total: int = field(init=False, default=0)


@dataclass
class Twice:
    opening_hours: str = ""
    openingHours: str = ""  # noqa: N815 - what is tested


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (complex, "x: complex has no structural schema; use "),
        (list, "x: say what is in the list: list[str], list[Any]"),
        (set, "x: say what is in the set: set[str]"),
        (set[dict[str, str]], "x: sets hold text, numbers or booleans"),
        (dict[int, str], "x: the keys of maps are str, not int"),
        (int | float, "x: int | float: of the unions only X | None and int | str have a schema"),
        (list[int | None], "x[]: items cannot be None"),
        (Literal["a", 1], "x: values of one of the types str, int and bool are needed"),
        (Annotated[str, ext.Field(ge=1)], "x: only numbers have bounds"),
        (Annotated[int, ext.Field(pattern="a")], "x: only text has a pattern"),
        (Annotated[int, ext.Field(max_length=1)], "x: only text, lists and maps have a length"),
        (Annotated[int, ext.Field(list_type="set")], "x: only lists have a list_type"),
        (Annotated[int, ext.Field(map_type="atomic")], "x: only maps and objects have a map_type"),
        (Annotated[int, ext.Rule("self > 0", reason="Bad")], "a rule's reason is one of "),
        (Holder, "Holder.kinds: the items of a list have one type: tuple[int, ...]"),
        (Recursive, "Recursive.children[]: Recursive contains itself; structural schemas are "),
        (Changing, "Changing.uid: its default_factory makes another value each time; let a "),
        (Misfit, "Misfit.when: its default does not fit its type: "),
        (Unreadable, "Unreadable.total: fields with init=False cannot be read; use a property"),
        (Twice, "Twice: opening_hours and openingHours are both called openingHours in JSON"),
    ],
)
def test_what_has_no_schema_is_refused(kind, message):
    """The error names the place, what is wrong and what to do."""
    with pytest.raises(ext.DeclarationError) as caught:
        shape_of(kind)
    assert str(caught.value).startswith(message)


def test_names_that_are_not_there_are_told():
    """An annotation that cannot be resolved is a mistake in the declaration."""
    namespace = {"__name__": __name__}
    exec(
        "from dataclasses import dataclass\n@dataclass\nclass Late:\n    other: 'Nowhere'\n",
        namespace,
    )
    with pytest.raises(ext.DeclarationError, match="Late: name 'Nowhere' is not defined"):
        shape_of(namespace["Late"])


def test_type_statements_stand_for_their_type():
    """``type Name = int`` of Python 3.12 is an int."""
    assert shape_of(typing_extensions.TypeAliasType("Name", int)).schema == INT


def test_quantities_are_amounts():
    """Quantities add up, compare and keep their kind of suffix."""
    total = ext.Quantity("1Gi") + ext.Quantity("512Mi") - ext.Quantity(0)
    assert (str(total), isinstance(total, ext.Quantity)) == ("1536Mi", True)
    assert ext.Quantity("500m") == ext.Quantity(0.5) < ext.Quantity("1")
    assert -ext.Quantity("1") < ext.Quantity(0)
    with pytest.raises(ValueError, match="quantities must match"):
        ext.Quantity("many")
