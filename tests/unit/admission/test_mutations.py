"""What values of mutations make of an object."""

from __future__ import annotations

import copy

import pytest

from kapi.admission.policy.mutations import MutationError, apply_configuration, apply_json_patch
from kapi.cel.admission import admission_environment
from kapi.structuredmerge.schema import ListSchema, MapSchema, ScalarSchema
from kapi.structuredmerge.typed import TypedSchema

STRING = ScalarSchema("string")
ITEMS = ListSchema(
    lambda: MapSchema({"name": lambda: STRING, "image": lambda: STRING}), "map", ("name",)
)
SPEC = MapSchema({"items": lambda: ITEMS, "args": lambda: ListSchema(lambda: STRING)})
TYPED = TypedSchema(
    MapSchema({"apiVersion": lambda: STRING, "kind": lambda: STRING, "spec": lambda: SPEC}),
    {},
    exact=True,
)
OBJECT = {
    "apiVersion": "v1",
    "kind": "Thing",
    "spec": {"items": [{"name": "a", "image": "x"}], "args": ["1"]},
}


def value(source):
    return admission_environment(patches=True).compile(source).evaluate({})


def configured(source, obj=OBJECT):
    return apply_configuration(value(source), obj, TYPED)


def patched(source, obj=OBJECT):
    return apply_json_patch(value(source), obj)


def test_configurations_are_merged():
    """Items are found by their keys; the object that was there is not changed."""
    before = copy.deepcopy(OBJECT)
    changed = configured(
        "Object{spec: Object.spec{items: [Object.spec.items{name: 'b'}, "
        "Object.spec.items{name: 'a', image: 'y'}]}}"
    )
    assert changed["spec"] == {
        "items": [{"name": "b"}, {"name": "a", "image": "y"}],
        "args": ["1"],
    }
    assert before == OBJECT


def test_a_configuration_cannot_say_what_kind_it_is_of():
    """Version and kind are those of the object."""
    assert configured("Object{apiVersion: 'v2', kind: 'Other'}") == OBJECT


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "Object{spec: Object.spec{args: ['2']}}",
            (
                "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, "
                "maps or structs: .spec.args"
            ),
        ),
        (
            "Object{spec: Object.spec{items: [Object.spec.items{image: 'y'}]}}",
            (
                "error applying patch: failed to convert patch object to typed object: "
                ".spec.items: element 0: associative list with keys has an element that omits "
                'all key fields ["name"] (and doesn\'t have default values for any key fields)'
            ),
        ),
        (
            "Object{other: 1}",
            (
                "error applying patch: failed to convert patch object to typed object: .other: "
                "field not declared in schema"
            ),
        ),
        (
            "Object{spec: {1: 'a'}}",
            "error applying patch: unsupported type conversion from 'int' to string",
        ),
        (
            "Object{spec: Object.items{}}",
            (
                'type mismatch: unexpected type name "Object.items", expected "Object.spec", which '
                "matches field name path from root Object type"
            ),
        ),
    ],
)
def test_configurations_that_do_not_fit(source, message):
    """The text says what is wrong with them, in Kubernetes' words."""
    with pytest.raises(MutationError) as refused:
        configured(source)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("null", ".spec: expected map, got &{NULL_VALUE}"),
        (
            "Object.spec{items: [Object.spec.items{name: 'a', image: 2u}]}",
            '.spec.items[name="a"].image: expected string, got &value.valueUnstructured{Value:0x2}',
        ),
        (
            "Object.spec{items: [Object.spec.items{name: null}]}",
            (
                ".spec.items[name={{undefined}}].name: expected string, got "
                "&value.valueUnstructured{Value:0}"
            ),
        ),
        (
            "Object.spec{items: [Object.spec.items{name: 'a', image: b'ab'}]}",
            (
                '.spec.items[name="a"].image: expected string, got '
                "&value.valueUnstructured{Value:[]uint8{0x61, 0x62}}"
            ),
        ),
        (
            "Object.spec{items: [Object.spec.items{name: 'a', image: duration('1s')}]}",
            (
                '.spec.items[name="a"].image: expected string, got '
                "&value.valueUnstructured{Value:1000000000}"
            ),
        ),
    ],
)
def test_values_that_json_lacks_fit_no_field(source, problem):
    """A null is one of them: a configuration says what is, and nothing is taken away by it."""
    with pytest.raises(MutationError) as caught:
        configured(f"Object{{spec: {source}}}")
    assert str(caught.value) == (
        f"error applying patch: failed to convert patch object to typed object: {problem}"
    )


def test_optional_values():
    """They stand for what they hold; a member whose value is absent is not there."""
    items = "Object.spec.items{name: optional.of('a'), image: optional.none()}"
    assert configured(f"Object{{spec: Object.spec{{items: [{items}]}}}}") == OBJECT
    held = patched("[JSONPatch{op: 'add', path: '/x', value: optional.of('y')}]")
    assert held["x"] == "y"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("optional.none()", "optional.none() dereference"),
        ("type(1)", "type conversion not supported for 'type'"),
        ("{true: 1}", "type conversion error from bool to 'string'"),
        ("{1: 1}", "unsupported type conversion from 'int' to string"),
        (
            "-1.0 / 0.0",
            (
                "json: error calling MarshalJSON for type *structpb.Value: proto: "
                "google.protobuf.Value.number_value: invalid -Inf value"
            ),
        ),
    ],
)
def test_values_of_patches_that_have_no_json(source, problem):
    """The message says why."""
    with pytest.raises(MutationError) as caught:
        patched(f"[JSONPatch{{op: 'add', path: '/x', value: {source}}}]")
    assert str(caught.value) == (
        f"JSONPath valueExpression evaluated to a type that could not marshal to JSON: {problem}"
    )


def test_an_object_that_cannot_be_merged():
    """Items that share a key cannot be told apart."""
    twice = {**OBJECT, "spec": {"items": [{"name": "a"}, {"name": "a"}]}}
    with pytest.raises(MutationError, match="failed to convert original object to typed object"):
        configured("Object{}", twice)


def test_patches():
    """Operations see what those before them did."""
    changed = patched(
        "[JSONPatch{op: 'add', path: '/spec/args/-', value: '2'}, "
        "JSONPatch{op: 'move', from: '/spec/args/0', path: '/spec/first'}, "
        "JSONPatch{op: 'add', path: '/spec/one', value: Object.spec.one{x: 1.0}}]"
    )
    assert changed["spec"]["args"] == ["2"]
    assert changed["spec"]["first"] == "1"
    assert repr(changed["spec"]["one"]) == "{'x': 1}"
    assert OBJECT["spec"]["args"] == ["1"]


def test_a_failed_test_is_no_failure():
    """The object stays what it is, whatever came before the test."""
    source = (
        "[JSONPatch{op: 'remove', path: '/spec'}, JSONPatch{op: 'test', path: '/kind', value: 'x'}]"
    )
    assert patched(source) is OBJECT


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("op: 'add', path: '/a/b'", 'add operation does not apply: doc is missing path: "/a/b": '),
        ("op: 'add', path: '/spec/args/x'", "error in add for path: '/spec/args/x': value was not"),
        ("op: 'add', path: '/spec/args/9'", "Unable to access invalid index: 9: invalid index"),
        ("op: 'remove', path: '/a'", "error in remove for path: '/a': Unable to remove nonexist"),
        ("op: 'remove', path: '/a/b'", 'remove operation does not apply: doc is missing path: "/'),
        ("op: 'replace', path: '/a/b'", "replace operation does not apply: doc is missing path: /"),
        ("op: 'replace', path: '/spec/args/1'", "replace operation does not apply: doc is missing"),
        ("op: 'move', path: '/a'", "move operation failed to decode from: operation, missing from"),
        ("op: 'move', from: '/b', path: '/a'", "error in move for path: 'b': Unable to remove"),
        ("op: 'copy', from: '/kind', path: '/a/b'", "doc is missing destination path: /a/b"),
        ("op: 'copy', from: '/a/b', path: '/c'", "copy operation does not apply: doc is missing "),
        ("op: 'test', path: '/a/b', value: 1", "test operation does not apply: is missing path: "),
        ("op: 'merge', path: '/a'", "Unexpected kind: merge"),
        ("path: '/a'", "Unexpected kind: "),
        ("op: 'add', path: '/a', value: Object.x{y: Object.y{}}", "type mismatch: unexpected type"),
        ("op: 'add', path: '/a', value: quantity('1')", "a type that could not marshal to JSON"),
    ],
)
def test_patches_that_do_not_apply(operation, message):
    """The text says which operation it was and what was missing."""
    with pytest.raises(MutationError) as refused:
        patched(f"[JSONPatch{{{operation}}}]")
    assert message in str(refused.value)
