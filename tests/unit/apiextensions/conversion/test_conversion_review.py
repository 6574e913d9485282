"""ConversionReviews: what is sent, and which answers are taken with which words."""

from __future__ import annotations

import orjson
import pytest

from kapi.apiextensions.conversion.review import (
    ConversionFailed,
    UnusableAnswer,
    accept_objects,
    read_review,
    write_review,
)

SOURCE = "example.com/v1, Kind=Tab"
DESIRED = "example.com/v2"
WEBHOOK = f"conversion webhook for {SOURCE}"


def review(version="v1", **response):
    """A review that answers the request ``u``."""
    return {
        "apiVersion": f"apiextensions.k8s.io/{version}",
        "kind": "ConversionReview",
        "response": {"uid": "u", "result": {"status": "Success"}, **response},
    }


def tab(version="v1", **metadata):
    """Make an object."""
    meta = {"name": "a", "namespace": "n", "uid": "1", **metadata}
    return {"apiVersion": f"example.com/{version}", "kind": "Tab", "metadata": meta}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_what_is_sent(version):
    """The review has its uid, the wanted version and the objects as they are."""
    text = orjson.dumps(tab())
    sent = orjson.loads(write_review(version, "u", DESIRED, [orjson.Fragment(text)]))
    assert sent == {
        "kind": "ConversionReview",
        "apiVersion": f"apiextensions.k8s.io/{version}",
        "request": {"uid": "u", "desiredAPIVersion": DESIRED, "objects": [tab()]},
    }


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            {"kind": "ConversionReview", "apiVersion": "example.com/v1"},
            (
                "expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, "
                "got example.com/v1, Kind=ConversionReview"
            ),
        ),
        (
            {},
            (
                "expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, "
                "got /, Kind="
            ),
        ),
        (review() | {"response": None}, "no response provided"),
        (review(uid="x"), 'expected response.uid="u", got "x"'),
        (review(uid=None), 'expected response.uid="u", got ""'),
        (review(result={"status": "Failure", "message": "no"}), "no"),
        (
            review(result={"status": "Failure"}),
            "response.result.status was 'Failure', not 'Success'",
        ),
        (review(result=None), "response.result.status was '', not 'Success'"),
        (
            review(convertedObjects="x"),
            (
                "json: cannot unmarshal string into Go struct field "
                "ConversionReview.response.convertedObjects of type array"
            ),
        ),
    ],
)
def test_answers_that_are_none(answer, why):
    """Another kind, another request, a failure or another shape is told as such."""
    with pytest.raises(UnusableAnswer) as error:
        read_review(answer, "v1", "u")
    assert str(error.value) == why


def test_the_older_review_is_checked_less():
    """In v1beta1 neither kind nor uid of the answer count."""
    answer = {"response": {"result": {"status": "Success"}, "convertedObjects": [1]}}
    assert read_review(answer, "v1beta1", "u") == [1]
    with pytest.raises(UnusableAnswer, match="no response provided"):
        read_review({}, "v1beta1", "u")


def test_metadata_is_the_original_but_for_labels_and_annotations():
    """A webhook may set or drop labels and annotations; the rest of metadata is as it was."""
    original = tab(generation=2, labels={"a": "1"}, annotations={"x": "y"}, finalizers=["f"])
    answer = tab("v2", generation=7, annotations={"x": "z", "new": "1"}, resourceVersion="5")
    (accepted,) = accept_objects(SOURCE, [original], [{**answer, "spec": {}}], DESIRED)
    assert accepted["spec"] == {}
    assert accepted["metadata"] == {
        "name": "a",
        "namespace": "n",
        "uid": "1",
        "generation": 2,
        "annotations": {"x": "z", "new": "1"},
        "finalizers": ["f"],
    }


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            tab("v3"),
            (
                "object at index 0: invalid groupVersion (expected example.com/v2, received "
                "example.com/v3)"
            ),
        ),
        (tab("v2") | {"kind": "X"}, "object at index 0: invalid kind (expected Tab, received X)"),
        (tab("v2", name="b"), "object: must have the same name: a != b"),
        (tab("v2", namespace="m"), "object: must have the same namespace: n != m"),
        (tab("v2", uid=None), "object: must have the same UID: 1 != "),
        (tab("v2") | {"metadata": 1}, "object: must have the same name: a != "),
        (
            tab("v2", labels=["x"]),
            "metadata: invalid metadata.labels of type []interface {} in converted object",
        ),
        (
            tab("v2", labels={"x": 1}),
            "metadata: metadata.labels[x] must be a string, but is int64 in converted object",
        ),
        (
            tab("v2", annotations={"x": {}}),
            (
                "metadata: metadata.annotations[x] must be a string, but is "
                "map[string]interface {} in converted object"
            ),
        ),
    ],
)
def test_objects_that_are_not_taken(answer, why):
    """One object that became another, or has metadata that cannot be."""
    with pytest.raises(ConversionFailed) as error:
        accept_objects(SOURCE, [tab()], [answer], DESIRED)
    assert error.value.message == f"{WEBHOOK} returned invalid {why}"
    assert (error.value.code, error.value.reason) == (500, "")


def test_labels_that_are_set_must_be_valid():
    """Only what a webhook changes is judged: old objects may have what is invalid today."""
    bad = {"bad key": "x"}
    (accepted,) = accept_objects(SOURCE, [tab(labels=bad)], [tab("v2", labels=bad)], DESIRED)
    assert accepted["metadata"]["labels"] == bad
    with pytest.raises(ConversionFailed) as error:
        accept_objects(SOURCE, [tab()], [tab("v2", labels=bad)], DESIRED)
    start = f'{WEBHOOK} returned invalid metadata: metadata.labels: Invalid value: "bad key": '
    assert error.value.message.startswith(start)


def test_metadata_that_is_missing_where_nothing_is_to_compare():
    """An object without name, namespace and uid still needs metadata."""
    original = {**tab(), "metadata": {}}
    answer = {"apiVersion": DESIRED, "kind": "Tab"}
    with pytest.raises(ConversionFailed) as error:
        accept_objects(SOURCE, [original], [answer], DESIRED)
    why = "missing metadata in converted object"
    assert error.value.message == f"{WEBHOOK} returned invalid metadata: {why}"
    with pytest.raises(ConversionFailed) as error:
        accept_objects(SOURCE, [original], [{**answer, "metadata": None}], DESIRED)
    assert error.value.message.endswith("invalid metadata of type <nil> in converted object")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "unexpected end of JSON input"),
        ("x", "json: cannot unmarshal string into Go value of type unstructured.detector"),
        ({"a": 1}, "Object 'Kind' is missing in '{\"a\":1}'"),
    ],
)
def test_answers_that_are_no_objects(answer, why):
    """A single one is told as it is, one of many with its place."""
    with pytest.raises(ConversionFailed) as error:
        accept_objects(SOURCE, [tab()], [answer], DESIRED)
    assert error.value.message == why
    with pytest.raises(ConversionFailed) as error:
        accept_objects(SOURCE, [tab(), tab()], [tab("v2"), answer], DESIRED)
    assert error.value.message == f"{WEBHOOK} returned invalid converted object at index 1: {why}"


def test_the_place_of_a_bad_object_among_many():
    """With more than one object the message has its index."""
    originals = [tab(), tab(name="b")]
    for answer, why in (
        (tab("v2"), "converted object at index 1: must have the same name: b != a"),
        (
            tab("v2", name="b", labels=1),
            (
                "metadata in object at index 1: invalid metadata.labels of type int64 in converted "
                "object"
            ),
        ),
    ):
        with pytest.raises(ConversionFailed) as error:
            accept_objects(SOURCE, originals, [tab("v2"), answer], DESIRED)
        assert error.value.message == f"{WEBHOOK} returned invalid {why}"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_or_too_many_objects(count):
    """As many come back as were sent."""
    with pytest.raises(ConversionFailed) as error:
        accept_objects(SOURCE, [tab(), tab()], [tab("v2")] * count, DESIRED)
    assert error.value.message == f"{WEBHOOK} returned {count} objects, expected 2"
