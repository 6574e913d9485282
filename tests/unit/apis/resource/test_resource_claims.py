"""Dynamic resource allocation: claims, templates, slices and classes."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.resource.claim_status_validation import validate_resource_claim_status_update
from kapi.apis.resource.claim_validation import (
    validate_resource_claim,
    validate_resource_claim_update,
)
from kapi.apis.resource.columns import RESOURCE_CLAIM
from kapi.apis.resource.conversion import claim_from_hub, claim_to_hub
from kapi.apis.resource.defaults import default_resource_claim
from kapi.apis.resource.device_validation import (
    validate_device_class,
    validate_resource_slice,
    validate_resource_slice_update,
)

RESULT = {"request": "gpu", "driver": "gpu.example.com", "pool": "p", "device": "gpu-0"}


def claim(request=None, *, status=None, **devices):
    request = request or {"name": "gpu", "exactly": {"deviceClassName": "x"}}
    spec = {"devices": {"requests": [copy.deepcopy(request)], **devices}}
    obj = {"metadata": {"name": "c"}, "spec": spec, "status": status or {}}
    default_resource_claim(obj)
    return obj


def errors_of(validate, *objects):
    errors = ErrorList()
    validate(*objects, errors)
    return [str(error) for error in errors]


def allocated(device="gpu-0", **status):
    return {"allocation": {"devices": {"results": [{**RESULT, "device": device}]}}, **status}


def device_slice(*devices, **spec):
    pool = {"name": "p", "generation": 1, "resourceSliceCount": 1}
    whole = {"driver": "gpu.example.com", "pool": pool, "devices": list(devices)}
    return {"metadata": {"name": "s"}, "spec": {**whole, **spec}}


def test_one_device_is_the_default():
    """A count of zero counts as unset."""
    request = {"name": "a", "exactly": {"deviceClassName": "x", "count": 0}}
    exactly = claim(request)["spec"]["devices"]["requests"][0]["exactly"]
    assert exactly == {"deviceClassName": "x", "count": 1, "allocationMode": "ExactCount"}


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (
            {"name": "a"},
            ": Required value: exactly one of `exactly` or `firstAvailable` is required",
        ),
        ({"name": "a", "exactly": {}}, ".exactly.deviceClassName: Required value"),
        (
            {"name": "a", "exactly": {"deviceClassName": "x", "allocationMode": "All", "count": 2}},
            ".exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'",
        ),
    ],
)
def test_a_request_is_for_one_kind_of_device(request_, error):
    """Exactly one way to ask, with a class and a fitting count."""
    assert errors_of(validate_resource_claim, claim(request_)) == [
        f"spec.devices.requests[0]{error}"
    ]


def test_constraints_refer_to_requests_of_the_claim():
    """Alternatives are referred to behind their request."""
    alternatives = [{"name": "b", "deviceClassName": "x"}]
    request = {"name": "a", "firstAvailable": alternatives}

    def constraint(name):
        entry = {"requests": [name], "matchAttribute": "example.com/model"}
        return claim(request, constraints=[entry])

    assert errors_of(validate_resource_claim, constraint("a/b")) == []
    (error,) = errors_of(validate_resource_claim, constraint("a/c"))
    assert error.startswith('spec.devices.constraints[0].requests[0]: Invalid value: "a/c"')


def test_the_spec_of_a_claim_is_fixed():
    """It is shown as a Go struct."""
    other = {"name": "gpu", "exactly": {"deviceClassName": "other"}}
    assert errors_of(validate_resource_claim_update, claim(), claim()) == []
    (error,) = errors_of(validate_resource_claim_update, claim(other), claim())
    assert error.startswith(
        'spec: Invalid value: {"Devices":{"Requests":[{"Name":"gpu","Exactly":{"DeviceClassName":'
        '"other","Selectors":null,"AllocationMode":"ExactCount","Count":1,'
    )


def test_only_an_allocated_claim_is_reserved_and_allocations_are_fixed():
    """Deallocation waits for the last reservation."""
    consumer = {"resource": "pods", "name": "p", "uid": "u"}
    validate = validate_resource_claim_status_update
    fresh, held = claim(), claim(status=allocated(reservedFor=[consumer]))
    assert errors_of(validate, held, claim(status=allocated())) == []
    assert errors_of(validate, claim(status={"reservedFor": [consumer]}), held) == [
        "status.reservedFor: Forbidden: may not be specified when `allocated` is not set"
    ]
    (error,) = errors_of(validate, claim(status=allocated("gpu-9")), claim(status=allocated()))
    assert error.endswith("field is immutable")
    unknown = claim(status=allocated())
    unknown["status"]["allocation"]["devices"]["results"][0]["request"] = "ghost"
    assert len(errors_of(validate, unknown, fresh)) == 1


def test_the_table_tells_the_state_of_a_claim():
    """Deletion comes first."""
    held = claim(status=allocated(reservedFor=[{}]))
    assert RESOURCE_CLAIM.cells(claim(), 0.0)[1] == "pending"
    assert RESOURCE_CLAIM.cells(held, 0.0)[1] == "allocated,reserved"
    held["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert RESOURCE_CLAIM.cells(held, 0.0)[1] == "deleted,allocated,reserved"


def test_a_slice_is_on_one_node_or_on_all():
    """Said in exactly one way; the node is fixed."""
    assert errors_of(validate_resource_slice, device_slice(nodeName="n")) == []
    (error,) = errors_of(validate_resource_slice, device_slice())
    assert error.startswith("spec: Required value: exactly one of")
    (error,) = errors_of(validate_resource_slice, device_slice(nodeName="n", allNodes=True))
    assert error.startswith('spec: Invalid value: "{`nodeName`, `allNodes`}"')
    new, old = device_slice(nodeName="m"), device_slice(nodeName="n")
    assert errors_of(validate_resource_slice_update, new, old) == [
        'spec.nodeName: Invalid value: "m": field is immutable'
    ]


def test_devices_have_names_and_typed_attributes():
    """Each attribute has one value, each device one name."""
    device = {"name": "gpu-0", "attributes": {"model": {"string": "a", "int": 1}}}
    obj = device_slice(device, {"name": "gpu-0"}, nodeName="n")
    assert [error.partition(":")[0] for error in errors_of(validate_resource_slice, obj)] == [
        "spec.devices[0].attributes[model]",
        "spec.devices[1]",
    ]


def test_a_class_has_configuration_for_a_driver():
    """What only the driver understands is an object."""
    opaque = {"driver": "gpu.example.com", "parameters": []}
    obj = {"spec": {"config": [{"opaque": opaque}], "extendedResourceName": "cpu"}}
    assert [error.partition(":")[0] for error in errors_of(validate_device_class, obj)] == [
        "spec.config[0].opaque.parameters",
        "spec.extendedResourceName",
    ]


def test_early_versions_have_the_request_in_one_piece():
    """There and back leaves a claim as it was."""
    hub = claim()
    early = claim_from_hub(hub)
    request = early["spec"]["devices"]["requests"][0]
    assert request["deviceClassName"] == "x"
    assert "exactly" not in request
    assert claim_to_hub(early) == hub


_UNDEFINED = (
    "compilation failed: ERROR: <input>:1:7: undefined field 'nothing'\n"
    " | device.nothing\n"
    " | ......^"
)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("device.driver == 'a'", ""),
        ("device.attributes['a.com'].?speed.orValue(true)", ""),
        ("device.attributes['a.com'].healthy", ""),
        ("device.capacity['a.com'].memory.compareTo(quantity('1Gi')) > 0", ""),
        ("device.allowMultipleAllocations", ""),
        ("cel.bind(d, device.driver, d == 'a')", ""),
        ("device.driver", "must evaluate to bool or the unknown type, not string"),
        ("device.nothing", _UNDEFINED),
        ("", "compilation failed: ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>'"),
    ],
)
def test_selectors_are_expressions_about_a_device(expression, problem):
    """They compile and tell whether a device is wanted, which an attribute may do itself."""
    selectors = [{"cel": {"expression": expression}}]
    errors = errors_of(validate_device_class, {"spec": {"selectors": selectors}})
    path = "spec.selectors[0].cel.expression"
    assert len(errors) == bool(problem)
    assert all(problem in error and error.startswith(path) for error in errors)


def test_a_spec_that_cannot_be_changed_is_not_judged():
    """Only that it may not change is told."""
    new = claim({"name": "", "exactly": {"deviceClassName": "x"}})
    (error,) = errors_of(validate_resource_claim_update, new, claim())
    assert error.endswith("field is immutable")
