"""Messages for values that do not fit their schema."""

from __future__ import annotations

import pytest
from merging_schema import TYPED

from kapi.structuredmerge.validation import message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            {"data": {"x": 1}},
            ".data.x: expected string, got &value.valueUnstructured{Value:1}",
        ),
        (
            {"data": {"x": {"a": [1, "b"]}}},
            (
                ".data.x: expected string, got &value.valueUnstructured{Value:"
                'map[string]interface {}{"a":[]interface {}{1, "b"}}}'
            ),
        ),
        ({"data": "text"}, ".data: expected map, got &{text}"),
        ({"data": ["a", {"b": True}]}, ".data: expected map, got &{[a map[b:true]]}"),
        ({"spec": {"items": {}}}, ".spec.items: expected list, got &{map[]}"),
        ({"spec": {"size": "1"}}, ".spec.size: expected numeric (int or float), got string"),
        ({"spec": {"paused": "yes"}}, ".spec.paused: expected boolean, got &{yes}"),
        ({"nosuch": 1}, ".nosuch: field not declared in schema"),
        (
            {"spec": {"items": [{"name": "a", "zzz": 1}]}},
            '.spec.items[name="a"].zzz: field not declared in schema',
        ),
        (
            {"spec": {"items": [{"name": "a"}, {"name": "a"}]}},
            '.spec.items: duplicate entries for key [name="a"]',
        ),
        (
            {"spec": {"ports": [{"port": 1}, {"port": 1, "protocol": "TCP"}]}},
            '.spec.ports: duplicate entries for key [port=1,protocol="TCP"]',
        ),
        (
            {"spec": {"ports": [{}, {"protocol": "TCP"}]}},
            '.spec.ports: duplicate entries for key [protocol="TCP"]',
        ),
        ({"spec": {"tags": ["a", "a"]}}, '.spec.tags: duplicate entries for key [="a"]'),
        (
            {"spec": {"items": [{"image": "x"}]}},
            (
                ".spec.items: element 0: associative list with keys has an element that omits all "
                'key fields ["name"] (and doesn\'t have default values for any key fields)'
            ),
        ),
        (
            {"spec": {"size": True, "paused": 1}},
            (
                "errors:\n  .spec.paused: expected boolean, got &{1}\n"
                "  .spec.size: expected numeric (int or float), got bool"
            ),
        ),
    ],
)
def test_messages(value, text):
    """Each misfit has the message that an apply is answered with."""
    assert message(TYPED.validate(value)) == text


def test_null_fits_everywhere():
    """A null stands for an absent value of any type."""
    assert TYPED.validate({"data": {"x": None}, "spec": {"size": None, "items": None}}) == []


def test_stored_objects_may_have_duplicates():
    """Duplicates are no misfit of an object that was stored by other means."""
    value = {"spec": {"tags": ["a", "a"]}}
    assert TYPED.validate(value, duplicates=True) == []
