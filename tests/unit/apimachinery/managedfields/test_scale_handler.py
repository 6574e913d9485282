"""Ownership of replicas through the scale subresource."""

from __future__ import annotations

from kapi.apimachinery.managedfields import ScaleHandler

PATHS = {"apps/v1": "spec.replicas"}


def entry(manager, operation, fields, **members):
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "apps/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **members,
    }


REPLICAS = {"f:spec": {"f:replicas": {}}}
PARENT = [
    entry("m1", "Apply", {"f:spec": {"f:paused": {}, "f:replicas": {}}}, time="t1"),
    entry("m2", "Update", {"f:spec": {"f:paused": {}}}, time="t2"),
    entry("m3", "Update", REPLICAS, time="t3"),
]


def test_owners_of_replicas_are_owners_of_the_scale():
    """Only entries with the replicas field show, under the Scale's version."""
    scale = ScaleHandler(PARENT, "apps/v1", PATHS).to_scale()
    assert scale == [
        {**entry("m1", "Apply", REPLICAS, time="t1"), "apiVersion": "autoscaling/v1"},
        {**entry("m3", "Update", REPLICAS, time="t3"), "apiVersion": "autoscaling/v1"},
    ]


def test_a_scale_without_change_leaves_the_parent():
    """What goes out comes back."""
    handler = ScaleHandler(PARENT, "apps/v1", PATHS)
    assert handler.to_parent(handler.to_scale()) == PARENT


def test_a_new_owner_takes_the_replicas_from_the_others():
    """Former owners lose just that field, the new one has an entry for scale without time."""
    handler = ScaleHandler(PARENT, "apps/v1", PATHS)
    scaler = entry("hpa", "Update", REPLICAS, time="t9", subresource="scale")
    assert handler.to_parent([{**scaler, "apiVersion": "autoscaling/v1"}]) == [
        entry("m1", "Apply", {"f:spec": {"f:paused": {}}}, time="t1"),
        entry("hpa", "Update", REPLICAS, subresource="scale"),
        entry("m2", "Update", {"f:spec": {"f:paused": {}}}, time="t2"),
    ]


def test_entries_of_unknown_versions_are_dropped():
    """A version whose replicas path is not known cannot be carried over."""
    old = {**entry("m9", "Update", REPLICAS), "apiVersion": "extensions/v1beta1"}
    handler = ScaleHandler([old], "apps/v1", PATHS)
    assert handler.to_scale() == []
    assert handler.to_parent([]) == []
