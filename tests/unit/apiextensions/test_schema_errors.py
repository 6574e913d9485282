"""What is wrong with the schemas of definitions, and the order in which it is told."""

from __future__ import annotations

import pytest

from kapi.apiextensions.definition.schema_validation import validate_schema
from kapi.apimachinery.field import ErrorList

X = "s.properties[x]"


def errors_of(schema, *, status=False):
    errors = ErrorList()
    validate_schema(schema, "s", errors, status_subresource=status)
    return [str(error) for error in errors]


def of_x(**schema):
    return errors_of({"type": "object", "properties": {"x": schema}})


def fields_of_x(**schema):
    return [error.split(": ")[0].removeprefix(X + ".") for error in of_x(**schema)]


def test_structure_comes_before_keywords():
    """Structural errors are sorted and stand before those of any OpenAPI schema."""
    schema = {"type": "foo", "properties": {"a": {"type": "bar"}, "b": {}}}
    assert errors_of(schema) == [
        "s.properties[b].type: Required value: must not be empty for specified object fields",
        's.type: Invalid value: "foo": must be object at the root',
        (
            's.type: Unsupported value: "foo": supported values: "array", "boolean", "integer", '
            '"number", "object", "string"'
        ),
        (
            's.properties[a].type: Unsupported value: "bar": supported values: "array", "boolean", '
            '"integer", "number", "object", "string"'
        ),
    ]


def test_an_empty_schema_has_no_type():
    """A schema without members is a schema; only its type is missing."""
    assert errors_of({}) == ["s.type: Required value: must not be empty at the root"]


@pytest.mark.parametrize(
    "schema",
    [{"x-kubernetes-preserve-unknown-fields": True}, {"x-kubernetes-int-or-string": True}],
)
def test_extensions_stand_for_the_type(schema):
    """The root needs no type either where an extension tells what it is."""
    assert errors_of(schema) == []


def test_no_additional_properties_at_the_root():
    """Not even false."""
    assert errors_of({"type": "object", "additionalProperties": False}) == [
        "s.additionalProperties: Forbidden: must not be used at the root"
    ]


def test_a_schema_uri_is_told_only_alone():
    """What cannot be looked at is told if nothing else is wrong."""
    schema = {"type": "object", "$schema": "http://x"}
    why = "s: Invalid value: \"\": OpenAPIV3Schema 'schema' is not supported"
    assert errors_of(schema) == [why]
    assert errors_of({**schema, "nullable": True}) == [
        "s.nullable: Forbidden: nullable cannot be true at the root"
    ]


def test_any_of_integer_and_string_may_tell_types():
    """Also without x-kubernetes-int-or-string, but only with nothing else and once."""
    any_of = [{"type": "integer"}, {"type": "string"}]
    assert of_x(type="string", anyOf=any_of) == []
    assert of_x(type="string", allOf=[{"anyOf": any_of}]) == []
    told = ["allOf[1].anyOf[0].type", "allOf[1].anyOf[1].type"]
    assert fields_of_x(type="string", allOf=[{"anyOf": any_of}] * 2) == told
    longer = [{"type": "integer", "minimum": 1}, {"type": "string"}]
    assert fields_of_x(type="string", anyOf=longer) == ["anyOf[0].type", "anyOf[1].type"]


def test_empty_defaults_are_defaults():
    """Inside of junctors a default of any value is refused."""
    assert fields_of_x(type="string", anyOf=[{"default": ""}, {"default": 0}]) == [
        "anyOf[0].default",
        "anyOf[1].default",
    ]


def test_broken_patterns_are_a_matter_of_structure():
    """A broken pattern keeps defaults and rules from being looked at."""
    assert fields_of_x(type="string", pattern="(", default=5) == ["pattern"]
    assert fields_of_x(type="string", **{"not": {"pattern": "("}}) == ["not.pattern"]


def test_wrong_defaults_come_before_keywords():
    """Defaults are told before what any OpenAPI schema is told."""
    assert fields_of_x(type="string", default=5, uniqueItems=True) == ["default", "uniqueItems"]


def test_unsupported_keywords_that_are_empty():
    """An empty $ref is refused; of maps only those with members are."""
    assert of_x(type="string", **{"$ref": ""}) == [f"{X}.$ref: Forbidden: $ref is not supported"]
    assert of_x(type="string", definitions={}) == []


def test_below_definitions():
    """Schemas that are not supported are looked at all the same."""
    assert fields_of_x(type="string", definitions={"a": {"type": "foo"}}) == [
        "definitions",
        "definitions[a].type",
    ]


def test_children_are_told_before_list_types():
    """How a list merges is told after what is wrong with its items."""
    schema = {
        "type": "array",
        "items": {"type": "object", "required": ["a"], "properties": {"a": {"type": "object"}}},
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["a", "a", "b"],
    }
    at = f'{X}.x-kubernetes-list-map-keys: Invalid value: ["a","a","b"]'
    assert of_x(**schema) == [
        (
            f'{X}.items.properties[a].type: Invalid value: "object": must be a scalar type if '
            "parent array's x-kubernetes-list-type is map"
        ),
        (
            f'{X}.items.properties[a].type: Invalid value: "object": must be a scalar type if '
            "parent array's x-kubernetes-list-type is map"
        ),
        f"{at}: must not contain duplicate entries",
        f"{at}: entries must all be names of item properties",
    ]
    schema["items"]["properties"]["a"]["type"] = "foo"
    assert fields_of_x(**schema)[0] == "items.properties[a].type"
    assert fields_of_x(**schema)[1:] == ["x-kubernetes-list-map-keys"] * 2


def test_several_schemas_for_the_items_of_a_map():
    """A list of schemas is shown whole, with Go's names."""
    told = of_x(
        type="array",
        items=[{"type": "object"}],
        **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"]},
    )
    assert told[0] == f"{X}.items: Forbidden: items must be a schema object and not an array"
    assert told[1].startswith(f'{X}.items: Invalid value: {{"Schema":null,"JSONSchemas":[{{"ID":"')


def test_sets_show_the_list_type_of_their_items():
    """The value of x-kubernetes-map-type is not the one that is shown."""
    items = {"type": "object", "x-kubernetes-map-type": "granular"}
    assert of_x(type="array", items=items, **{"x-kubernetes-list-type": "set"}) == [
        (
            f"{X}.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a "
            "list with x-kubernetes-list-type=set"
        )
    ]


def test_no_defaults_for_labels_by_any_name():
    """In metadata, what has no name of its own has no default."""
    labels = {"type": "object", "additionalProperties": {"type": "string", "default": "a"}}
    metadata = {"type": "object", "properties": {"labels": labels}}
    embedded = {"type": "object", "properties": {"metadata": metadata}}
    assert of_x(**embedded, **{"x-kubernetes-embedded-resource": True}) == [
        (
            f"{X}.properties[metadata].properties[labels].additionalProperties.default: Forbidden: "
            "must not be set inside additionalProperties applying to object metadata"
        )
    ]


def test_texts_of_rules_are_told_of_broken_schemas():
    """What rules say is told wherever they stand; they are compiled only in good schemas."""
    rules = [{"rule": " "}, {"rule": "self.nope", "message": " "}]
    assert fields_of_x(type="foo", **{"x-kubernetes-validations": rules}) == [
        "type",
        "x-kubernetes-validations[0].rule",
        "x-kubernetes-validations[1].message",
    ]


def test_a_schema_with_a_fault_below_does_not_compile_its_rules():
    """Rules beside the fault are compiled, those around it are not."""
    bad = {"x-kubernetes-validations": [{"rule": "self.nope"}]}
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "object", "properties": {"c": {"type": "foo"}}, **bad},
            "b": {"type": "object", **bad},
        },
        **bad,
    }
    assert [error.split(": ")[0] for error in errors_of(schema)] == [
        "s.properties[a].properties[c].type",
        "s.properties[b].x-kubernetes-validations[0].rule",
    ]


def test_old_values_inside_of_atomic_maps():
    """A map that is one value has no fields with a past."""
    inner = {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]}
    schema = {"type": "object", "properties": {"a": inner}}
    assert of_x(**schema) == []
    assert of_x(**schema, **{"x-kubernetes-map-type": "atomic"}) == [
        (
            f'{X}.properties[a].x-kubernetes-validations[0].rule: Invalid value: "self == '
            f'oldSelf": oldSelf cannot be used on the uncorrelatable portion of the '
            f"schema within {X}"
        )
    ]
