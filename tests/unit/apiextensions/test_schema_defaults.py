"""Default values in the schemas of definitions."""

from __future__ import annotations

import pytest

from kapi.apiextensions.definition.default_values import validate_defaults
from kapi.apimachinery.field import ErrorList

EMBEDDED = {
    "type": "object",
    "x-kubernetes-embedded-resource": True,
    "x-kubernetes-preserve-unknown-fields": True,
}
NO_KIND = "may have mixed case, but should otherwise match: a DNS-1035 label must consist of"


def errors_of(schema):
    errors = ErrorList()
    validate_defaults({"type": "object", "properties": {"x": schema}}, "s", errors)
    return [str(error).removeprefix("s.properties[x].") for error in errors]


def test_defaults_are_shown_in_the_order_of_names():
    """As Go writes a map, with escapes as in HTML."""
    assert errors_of({"type": "object", "default": {"b": {"d": 1, "c": "<"}, "a": 2}}) == [
        'default: Invalid value: {"a":2,"b":{"c":"\\u003c","d":1}}: must not have unknown fields'
    ]


def test_defaults_of_values_of_a_map_are_not_looked_at():
    """They are never used."""
    schema = {"type": "object", "additionalProperties": {"type": "string", "default": 5}}
    assert errors_of(schema) == []


def test_values_of_a_map_at_the_root_of_a_default():
    """The field is named plainly, the text about it has a point in front."""
    schema = {"type": "object", "default": {"c": 2}, "additionalProperties": {"type": "string"}}
    assert errors_of(schema) == [
        'default.c: Invalid value: "integer": .c in body must be of type string: "integer"'
    ]


@pytest.mark.parametrize(
    ("default", "error"),
    [
        ({"apiVersion": 5, "kind": "A"}, "apiVersion: Invalid value: 5: must be a string"),
        (
            {"apiVersion": "v1", "kind": "A", "metadata": 5},
            (
                "metadata: Invalid value: 5: json: cannot unmarshal number into Go value of type "
                "v1.ObjectMeta"
            ),
        ),
        (
            {"apiVersion": "v1", "kind": "A", "metadata": {"labels": {"a": 5}}},
            (
                'metadata: Invalid value: {"labels":{"a":5}}: json: cannot unmarshal number into '
                "Go struct field ObjectMeta.labels of type string"
            ),
        ),
        (
            {"apiVersion": "v1", "kind": "A", "metadata": {"name": "a/b"}},
            "metadata.name: Invalid value: \"a/b\": may not contain '/'",
        ),
        ({"kind": "A"}, "apiVersion: Required value"),
        ({"apiVersion": "", "kind": "A"}, 'apiVersion: Invalid value: "": must not be empty'),
    ],
)
def test_defaults_that_are_resources(default, error):
    """They are judged as any embedded resource is."""
    assert errors_of({**EMBEDDED, "default": default}) == [f"default.{error}"]


def test_a_namespace_and_any_finalizer_may_be_given():
    """Embedded resources may be of any kind."""
    meta = {"namespace": "a", "name": "A B", "finalizers": ["x"]}
    default = {"apiVersion": "v1", "kind": "A", "metadata": meta}
    assert errors_of({**EMBEDDED, "default": default}) == []


def test_defaults_inside_of_metadata():
    """They are judged within the smallest resource that has them."""
    labels = {"type": "object", "default": {"a": "b c"}}
    meta = {"type": "object", "properties": {"labels": labels}}
    kind = {"type": "string", "default": "a b"}
    told = errors_of({**EMBEDDED, "properties": {"metadata": meta, "kind": kind}})
    assert told[0].startswith(
        'properties[kind].default: Invalid value: "a b": must result in valid metadata: '
        f'kind: Invalid value: "a b": {NO_KIND}'
    )
    assert told[1].startswith(
        'properties[metadata].properties[labels].default: Invalid value: {"a":"b c"}: must result '
        'in valid metadata: metadata.labels: Invalid value: "b c": a valid label must be'
    )
    labels["default"] = {"a": 5}
    assert errors_of({**EMBEDDED, "properties": {"metadata": meta}}) == [
        (
            'properties[metadata].properties[labels].default: Invalid value: {"a":5}: must '
            'result in valid metadata: metadata: Invalid value: {"labels":{"a":5}}: json: '
            "cannot unmarshal number into Go struct field ObjectMeta.labels of type string"
        )
    ]
