"""Server-side apply: merged objects, entries, conflicts and refusals."""

from __future__ import annotations

import orjson
import pytest
from test_fieldmanager_update import CONVERTER, GVK, KIND, MAIN, created, entries, updated

from kapi.apimachinery.errors import BadRequest, Conflict, StatusError
from kapi.apimachinery.managedfields import FieldManager, OtherVersion
from kapi.apimachinery.managedfields.lastapplied import LAST_APPLIED_ANNOTATION


def config(**members):
    metadata = {"name": "a", **members.pop("metadata", {})}
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": metadata, **members}


def apply(live, manager, now="t5", *, force=False, by=MAIN, **members):
    return by.apply(live, config(**members), manager, now, force=force)


def conflict(live, manager, **members):
    with pytest.raises(Conflict) as caught:
        apply(live, manager, **members)
    return caught.value.status()


def test_apply_creates_from_the_empty_object():
    """The applier owns what it named, lists and structs not as such."""
    obj = apply(None, "m1", spec={"items": [{"name": "x", "image": "i"}]}, data={"k": "v"})
    assert obj["spec"]["max"] == 0
    assert obj["metadata"]["managedFields"] == [
        {
            "manager": "m1",
            "operation": "Apply",
            "apiVersion": "example.com/v1",
            "time": "t5",
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:data": {"f:k": {}},
                "f:spec": {"f:items": {'k:{"name":"x"}': {".": {}, "f:image": {}, "f:name": {}}}},
            },
        }
    ]


def test_fields_given_up_go_unless_others_own_them():
    """What is no longer applied is removed; what somebody else owns stays."""
    live = apply(None, "m1", data={"x": "1", "y": "1"})
    live = apply(live, "m2", data={"y": "1"})
    obj = apply(live, "m1")
    assert obj["data"] == {"y": "1"}
    assert entries(obj) == [("m2", "Apply", {"f:data": {"f:y": {}}})]
    assert not apply(obj, "m2").get("data")


def test_sharing_a_value_writes_an_entry_without_time():
    """An apply that changes no value of the object shares ownership, and has no time."""
    live = apply(None, "m1", data={"x": "1"})
    obj = apply(live, "m2", data={"x": "1"})
    assert [entry.get("time") for entry in obj["metadata"]["managedFields"]] == [None, "t5"]
    assert apply(obj, "m2", "t6", data={"x": "1"}) == obj


def test_one_conflict():
    """One field of one owner: the message has it on one line."""
    live = apply(None, "m1", spec={"items": [{"name": "x", "image": "i"}]})
    assert conflict(live, "m2", spec={"items": [{"name": "x", "image": "j"}]}) == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'Apply failed with 1 conflict: conflict with "m1": .spec.items[name="x"].image',
        "reason": "Conflict",
        "details": {
            "causes": [
                {
                    "reason": "FieldManagerConflict",
                    "message": 'conflict with "m1"',
                    "field": '.spec.items[name="x"].image',
                }
            ]
        },
        "code": 409,
    }


def test_conflicts_with_several_owners():
    """Owners in order, each with its fields; an updater with its version."""
    live = apply(None, "m1", data={"x": "1", "w": "1"})
    live = updated(live, "m2", data={**live["data"], "y": "1"})
    status = conflict(live, "m3", data={"x": "3", "y": "3", "w": "3"})
    assert status["message"] == (
        'Apply failed with 3 conflicts: conflicts with "m1":\n- .data.w\n- .data.x\n'
        'conflicts with "m2" using example.com/v1:\n- .data.y'
    )
    assert len(status["details"]["causes"]) == 3


def test_ones_own_update_conflicts_too():
    """Applying and updating under one name are two managers."""
    live = updated(apply(None, "m1", data={"x": "1"}), "m1", data={"x": "2"})
    message = conflict(live, "m1", data={"x": "3"})["message"]
    assert message.endswith('conflict with "m1" using example.com/v1: .data.x')


def test_force_takes_the_field_over():
    """A forced apply owns the field alone; an entry without fields vanishes."""
    live = created("m2", data={"x": "1"})
    obj = apply(live, "m1", force=True, data={"x": "2"})
    assert obj["data"] == {"x": "2"}
    assert entries(obj) == [
        ("m1", "Apply", {"f:data": {"f:x": {}}}),
        ("m2", "Update", {"f:data": {}}),
    ]


def test_an_object_without_entries_gets_an_owner_before_the_first_apply():
    """All that is there belongs to before-first-apply, and conflicts."""
    live = created(data={"x": "1"})
    del live["metadata"]["managedFields"]
    status = conflict(live, "m1", data={"x": "2"})
    assert 'conflict with "before-first-apply" using example.com/v1' in status["message"]
    obj = apply(live, "m1", data={"y": "2"})
    assert obj["data"] == {"x": "1", "y": "2"}
    assert entries(obj)[1] == (
        "before-first-apply",
        "Update",
        {"f:data": {".": {}, "f:x": {}}},
    )


def test_reset_fields_in_the_body_are_not_owned():
    """A status applied to the main resource makes no entry."""
    obj = apply(None, "m1", data={"x": "1"}, status={"phase": "Ready"})
    assert entries(obj) == [("m1", "Apply", {"f:data": {"f:x": {}}})]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "invalid object type: /, Kind="),
        ({"apiVersion": "v1", "kind": "Thing"}, "invalid object type: /v1, Kind=Thing"),
        (config(kind="Other"), "invalid object type: example.com/v1, Kind=Other"),
        (config(metadata={"managedFields": []}), "metadata.managedFields must be nil"),
    ],
)
def test_bodies_of_another_kind_or_with_entries_are_refused(body, text):
    """The kind of the path must be named and managedFields be absent or null."""
    with pytest.raises(BadRequest) as caught:
        MAIN.apply(None, body, "m1", "t1")
    assert caught.value.message == text


def test_bodies_that_do_not_fit_the_schema_are_refused():
    """The answer is a 500 without reason that names the object and the field."""
    with pytest.raises(StatusError) as caught:
        apply(None, "m1", data={"x": 1})
    assert caught.value.status() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "failed to create typed patch object (/a; example.com/v1, Kind=Thing): "
        ".data.x: expected string, got &value.valueUnstructured{Value:1}",
        "code": 500,
    }


def test_a_key_that_is_always_written_defaults_to_its_zero_value():
    """An item without name counts as the one named by the empty text; validation refuses it."""
    obj = apply(None, "m1", spec={"items": [{"image": "i"}]})
    assert entries(obj) == [
        (
            "m1",
            "Apply",
            {"f:spec": {"f:items": {'k:{"name":""}': {".": {}, "f:image": {}}}}},
        )
    ]


def test_an_owner_at_a_version_that_lacks_a_field_fails_the_apply():
    """The bare message of the misfit is the answer."""

    def broken(obj):
        return {**obj, "nosuch": 1}

    versions = {"example.com/v2": OtherVersion(CONVERTER.typed(KIND), broken, broken)}
    manager = FieldManager(CONVERTER.typed(KIND), GVK, versions=versions.get)
    live = apply(None, "m1", data={"x": "1"})
    live["metadata"]["managedFields"][0]["apiVersion"] = "example.com/v2"
    with pytest.raises(StatusError) as caught:
        apply(live, "m1", by=manager, data={"y": "1"})
    assert caught.value.message == ".nosuch: field not declared in schema"


def test_untracked_metadata_survives_the_last_applied_field():
    """Giving up all labels removes them and nothing else of the metadata."""
    live = apply(None, "m1", metadata={"labels": {"l": "1"}})
    live["metadata"]["resourceVersion"] = "7"
    obj = apply(live, "m1")
    assert obj["metadata"] == {"name": "a", "resourceVersion": "7"}


def test_kubectl_takes_over_what_client_side_apply_set():
    """No conflict for fields that the annotation sets to their value; it follows the apply."""
    last = orjson.dumps(config(data={"x": "1"})).decode()
    live = created("kubectl-client-side-apply", data={"x": "1", "y": "1"})
    live["metadata"]["annotations"] = {LAST_APPLIED_ANNOTATION: last}
    assert conflict(live, "other", data={"x": "2"})
    obj = apply(live, "kubectl", data={"x": "<2>"})
    assert obj["data"] == {"x": "<2>", "y": "1"}
    assert obj["metadata"]["annotations"][LAST_APPLIED_ANNOTATION] == (
        '{"apiVersion":"example.com/v1","data":{"x":"\\u003c2\\u003e"},"kind":"Thing",'
        '"metadata":{"name":"a"}}\n'
    )
    message = conflict(live, "kubectl", data={"x": "2", "y": "2"})["message"]
    assert message.startswith("Apply failed with 1 conflict")
    assert message.endswith(".data.y")
    assert live["metadata"]["annotations"][LAST_APPLIED_ANNOTATION] == last


def test_a_field_changed_since_client_side_apply_is_not_taken_over():
    """The annotation does not count where the object has another value by now."""
    last = orjson.dumps(config(data={"x": "1"})).decode()
    live = created("someone", data={"x": "9"})
    live["metadata"]["annotations"] = {LAST_APPLIED_ANNOTATION: last}
    assert conflict(live, "kubectl", data={"x": "2"})
