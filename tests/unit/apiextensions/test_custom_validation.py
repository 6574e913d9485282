"""Validation of custom resources by their schemas."""

from __future__ import annotations

import pytest

from kapi.apiextensions.schema.formats import string_format
from kapi.apiextensions.schema.structural import StructuralSchema
from kapi.apimachinery.field import ErrorList
from kapi.util.patterns import compile_pattern

STRING = {"type": "string"}
INTEGER = {"type": "integer"}


def errors_of(schema, value, old=None):
    found = ErrorList()
    structural = StructuralSchema(lambda: schema, lambda meta, _: meta)
    structural.validate(value, old, found)
    structural.validate_lists(value, old, found)
    return [str(error) for error in found]


def objects(**properties):
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        (STRING, 5, 'a: Invalid value: "integer": a in body must be of type string: "integer"'),
        ({**STRING, "maxLength": 1}, "ab", "a: Too long: may not be more than 1 bytes"),
        (
            {**STRING, "enum": ["x"]},
            "y",
            'a: Unsupported value: "y": supported values: "x"',
        ),
        (
            {"type": "integer", "minimum": 3, "exclusiveMinimum": True},
            3,
            "a: Invalid value: 3: a in body should be greater than 3",
        ),
        (
            {"type": "number", "multipleOf": 0.25},
            0.3,
            "a: Invalid value: 0.3: a in body should be a multiple of 0.25",
        ),
        (
            {"type": "array", "items": STRING, "maxItems": 1},
            ["x", "y"],
            "a: Too many: 2: must have at most 1 item",
        ),
        (
            {"type": "object", "minProperties": 1},
            {},
            "a: Invalid value: 0: a in body should have at least 1 properties",
        ),
        (
            {**STRING, "format": "ipv4"},
            "x",
            'a: Invalid value: "x": a in body must be of type ipv4: "x"',
        ),
    ],
)
def test_keywords(schema, value, message):
    """Each keyword has its reason, its path and its words."""
    assert errors_of(objects(a=schema), {"a": value}) == [message]


def test_required_is_told_at_the_missing_field():
    """A missing field is an error at its own path."""
    schema = objects(l={"type": "array", "items": {**objects(k=STRING), "required": ["k"]}})
    assert errors_of(schema, {"l": [{}]}) == ["l[0].k: Required value"]


def test_a_fraction_is_no_integer_twice():
    """The type error has its field, the range error has none."""
    assert errors_of(objects(a=INTEGER), {"a": 1.5}) == [
        'a: Invalid value: "number": a in body must be of type integer: "number"',
        '<nil>: Invalid value: "": Checked value must be of type integer (default format) in a',
    ]


def test_any_of_tells_its_first_alternative():
    """When no alternative fits, the rule is told and what the first one misses."""
    schema = objects(a={**STRING, "anyOf": [{"pattern": "^a"}, {"pattern": "^b"}]})
    assert errors_of(schema, {"a": "c"}) == [
        '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
        "a: Invalid value: \"c\": a in body should match '^a'",
    ]
    assert errors_of(schema, {"a": "b"}) == []


def test_one_of_counts_what_fits():
    """Two alternatives that fit are one too many."""
    schema = {**objects(a=STRING, b=STRING), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
    (message,) = errors_of(schema, {"a": "x", "b": "y"})
    assert message.endswith("(oneOf). Found 2 valid alternatives")


def test_unchanged_values_may_stay_invalid():
    """Ratcheting: a value that was there before passes, a changed one does not."""
    schema = objects(a={**STRING, "maxLength": 1}, b=STRING)
    old = {"a": "long", "b": "x"}
    assert errors_of(schema, {"a": "long", "b": "y"}, old) == []
    assert errors_of(schema, {"a": "longer", "b": "x"}, old) != []
    assert errors_of(schema, {"a": "long", "b": "y"}) != []


def test_items_of_keyed_lists_are_compared_by_their_keys():
    """An invalid item passes wherever it moves, another one of the same content does not."""
    items = {**objects(k=STRING, v={**STRING, "enum": ["GOOD"]}), "required": ["k"]}
    schema = objects(
        l={
            "type": "array",
            "items": items,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
        }
    )
    bad = {"k": "b", "v": "BAD"}
    old = {"l": [{"k": "a"}, bad]}
    assert errors_of(schema, {"l": [bad]}, old) == []
    assert len(errors_of(schema, {"l": [bad, {"k": "c", "v": "BAD"}]}, old)) == 1


def test_sets_have_no_duplicates_unless_they_had():
    """A repeated item is told once, and not at all when the old list had one."""
    schema = objects(s={"type": "array", "items": STRING, "x-kubernetes-list-type": "set"})
    doubled = {"s": ["a", "b", "a", "a"]}
    assert errors_of(schema, doubled) == ['s[2]: Duplicate value: "a"']
    assert errors_of(schema, doubled, {"s": ["c", "c"]}) == []


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date-time", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05"),
        ("duration", "5 minutes", "10"),
        ("byte", "aGVsbG8=", "not base64!"),
        ("mac", "01:23:45:67:89:ab", "zz"),
        ("cidr", "10.0.0.0/8", "10.0.0.0"),
        ("hostname", "www.example.com", "a_b!"),
        ("uri", "https://example.com/x", "no uri"),
        ("uuid4", "0b5d1a8a-6d0c-4b8f-8f3b-3c6d3f5a2f10", "0b5d1a8a-6d0c-1b8f-8f3b-3c6d3f5a2f10"),
        ("isbn10", "0-306-40615-2", "0-306-40615-3"),
        ("creditcard", "4111111111111111", "4111111111111112"),
    ],
)
def test_formats(name, good, bad):
    """Each known format takes what it names and nothing else."""
    matches = string_format(name)
    assert matches(good)
    assert not matches(bad)


def test_patterns_are_those_of_re2():
    """The end is the end, flags hold to the end of their group, POSIX classes are known."""
    assert compile_pattern("^a$").search("a\n") is None
    assert compile_pattern("^((?i)warn|info)$").search("WARN")
    assert compile_pattern("^((?i)a)b$").search("AB") is None
    assert compile_pattern("^[[:alpha:]]+$").search("ab")


def test_lists_with_keys_hold_objects():
    """The first item that can have no keys is told besides its wrong type."""
    items = {**objects(k=STRING), "required": ["k"]}
    keyed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]}
    schema = objects(l={"type": "array", "items": items, **keyed})
    assert errors_of(schema, {"l": [{"k": "a"}, [""], 5]})[-1] == (
        'l[1]: Invalid value: [""]: must be an object for an array of list-type map'
    )


def test_too_few_and_too_many_members_are_checked_all_the_same():
    """The number of members says nothing about them."""
    schema = objects(a=STRING) | {"minProperties": 2, "maxProperties": 2}
    assert len(errors_of(objects(m=schema), {"m": {"a": 1}})) == 2
    assert len(errors_of(objects(m=schema), {"m": {"a": 1, "b": 1, "c": 1}})) == 2


@pytest.mark.parametrize(
    ("value", "factor", "exact"),
    [
        (0.3, 0.1, True),
        (0.35, 0.1, False),
        (1e300, 0.1, False),
        (1e30, 2, False),
        (9007199254740993, 3, True),
        (6, 3, True),
        (7, 3, False),
        (7.5, 2.5, True),
    ],
)
def test_multiples(value, factor, exact):
    """Integers exactly, floats as far as they tell integers apart."""
    schema = objects(n={"type": "number", "multipleOf": factor})
    assert (errors_of(schema, {"n": value}) == []) is exact


@pytest.mark.parametrize(
    ("value", "listed", "found"),
    [
        (2.5, [1.5, 2], True),
        (1, [1.5, 2], False),
        (97, ["a"], True),
        (49, ["1"], True),
        (1, ["1"], False),
        (-1, ["a"], False),
        (1e300, [1], False),
    ],
)
def test_listed_numbers_are_converted(value, listed, found):
    """A number is compared in the type of each listed value."""
    told = errors_of(objects(n={"enum": listed}), {"n": value})
    assert (told == []) is found


def test_a_fraction_in_place_of_text_with_a_format():
    """The type that is told is the one of the number."""
    schema = objects(s={**STRING, "format": "date-time"})
    told = 's: Invalid value: "{0}": s in body must be of type date-time: "{0}"'
    assert errors_of(schema, {"s": 1.5}) == [told.format("float64")]
    assert errors_of(schema, {"s": 1}) == [told.format("int64")]


def test_integers_are_no_multiples_of_fractions():
    """The factor loses its fraction for an integer, and nothing is left."""
    schema = objects(n={"type": "number", "multipleOf": 0.5, "maximum": 3})
    told = "n: Invalid value: 0: factor MultipleOf declared for n must be positive: 0"
    assert errors_of(schema, {"n": 1}) == [told]
    assert errors_of(schema, {"n": 1.5}) == []
    assert errors_of(schema, {"n": 5})[0] == told
    assert len(errors_of(schema, {"n": 5})) == 2
