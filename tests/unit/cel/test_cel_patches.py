"""Objects and JSON patches that expressions make."""

from __future__ import annotations

import pytest

from kapi.cel.admission import admission_environment
from kapi.cel.patches import as_json, wrong_type_names
from kapi.cel.syntax import CompileError
from kapi.cel.values import CelError

_ENVIRONMENT = admission_environment(patches=True)


def evaluate(source, **variables):
    return _ENVIRONMENT.compile(source).evaluate(variables)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("Object{}", "Object"),
        ("Object.spec.a.b{c: 1}", "Object.spec.a.b"),
        ("[JSONPatch{op: 'add'}]", "list(JSONPatch)"),
        ("[]", "list(dyn)"),
        ("[] + [JSONPatch{}]", "list(JSONPatch)"),
        ("object.a ? [] : [JSONPatch{}]", "list(JSONPatch)"),
        ("object.a ? [JSONPatch{}] : []", "list(JSONPatch)"),
        ("object.a ? [JSONPatch{}] : object.b", "dyn"),
        ("[[]] + [[1]]", "list(list(int))"),
        ("[1].map(x, JSONPatch{op: string(x)})", "list(JSONPatch)"),
    ],
)
def test_types(source, kind):
    """Types have their names; an empty list becomes what it is joined with, dyn makes all dyn."""
    assert str(_ENVIRONMENT.compile(source).type) == kind


def test_optional_fields():
    """A field whose value is absent is not there."""
    source = "Object{a: Object.a{?b: object.?x, ?c: object.?y}}"
    assert evaluate(source, object={"x": 1}) == {"a": {"b": 1}}


def test_fields_can_be_read_again():
    """An object is as good as one that was there before."""
    assert evaluate("Object{a: Object.a{b: 2}}.a.b") == 2
    assert evaluate("has(Object{a: 1}.b)") is False


def test_escaped_keys():
    """``~`` before ``/``, so that what it becomes stays."""
    assert evaluate("jsonpatch.escapeKey('a/b~c~1')") == "a~1b~0c~01"
    with pytest.raises(CompileError, match="undeclared reference"):
        admission_environment().compile("jsonpatch.escapeKey('a')")


def test_names_of_types_follow_the_path():
    """Maps and lists in between have no names of their own."""
    source = "Object{a: [Object.a{b: {'x': [Object.c{}]}}], d: Object.e{}}"
    assert wrong_type_names(evaluate(source), "Object") == [
        f'unexpected type name "{found}", expected "{wanted}", which matches field name path from '
        "root Object type"
        for found, wanted in (("Object.c", "Object.a.b"), ("Object.e", "Object.d"))
    ]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{'a': [1u, 2u]}", {"a": [1, 2]}),
        ("[2.0, 0.5]", [2, 0.5]),
        ("timestamp('2024-05-06T07:08:09.5Z')", "2024-05-06T07:08:09.5Z"),
        ("duration('90s')", "90s"),
        ("b'ab'", "YWI="),
        ("Object.a{x: null}", {"x": None}),
    ],
)
def test_values_as_json(source, value):
    """Whatever JSON has no word for becomes what protobuf's JSON makes of it."""
    found = as_json(evaluate(source))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{1: 'a'}", "unsupported type conversion from 'int' to string"),
        ("[quantity('1')]", "a value of type kubernetes.Quantity has no JSON"),
        ("{'a': optional.none()}", "optional.none() dereference"),
        (
            "[double('NaN')]",
            (
                "json: error calling MarshalJSON for type *structpb.Value: proto: "
                "google.protobuf.Value.number_value: invalid NaN value"
            ),
        ),
    ],
)
def test_values_without_json(source, message):
    """They cannot be part of a patch."""
    with pytest.raises(CelError) as refused:
        as_json(evaluate(source))
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("JSONPatch{op: dyn(1)}", "unexpected type int64 for JSONPatchType 'op' field"),
        ("JSONPatch{path: dyn([])}", "unexpected type list for JSONPatchType 'path' field"),
        ("JSONPatch{from: dyn(1.5)}", "unexpected type float64 for JSONPatchType 'from' field"),
    ],
)
def test_what_must_be_text(source, told):
    """It is looked at again where the expression has promised anything."""
    with pytest.raises(CelError, match=told):
        evaluate(source)


def test_large_numbers_stay_floats():
    """JSON has no integers beyond 64 bits."""
    assert as_json(1e300).__class__ is float
    assert as_json(2.0).__class__ is int
