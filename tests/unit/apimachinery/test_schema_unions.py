"""What stands for schemas of definitions is read by decoders of its own."""

from __future__ import annotations

import pytest

from kapi.apimachinery.scheme.decode import DecodeError
from kapi.apimachinery.scheme.scheme import Scheme

_KIND = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceValidation"
_AT = "into Go struct field JSONSchemaProps.openAPIV3Schema"


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    """The newest version whose names are in the table."""
    return Scheme.load(36)


def decoded(scheme, schema):
    return scheme.decode(scheme.named(_KIND), {"openAPIV3Schema": schema})


def mistake(scheme, schema):
    with pytest.raises(DecodeError) as caught:
        decoded(scheme, schema)
    return caught.value.detail


@pytest.mark.parametrize("items", ["x", 5, True, [], None])
def test_items_that_are_no_schema(scheme, items):
    """Items that are neither a schema nor several count as not given."""
    assert decoded(scheme, {"items": items}).obj["openAPIV3Schema"] == {}


def test_unknown_members_below_unions(scheme):
    """They are dropped in silence below items and additionalProperties, told elsewhere."""
    schema = {
        "items": {"type": "string", "a": 1},
        "additionalProperties": {"b": 1},
        "not": {"c": 1},
    }
    found = decoded(scheme, schema)
    assert found.unknown == ["openAPIV3Schema.not.c"]
    assert found.obj["openAPIV3Schema"]["items"] == {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"items": {"type": 5}}, f"number {_AT}.items.type of type string"),
        ({"items": [{"type": 5}]}, f"number {_AT}.items.type of type string"),
        ({"items": ["x"]}, f"string {_AT}.items of type v1.JSONSchemaProps"),
        (
            {"items": {"x-kubernetes-validations": [{"rule": 5}]}},
            f"number {_AT}.items.x-kubernetes-validations.rule of type string",
        ),
        (
            {"additionalProperties": {"additionalProperties": {"type": 5}}},
            f"number {_AT}.additionalProperties.additionalProperties.type of type string",
        ),
        ({"dependencies": {"a": [1]}}, f"number {_AT}.dependencies of type string"),
    ],
)
def test_wrong_types_below_unions(scheme, schema, told):
    """The struct that is named is the outermost that holds a union."""
    assert mistake(scheme, schema) == f"json: cannot unmarshal {told}"


@pytest.mark.parametrize("value", ["x", 5, []])
def test_neither_boolean_nor_schema(scheme, value):
    """The message tells no place."""
    assert mistake(scheme, {"additionalProperties": value}) == "boolean or JSON schema expected"


def test_a_mistake_below_a_union_is_the_one_that_is_told(scheme):
    """It stops the decoder, which goes on behind any other wrong type."""
    wrong = {"type": 5, "items": {"type": True}}
    assert mistake(scheme, wrong) == f"json: cannot unmarshal bool {_AT}.items.type of type string"


@pytest.mark.parametrize("versions", [None, []])
def test_no_versions_are_null_or_empty(scheme, versions):
    """Definitions are stored as JSON, which keeps the two apart."""
    kind = scheme.named(_KIND.replace("CustomResourceValidation", "CustomResourceDefinitionSpec"))
    assert scheme.decode(kind, {"versions": versions}).obj["versions"] == versions
