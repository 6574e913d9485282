"""Metadata, label selector, condition and option validation: messages and their order."""

from __future__ import annotations

import pytest

from kapi.apimachinery import names
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.metav1 import (
    validate_conditions,
    validate_delete_options,
    validate_label_selector,
    validate_list_options,
    validate_object_meta,
    validate_object_meta_update,
    validate_patch_options,
)


def found(errors: ErrorList) -> list[str]:
    return [str(error) for error in errors]


def check(meta: dict, *, namespaced: bool = True, standard_finalizers: bool = True) -> list[str]:
    errors = ErrorList()
    validate_object_meta(
        {"name": "a", "namespace": "b", **meta},
        namespaced,
        names.dns1123_subdomain,
        "metadata",
        errors,
        standard_finalizers=standard_finalizers,
    )
    return found(errors)


def test_good_metadata() -> None:
    """Metadata as clients send it gives no error."""
    meta = {
        "generateName": "web-",
        "labels": {"app": "web", "example.com/x": ""},
        "annotations": {"Example.com/Note": "any text"},
        "finalizers": ["orphan", "example.com/x"],
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "A", "name": "a", "uid": "u"}],
        "managedFields": [{"manager": "m", "operation": "Apply", "fieldsType": "FieldsV1"}],
    }
    assert check(meta) == []


def test_names_and_namespaces() -> None:
    """A name is required; a namespace belongs to namespaced kinds only."""
    assert check({"name": ""}) == [
        "metadata.name: Required value: name or generateName is required"
    ]
    assert check({"namespace": ""}) == ["metadata.namespace: Required value"]
    assert check({}, namespaced=False) == [
        "metadata.namespace: Forbidden: not allowed on this type"
    ]


def test_annotations_together_are_limited() -> None:
    """Keys and values of all annotations count in bytes."""
    limit = 256 * 1024
    assert check({"annotations": {"a": "x" * (limit - 1)}}) == []
    assert check({"annotations": {"a": "ä" * (limit // 2)}}) == [
        "metadata.annotations: Too long: may not be more than 262144 bytes"
    ]


def test_finalizers() -> None:
    """Finalizers without a domain must be known ones, unless the kind says otherwise."""
    message = "name is neither a standard finalizer name nor is it fully qualified"
    assert check({"finalizers": ["plain"]}) == [
        f'metadata.finalizers[0]: Invalid value: "plain": {message}'
    ]
    assert check({"finalizers": ["plain"]}, standard_finalizers=False) == []
    assert check({"finalizers": ["orphan", "foregroundDeletion"]}) == [
        (
            'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: '
            "finalizer orphan and foregroundDeletion cannot be both set"
        )
    ]


def test_owner_references() -> None:
    """Each owner is complete, no Event owns, and one controls."""
    owners = [
        {"apiVersion": "a/b/c", "kind": "A", "name": "", "uid": "u1", "controller": True},
        {"apiVersion": "v1", "kind": "Event", "name": "e", "uid": "u2", "controller": True},
    ]
    path = "metadata.ownerReferences"
    assert check({"ownerReferences": owners}) == [
        f'{path}.apiVersion: Invalid value: "a/b/c": version must not be empty',
        f'{path}.name: Invalid value: "": must not be empty',
        (
            f'{path}: Invalid value: {{"apiVersion":"v1","kind":"Event","name":"e","uid":"u2",'
            '"controller":true}: /v1, Kind=Event is disallowed from being an owner'
        ),
        (
            f'{path}: Invalid value: [{{"apiVersion":"a/b/c","kind":"A","name":"","uid":"u1",'
            '"controller":true},{"apiVersion":"v1","kind":"Event","name":"e","uid":"u2",'
            '"controller":true}]: Only one reference can have Controller set to true. '
            'Found "true" in references for A/ and Event/e'
        ),
    ]


def test_managed_fields() -> None:
    """Each entry names its operation and a printable manager."""
    entries = [{"operation": "Patch", "fieldsType": "V2", "manager": "new\nline"}]
    path = "metadata.managedFields[0]"
    assert check({"managedFields": entries}) == [
        f'{path}.operation: Invalid value: "Patch": must be `Apply` or `Update`',
        f'{path}.fieldsType: Invalid value: "V2": must be `FieldsV1`',
        f'{path}.manager: Invalid value: "new\\nline": invalid character U+000A (at position 3)',
    ]


def test_metadata_updates() -> None:
    """What the server owns does not change, and a dying object gets no finalizers."""
    old = {"name": "a", "uid": "u", "generation": 2, "deletionTimestamp": "t", "finalizers": ["x"]}
    new = {"name": "a", "uid": "v", "generation": 1, "finalizers": ["x", "z", "y"]}
    errors = ErrorList()
    validate_object_meta_update(new, old, "metadata", errors)
    assert found(errors) == [
        (
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being "
            'deleted, found new finalizers []string{"y", "z"}'
        ),
        "metadata.generation: Invalid value: 1: must not be decremented",
        'metadata.uid: Invalid value: "v": field is immutable',
        "metadata.deletionTimestamp: Invalid value: null: field is immutable",
    ]


def test_label_selectors() -> None:
    """Operators and values must fit each other; keys and values have label form."""
    selector = {
        "matchLabels": {"a": "b c"},
        "matchExpressions": [
            {"key": "k", "operator": "In"},
            {"key": "k", "operator": "Exists", "values": ["v"]},
            {"key": "", "operator": "Near", "values": ["-"]},
        ],
    }
    errors = ErrorList()
    validate_label_selector(selector, "spec.selector", errors)
    path = "spec.selector.matchExpressions"
    assert [error.path for error in errors] == [
        "spec.selector.matchLabels",
        f"{path}[0].values",
        f"{path}[1].values",
        f"{path}[2].operator",
        f"{path}[2].key",
        f"{path}[2].key",
        f"{path}[2].values[0]",
    ]
    assert errors[3].body == 'Invalid value: "Near": not a valid selector operator'


def test_conditions() -> None:
    """A condition type stands once, and every member is set."""
    good = {"type": "Ready", "status": "True", "reason": "Ok", "lastTransitionTime": "t"}
    errors = ErrorList()
    validate_conditions([good, {"type": "Ready", "status": "Maybe"}], "status.conditions", errors)
    path = "status.conditions[1]"
    assert found(errors) == [
        f'{path}.type: Duplicate value: "Ready"',
        f'{path}.status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
        f"{path}.lastTransitionTime: Required value: must be set",
        f"{path}.reason: Required value: must be set",
    ]


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        ({"resourceVersionMatch": "Exact", "resourceVersion": "5"}, []),
        (
            {"resourceVersionMatch": "Exact"},
            ["Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"],
        ),
        (
            {"resourceVersionMatch": "Newest", "resourceVersion": "5"},
            ['Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""'],
        ),
        ({"sendInitialEvents": False}, ["Forbidden: sendInitialEvents is forbidden for list"]),
        ({"watch": True, "sendInitialEvents": True, "resourceVersionMatch": "NotOlderThan"}, []),
        (
            {"watch": True, "resourceVersionMatch": "NotOlderThan"},
            [
                (
                    "Forbidden: resourceVersionMatch is forbidden for watch unless "
                    "sendInitialEvents is provided"
                )
            ],
        ),
    ],
)
def test_list_options(options: dict, messages: list[str]) -> None:
    """Which version to list and how to start a watch exclude each other."""
    errors = ErrorList()
    validate_list_options(options, errors)
    assert [error.body for error in errors] == messages


def test_write_options() -> None:
    """Each option has its values; an apply patch needs its manager."""
    errors = ErrorList()
    options = {"force": True, "dryRun": ["all"], "fieldValidation": "Loose"}
    validate_patch_options(options, errors)
    validate_patch_options({}, errors, apply=True)
    validate_delete_options({"propagationPolicy": "Nope", "orphanDependents": True}, errors)
    assert found(errors) == [
        "force: Forbidden: may not be specified for non-apply patch",
        'dryRun: Unsupported value: ["all"]: supported values: "All"',
        (
            'fieldValidation: Unsupported value: "Loose": '
            'supported values: "", "Ignore", "Strict", "Warn"'
        ),
        "fieldManager: Required value: is required for apply patch",
        (
            'propagationPolicy: Invalid value: "Nope": '
            "orphanDependents and deletionPropagation cannot be both set"
        ),
        (
            'propagationPolicy: Unsupported value: "Nope": '
            'supported values: "Foreground", "Background", "Orphan", "nil"'
        ),
    ]
