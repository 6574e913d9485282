"""Limits of validation rules through the whole server."""

from __future__ import annotations

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
MACHINES = "/apis/example.com/v1/namespaces/default/machines"
PAIRS = "self.all(x, self.all(y, x == y))"


def definition(**limits):
    items = {"type": "array", "items": {"type": "integer"}, **limits}
    items["x-kubernetes-validations"] = [{"rule": PAIRS}]
    schema = {"type": "object", "properties": {"numbers": items}}
    version = {"name": "v1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "machines.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "machines", "kind": "Machine"},
            "versions": [version | {"schema": {"openAPIV3Schema": schema}}],
        },
    }


def machine(name, numbers):
    return {
        "apiVersion": "example.com/v1",
        "kind": "Machine",
        "metadata": {"name": name},
        "numbers": numbers,
    }


async def test_expensive_rules_are_refused(cluster):
    """The cause says which rule, and by how much its estimate is too large."""
    refused = (await cluster.post(CRDS, definition())).json()
    assert (refused["code"], refused["reason"]) == (422, "Invalid")
    rule = "properties[numbers].x-kubernetes-validations[0].rule"
    told = [cause["message"].partition(" (try")[0] for cause in refused["details"]["causes"]]
    whole = "for entire OpenAPIv3 schema"
    total = f"x-kubernetes-validations estimated rule cost total {whole}"
    assert told == [
        "Forbidden: estimated rule cost exceeds budget by factor of more than 100x",
        f"Forbidden: contributed to estimated rule cost total exceeding cost limit {whole}",
        f"Forbidden: {total} exceeds budget by factor of more than 100x",
    ]
    fields = [cause["field"] for cause in refused["details"]["causes"]]
    assert fields[0].endswith(rule)
    assert fields[1].endswith(rule)
    assert fields[2].endswith("openAPIV3Schema")


async def test_an_object_can_cost_too_much(cluster):
    """A rule that was accepted is ended where it costs more than one evaluation may."""
    await cluster.create(CRDS, definition(maxItems=1000))
    await cluster.create(MACHINES, machine("small", [7] * 400))
    refused = (await cluster.post(MACHINES, machine("large", [7] * 500))).json()
    assert refused["code"] == 422
    assert refused["details"]["causes"] == [
        {
            "reason": "FieldValueInvalid",
            "message": 'Invalid value: "array": \'operation cancelled: actual cost limit '
            "exceeded': no further validation rules will be run due to call cost exceeds limit "
            f"for rule: {PAIRS}",
            "field": "numbers",
        }
    ]
