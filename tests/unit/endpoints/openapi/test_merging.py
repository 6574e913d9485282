"""Merging of OpenAPI v2 documents."""

from __future__ import annotations

from kapi.endpoints.openapi.merging import merge_v2


def document(paths, definitions):
    return {"paths": paths, "definitions": definitions, "parameters": {}}


def get(name):
    return {"get": {"schema": {"$ref": f"#/definitions/{name}"}}}


def test_only_the_paths_of_the_group_version_join_with_what_they_use():
    """Other paths, and definitions that nobody uses, stay away."""
    own = document({"/api/v1/pods": get("Pod")}, {"Pod": {"type": "object"}})
    other = document(
        {"/apis/g/v1/a": get("A"), "/apis/g/v10/b": get("B"), "/version/": get("B")},
        {"A": {"properties": {"m": {"$ref": "#/definitions/Meta"}}}, "B": {}, "Meta": {"a": 1}},
    )
    merged = merge_v2(own, other, "/apis/g/v1")
    assert list(merged["paths"]) == ["/api/v1/pods", "/apis/g/v1/a"]
    assert set(merged["definitions"]) == {"Pod", "A", "Meta"}
    assert list(own["paths"]) == ["/api/v1/pods"]


def test_a_definition_of_the_same_name_is_shared_or_renamed():
    """Equal ones are one; another one gets a name of its own, wherever it is referred to."""
    own = document({}, {"Meta": {"a": 1}, "Same": {"type": "string"}, "Meta_v2": {"b": 1}})
    other = document(
        {"/apis/g/v1/a": get("Meta"), "/apis/g/v1/b": get("Same")},
        {"Meta": {"a": 2, "self": {"$ref": "#/definitions/Meta"}}, "Same": {"type": "string"}},
    )
    merged = merge_v2(own, other, "/apis/g/v1")
    assert merged["definitions"]["Meta"] == {"a": 1}
    assert merged["definitions"]["Meta_v3"] == {
        "a": 2,
        "self": {"$ref": "#/definitions/Meta_v3"},
    }
    assert merged["paths"]["/apis/g/v1/a"] == get("Meta_v3")
    assert merged["paths"]["/apis/g/v1/b"] == get("Same")
