"""managedFields after creates, PUTs and patches."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.managedfields import FieldManager, OtherVersion, TypeConverter, keep_times
from kapi.apimachinery.scheme.decode import DecoderCompiler
from kapi.apimachinery.scheme.model import Field, Type
from kapi.apimachinery.types import GroupVersionKind

STRING = Type("string")
META = Type(
    "struct",
    "ObjectMeta",
    {
        "name": Field("name", STRING),
        "generateName": Field("generateName", STRING),
        "resourceVersion": Field("resourceVersion", STRING),
        "labels": Field("labels", Type("map", element=STRING)),
        "managedFields": Field("managedFields", Type("list", element=Type("any"))),
    },
)
ITEM = Type(
    "struct",
    "Item",
    {"name": Field("name", STRING, omitempty=False), "image": Field("image", STRING)},
)
SPEC = Type(
    "struct",
    "Spec",
    {
        "replicas": Field("replicas", Type("int32"), pointer=True),
        "max": Field("max", Type("int32"), omitempty=False),
        "items": Field(
            "items",
            Type("list", element=ITEM, list_type="map", list_map_keys=("name",)),
            omitempty=False,
        ),
        "options": Field(
            "options", Type("struct", "Options", {"a": Field("a", STRING)}), pointer=True
        ),
    },
)
KIND = Type(
    "struct",
    "Thing",
    {
        "apiVersion": Field("apiVersion", STRING),
        "kind": Field("kind", STRING),
        "metadata": Field("metadata", META),
        "spec": Field("spec", SPEC),
        "data": Field("data", Type("map", element=STRING)),
        "status": Field("status", Type("struct", "Status", {"phase": Field("phase", STRING)})),
    },
)
GVK = GroupVersionKind("example.com", "v1", "Thing")
CONVERTER = TypeConverter(DecoderCompiler())
TYPED = CONVERTER.typed(KIND)
MAIN = FieldManager(TYPED, GVK, "", ("status",))
STATUS = FieldManager(TYPED, GVK, "status", ("spec",))


def thing(**members):
    return {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "a"},
        "spec": {"max": 0, "items": None},
        "status": {},
        **members,
    }


def created(manager="m1", now="t1", field_manager=MAIN, **members):
    obj = thing(**members)
    field_manager.update(None, obj, manager, now)
    return obj


def updated(live, manager, now="t2", field_manager=MAIN, **members):
    """The object after a PUT with these members, the rest as it was."""
    obj = {**copy.deepcopy(live), **members}
    field_manager.update(live, obj, manager, now)
    return obj


def entries(obj):
    """(manager, operation, fields) of each entry."""
    return [
        (entry["manager"], entry["operation"], entry["fieldsV1"])
        for entry in obj["metadata"].get("managedFields", [])
    ]


def test_creator_owns_what_differs_from_the_empty_object():
    """Structs that are always there have no owner, pointers, maps and items have one."""
    spec = {"max": 3, "items": [{"name": "x", "image": "i"}], "options": {}}
    obj = created(spec=spec, data={"k": "v"}, status={"phase": "Ready"})
    assert obj["metadata"]["managedFields"] == [
        {
            "manager": "m1",
            "operation": "Update",
            "apiVersion": "example.com/v1",
            "time": "t1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:data": {".": {}, "f:k": {}},
                "f:spec": {
                    "f:items": {'k:{"name":"x"}': {".": {}, "f:image": {}, "f:name": {}}},
                    "f:max": {},
                    "f:options": {},
                },
            },
        }
    ]


def test_an_empty_list_in_the_body_has_an_owner():
    """A list that was given empty is owned, though it is stored as null."""
    obj = thing()
    MAIN.update(None, obj, "m1", "t1", body={"spec": {"items": []}})
    assert entries(obj) == [("m1", "Update", {"f:spec": {"f:items": {}}})]
    assert obj["spec"]["items"] is None
    absent = thing()
    MAIN.update(None, absent, "m1", "t1", body={"spec": {"items": None}})
    assert entries(absent) == []


def test_creation_with_nothing_to_own_has_no_entry():
    """Zero values and untracked metadata make no entry; generateName is tracked."""
    assert "managedFields" not in created()["metadata"]
    obj = created(metadata={"name": "a-1", "generateName": "a-", "resourceVersion": "1"})
    assert entries(obj) == [("m1", "Update", {"f:metadata": {"f:generateName": {}}})]


def test_managed_fields_of_a_created_object_are_ignored():
    """What a client says about ownership at creation does not count."""
    given = [{"manager": "z", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1"}]
    obj = created(metadata={"name": "a", "managedFields": given}, data={"k": "v"})
    assert [manager for manager, *_ in entries(obj)] == ["m1"]


def test_a_change_moves_ownership_and_the_map_stays_with_its_creator():
    """Who changes a value owns it; the former owner keeps the map itself, written as {}."""
    live = created(data={"x": "1"})
    obj = updated(live, "m2", data={"x": "2", "y": "1"})
    assert entries(obj) == [
        ("m1", "Update", {"f:data": {}}),
        ("m2", "Update", {"f:data": {"f:x": {}, "f:y": {}}}),
    ]


def test_removed_fields_have_no_owner():
    """A field that is gone is gone from every entry, and an empty entry as well."""
    live = updated(created(data={"x": "1"}), "m2", data={"x": "1", "y": "1"})
    obj = updated(live, "m3", "t3", data={"x": "1"})
    assert entries(obj) == [("m1", "Update", {"f:data": {".": {}, "f:x": {}}})]
    obj = copy.deepcopy(obj)
    after = copy.deepcopy(obj)
    del after["data"]
    MAIN.update(obj, after, "m3", "t4")
    assert "managedFields" not in after["metadata"]


def test_an_update_without_change_keeps_the_very_list():
    """The caller sees by comparing that nothing was written."""
    live = created(data={"x": "1"})
    obj = thing(data={"x": "1"})
    MAIN.update(live, obj, "m2", "t2")
    assert obj["metadata"]["managedFields"] is live["metadata"]["managedFields"]
    assert obj == live


def test_time_changes_with_what_the_manager_writes():
    """The writer's entry gets the time, the others keep theirs."""
    live = updated(created(data={"x": "1"}), "m2", "t2", data={"x": "1", "y": "1"})
    obj = updated(live, "m2", "t3", data={"x": "1", "y": "2"})
    assert [entry["time"] for entry in obj["metadata"]["managedFields"]] == ["t1", "t3"]


def test_reset_fields_are_neither_owned_nor_lost():
    """A write of the main resource does not touch ownership of the status, and vice versa."""
    live = created(data={"x": "1"})
    ready = updated(live, "ctl", field_manager=STATUS, status={"phase": "Ready"})
    assert ready["metadata"]["managedFields"][1] == {
        "manager": "ctl",
        "operation": "Update",
        "apiVersion": "example.com/v1",
        "time": "t2",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:status": {"f:phase": {}}},
        "subresource": "status",
    }
    obj = updated(ready, "m2", "t3", status={}, data={"x": "1", "y": "2"})
    assert ("ctl", "Update", {"f:status": {"f:phase": {}}}) in entries(obj)


@pytest.mark.parametrize("given", [[{}], None, []])
def test_empty_lists_and_entries_reset(given):
    """[{}] ends tracking, as does [] in the body; null leaves ownership as it is."""
    live = created(data={"x": "1"})
    body = copy.deepcopy(live)
    body["metadata"]["managedFields"] = given
    obj = copy.deepcopy(body)
    if not given:  # which is not there any more when the body was decoded
        del obj["metadata"]["managedFields"]
    MAIN.update(live, obj, "m2", "t2", body=body)
    assert entries(obj) == (entries(live) if given is None else [])
    if given is not None:
        later = updated(obj, "m3", data={"x": "2"})
        assert "managedFields" not in later["metadata"]


def given_entry(**members):
    return {
        "manager": "x",
        "operation": "Apply",
        "apiVersion": "example.com/v1",
        "time": "t0",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {"f:x": {}}},
        **members,
    }


def test_a_client_may_rewrite_the_entries():
    """Entries in a PUT replace the stored ones; on a subresource they are ignored."""
    live = created(data={"x": "1"})
    obj = copy.deepcopy(live)
    obj["metadata"]["managedFields"] = [given_entry()]
    MAIN.update(live, obj, "m2", "t2")
    assert entries(obj) == [("x", "Apply", {"f:data": {"f:x": {}}})]
    obj["metadata"]["managedFields"] = [given_entry()]
    STATUS.update(live, obj, "m2", "t2")
    assert entries(obj) == entries(live)


@pytest.mark.parametrize(
    "bad",
    [
        {"operation": "Replace"},
        {"operation": ""},
        {"apiVersion": ""},
        {"fieldsType": "FieldsV2"},
        {"fieldsType": ""},
        {"fieldsV1": "x"},
        {"fieldsV1": {"f:data": 5}},
    ],
)
def test_entries_that_make_no_sense_leave_the_stored_ones(bad):
    """One unreadable entry makes the whole list count as absent."""
    live = created(data={"x": "1"})
    obj = copy.deepcopy(live)
    obj["metadata"]["managedFields"] = [given_entry(**bad)]
    MAIN.update(live, obj, "m2", "t2")
    assert entries(obj) == entries(live)


def test_entries_of_a_version_that_is_not_served_are_dropped():
    """An owner at an unknown API version is forgotten at the next write."""
    live = created(data={"x": "1"})
    obj = copy.deepcopy(live)
    obj["metadata"]["managedFields"] = [given_entry(apiVersion="not/a/version")]
    MAIN.update(live, obj, "m2", "t2")
    assert "managedFields" not in obj["metadata"]


def test_an_owner_at_another_version_loses_the_field_under_its_name_there():
    """The change is looked at through the owner's version."""

    def to_v2(obj):
        spec = dict(obj["spec"])
        spec["replicas"] = spec.pop("max")
        return {**obj, "spec": spec}

    versions = {"example.com/v2": OtherVersion(TYPED, to_v2, to_v2)}
    manager = FieldManager(TYPED, GVK, versions=versions.get)
    live = thing(spec={"max": 1, "items": None})
    owned = {"f:spec": {"f:replicas": {}, "f:options": {}}}
    live["metadata"]["managedFields"] = [given_entry(apiVersion="example.com/v2", fieldsV1=owned)]
    obj = updated(live, "m2", field_manager=manager, spec={"max": 2, "items": None})
    assert entries(obj) == [
        ("x", "Apply", {"f:spec": {"f:options": {}}}),
        ("m2", "Update", {"f:spec": {"f:max": {}}}),
    ]


def test_an_object_that_does_not_fit_an_owners_version_ends_tracking():
    """When another manager's version has no place for a field, nobody owns anything any more."""

    def broken(obj):
        return {**obj, "nosuch": 1}

    versions = {"example.com/v2": OtherVersion(TYPED, broken, broken)}
    manager = FieldManager(TYPED, GVK, versions=versions.get)
    live = thing(data={"x": "1"})
    live["metadata"]["managedFields"] = [given_entry(apiVersion="example.com/v2")]
    obj = updated(live, "m2", field_manager=manager, data={"x": "2"})
    assert "managedFields" not in obj["metadata"]


def test_the_oldest_of_many_updaters_are_merged():
    """There are never more than ten Update entries; the oldest become ancient-changes."""
    obj = created("m00", "t00", data={"k": "v"})
    for number in range(1, 12):
        data = {**obj["data"], f"k{number:02}": "v"}
        obj = updated(obj, f"m{number:02}", f"t{number:02}", data=data)
    found = entries(obj)
    assert len(found) == 10
    assert found[0] == (
        "ancient-changes",
        "Update",
        {"f:data": {".": {}, "f:k": {}, "f:k01": {}, "f:k02": {}}},
    )
    assert obj["metadata"]["managedFields"][0]["time"] == "t02"


def test_entries_are_ordered_by_operation_time_and_manager():
    """Apply before Update, the older before the newer, then by name."""
    live = created("z", "t1", data={"x": "1"})
    live["metadata"]["managedFields"].append(given_entry(manager="b", time="t9"))
    obj = updated(live, "a", "t1", data={"x": "1", "y": "1"})
    assert [manager for manager, *_ in entries(obj)] == ["b", "a", "z"]


def test_keep_times_undoes_a_write_without_effect():
    """When only times differ the stored entries are taken; else the new ones stay."""
    live = created(data={"x": "1"})
    same, other = copy.deepcopy(live), copy.deepcopy(live)
    same["metadata"]["managedFields"][0]["time"] = "t2"
    keep_times(live, same)
    assert same == live
    other["metadata"]["managedFields"][0]["time"] = "t2"
    other["data"]["x"] = "2"
    keep_times(live, other)
    assert other["metadata"]["managedFields"][0]["time"] == "t2"


def test_unstructured_objects_own_their_structs():
    """A custom resource has no members at first, so the creator owns spec itself."""
    manager = FieldManager(CONVERTER.typed(KIND, unstructured=True), GVK)
    obj = thing(spec={"max": 0}, metadata={"name": "a", "labels": {"l": "1"}})
    del obj["status"]
    manager.update(None, obj, "m1", "t1")
    assert entries(obj) == [
        (
            "m1",
            "Update",
            {"f:metadata": {"f:labels": {".": {}, "f:l": {}}}, "f:spec": {".": {}, "f:max": {}}},
        )
    ]


def test_objects_without_a_schema_are_granular_maps_with_atomic_lists():
    """Of an object of which nothing is known each map member is owned for itself."""
    manager = FieldManager(CONVERTER.typed(None), GVK)
    obj = thing(spec={"a": {"b": 1}, "l": [{"name": "x"}]})
    del obj["status"]
    manager.update(None, obj, "m1", "t1")
    assert entries(obj) == [
        (
            "m1",
            "Update",
            {"f:spec": {".": {}, "f:a": {".": {}, "f:b": {}}, "f:l": {}}},
        )
    ]
