"""Reading custom resources: pruning, nulls, defaults, numbers."""

from __future__ import annotations

import pytest

from kapi.apiextensions.schema.pruning import prune
from kapi.apiextensions.schema.reading import compile_reader, normalize
from kapi.apimachinery.scheme import DecodeError

STRING = {"type": "string"}


def read(schema, value, *, root=False):
    unknown = []
    found = compile_reader(schema, lambda meta, _: meta, root=root)(value, unknown)
    return found, unknown


def objects(**properties):
    return {"type": "object", "properties": properties}


def test_unknown_fields_are_dropped_and_named_with_their_paths():
    """Fields in members, list items and map values have the paths that warnings show."""
    inner = objects(k={"type": "integer"})
    schema = objects(
        l={"type": "array", "items": inner},
        m={"type": "object", "additionalProperties": inner},
    )
    value = {"l": [{"k": 1, "z": 2}], "m": {"a": {"z": 3}}, "x": {"y": 1}}
    assert read(schema, value) == (
        {"l": [{"k": 1}], "m": {"a": {}}},
        ["l[0].z", "m.a.z", "x"],
    )


def test_preserved_objects_keep_unknown_fields_but_prune_known_ones():
    """x-kubernetes-preserve-unknown-fields holds for one level of properties."""
    schema = {"x-kubernetes-preserve-unknown-fields": True, **objects(a=objects(b=STRING))}
    value = {"a": {"b": "x", "c": 1}, "free": {"any": [1, None]}}
    assert read(schema, value) == ({"a": {"b": "x"}, "free": {"any": [1, None]}}, ["a.c"])


@pytest.mark.parametrize(
    ("schema", "given", "found"),
    [
        (STRING, {"a": None}, {}),
        ({**STRING, "default": "d"}, {"a": None}, {"a": "d"}),
        ({**STRING, "nullable": True}, {"a": None}, {"a": None}),
        ({**STRING, "nullable": True, "default": "d"}, {"a": None}, {"a": None}),
        ({**STRING, "nullable": True, "default": "d"}, {}, {"a": "d"}),
        ({"type": "array", "items": STRING}, {"a": ["x", None]}, {"a": ["x", None]}),
    ],
)
def test_nulls(schema, given, found):
    """A null is dropped, replaced by the default, or kept where it may be."""
    assert read(objects(a=schema), given)[0] == found


def test_defaults_inside_of_a_default_are_filled_in():
    """A defaulted object gets its own defaults; one without default appears only if given."""
    inner = objects(x={"type": "integer", "default": 1}, y={"type": "integer"})
    schema = objects(a={**inner, "default": {"y": 2}}, b=inner)
    assert read(schema, {})[0] == {"a": {"y": 2, "x": 1}}
    assert read(schema, {"b": {}})[0] == {"a": {"y": 2, "x": 1}, "b": {"x": 1}}


def test_defaults_are_not_shared_between_objects():
    """Changing one object leaves the default as it was."""
    schema = objects(a={"type": "array", "items": STRING, "default": []})
    read(schema, {})[0]["a"].append("x")
    assert read(schema, {})[0] == {"a": []}


def test_type_and_metadata_of_embedded_resources_need_no_schema():
    """apiVersion, kind and metadata of an embedded resource are kept; the rest is pruned."""
    schema = {"x-kubernetes-embedded-resource": True, **objects(spec=objects())}
    value = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "other": 1}
    assert read(schema, value) == (
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}},
        ["other"],
    )
    with pytest.raises(DecodeError):
        read(schema, {"kind": 5})


def test_numbers_are_normal():
    """1.0 is 1, fractions stay, and what does not fit 64 bits is a float."""
    assert normalize({"a": [1.0, 1.5, 1 << 64]}) == {"a": [1, 1.5, float(1 << 64)]}
    assert isinstance(normalize(1.0), int)
    assert isinstance(normalize(1 << 64), float)


def test_pruning_alone_sets_no_defaults_and_drops_no_nulls():
    """A default value is compared with itself, pruned."""
    schema = objects(a={**STRING, "default": "d"}, b=STRING)
    assert prune({"b": None, "c": 1}, schema) == {"b": None}


@pytest.mark.parametrize("kind", ["string", "boolean", "integer", "number"])
def test_objects_in_place_of_scalars_are_pruned(kind):
    """What stands there has the wrong type, and no field that is known."""
    schema = objects(s={"type": kind})
    assert read(schema, {"s": {"a": 1, "b": {"c": 2}}}) == ({"s": {}}, ["s.a", "s.b"])
    assert read(schema, {"s": [{"a": 1}, "x"]}) == ({"s": [{}, "x"]}, ["s[0].a"])
