"""Custom resources through the whole server: definitions in effect, changed, gone, and back."""

from __future__ import annotations

import asyncio

import pytest

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"


def version(name="v1", *, served=True, storage=True, **spec):
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": spec}}}
    return {
        "name": name,
        "served": served,
        "storage": storage,
        "schema": {"openAPIV3Schema": schema},
    }


def definition(*versions, plural="widgets", kind="Widget", **names):
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind, **names},
            "versions": list(versions) or [version(size={"type": "integer"})],
        },
    }


def widget(name, api_version="v1", **spec):
    return {
        "apiVersion": f"example.com/{api_version}",
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": spec,
    }


async def test_the_next_request_finds_the_new_resource(cluster):
    """A definition is in effect when its creation is answered; discovery knows it as well."""
    assert (await cluster.get(WIDGETS)).status_code == 404
    await cluster.create(CRDS, definition())
    created = await cluster.create(WIDGETS, widget("a", size=1))
    assert created["spec"] == {"size": 1}
    listed = (await cluster.get(WIDGETS)).json()
    assert listed["kind"] == "WidgetList"
    assert listed["items"] == [created]
    assert "/apis/example.com/v1" in (await cluster.get("/openapi/v3")).text
    assert (await cluster.get("/apis/example.com/v1")).json()["resources"][0]["kind"] == "Widget"


async def test_a_changed_schema_holds_for_stored_objects(cluster):
    """New defaults show in old objects, and fields that are gone are not shown any more."""
    crd = await cluster.create(CRDS, definition())
    await cluster.create(WIDGETS, widget("a", size=1))
    crd = (await cluster.get(f"{CRDS}/widgets.example.com")).json()
    crd["spec"]["versions"] = [version(color={"type": "string", "default": "red"})]
    assert (await cluster.put(f"{CRDS}/widgets.example.com", crd)).status_code == 200
    assert (await cluster.get(f"{WIDGETS}/a")).json()["spec"] == {"color": "red"}


async def test_a_deleted_definition_takes_its_objects_along(cluster):
    """Also those of a version that is not served any more; created again it is empty."""
    await cluster.create(CRDS, definition())
    await cluster.create(WIDGETS, widget("a", size=1))
    crd = (await cluster.get(f"{CRDS}/widgets.example.com")).json()
    crd["spec"]["versions"][0]["served"] = False
    assert (await cluster.put(f"{CRDS}/widgets.example.com", crd)).status_code == 200
    assert (await cluster.get(WIDGETS)).status_code == 404
    gone = await cluster.delete(f"{CRDS}/widgets.example.com")
    assert gone.json()["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert (await cluster.get(f"{CRDS}/widgets.example.com")).status_code == 404
    await cluster.create(CRDS, definition())
    assert (await cluster.get(WIDGETS)).json()["items"] == []


async def test_a_definition_waits_for_the_finalizers_of_its_objects(cluster):
    """Meanwhile nothing new may be created; the last object lets it go."""
    await cluster.create(CRDS, definition())
    held = widget("a", size=1)
    held["metadata"]["finalizers"] = ["example.com/hold"]
    await cluster.create(WIDGETS, held)
    await cluster.delete(f"{CRDS}/widgets.example.com")
    assert (await cluster.post(WIDGETS, widget("b", size=1))).status_code == 403
    freed = await cluster.patch("merge", f"{WIDGETS}/a", {"metadata": {"finalizers": None}})
    assert freed.status_code == 200
    assert (await cluster.get(f"{CRDS}/widgets.example.com")).status_code == 404
    assert (await cluster.get(WIDGETS)).status_code == 404


async def test_nobody_keeps_the_objects_of_a_deleted_definition(cluster):
    """Policies that refuse to delete them are not asked when their definition goes."""
    await cluster.create(CRDS, definition())
    await cluster.create(WIDGETS, widget("a", size=1))
    group = "/apis/admissionregistration.k8s.io/v1"
    rule = {
        "apiGroups": ["example.com"],
        "apiVersions": ["*"],
        "operations": ["DELETE"],
        "resources": ["*"],
    }
    policy = {
        "metadata": {"name": "p"},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "false"}],
        },
    }
    binding = {
        "metadata": {"name": "b"},
        "spec": {"policyName": "p", "validationActions": ["Deny"]},
    }
    await cluster.create(f"{group}/validatingadmissionpolicies", policy)
    await cluster.create(f"{group}/validatingadmissionpolicybindings", binding)
    assert (await cluster.delete(f"{WIDGETS}/a")).status_code == 422
    assert (await cluster.delete(f"{CRDS}/widgets.example.com")).status_code == 200
    assert (await cluster.get(f"{CRDS}/widgets.example.com")).status_code == 404


async def test_of_two_definitions_with_one_kind_one_waits(cluster):
    """Created at once, one gets the kind; when it goes, the other one is served."""
    first = definition()
    second = definition(plural="gadgets", listKind="GadgetList")
    await asyncio.gather(cluster.create(CRDS, first), cluster.create(CRDS, second))
    gadgets = WIDGETS.replace("widgets", "gadgets")
    served = [path for path in (WIDGETS, gadgets) if (await cluster.get(path)).status_code == 200]
    assert len(served) == 1
    winner, loser = ("widgets", gadgets) if served == [WIDGETS] else ("gadgets", WIDGETS)
    await cluster.delete(f"{CRDS}/{winner}.example.com")
    assert (await cluster.get(loser)).status_code == 200


@pytest.mark.parametrize("field", ["spec.size", "spec.on"])
async def test_selectable_fields(cluster, field):
    """Numbers and booleans are compared as text."""
    fields = version(size={"type": "integer"}, on={"type": "boolean"})
    fields["selectableFields"] = [{"jsonPath": ".spec.size"}, {"jsonPath": ".spec.on"}]
    await cluster.create(CRDS, definition(fields))
    await cluster.create(WIDGETS, widget("a", size=1, on=True))
    await cluster.create(WIDGETS, widget("b", size=2, on=False))
    value = {"spec.size": "1", "spec.on": "true"}[field]
    found = await cluster.read(WIDGETS, fieldSelector=f"{field}={value}")
    assert [item["metadata"]["name"] for item in found["items"]] == ["a"]
    refused = await cluster.get(WIDGETS, fieldSelector="spec.other=1")
    assert refused.status_code == 400


async def test_definitions_and_objects_are_there_after_a_restart(start_cluster, tmp_path):
    """A server over the same store serves what was defined before."""
    first = await start_cluster(ephemeral=False, data_dir=tmp_path)
    await first.create(CRDS, definition())
    await first.create(WIDGETS, widget("a", size=1))
    await first.server.stop()
    second = await start_cluster(ephemeral=False, data_dir=tmp_path)
    assert (await second.get(f"{WIDGETS}/a")).json()["spec"] == {"size": 1}


async def test_a_definition_cannot_replace_a_built_in_resource(cluster):
    """The resource of the server goes on to be served."""
    crd = definition(version(), plural="ingresses", kind="Other")
    crd["metadata"] = {
        "name": "ingresses.networking.k8s.io",
        "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
    }
    crd["spec"]["group"] = "networking.k8s.io"
    await cluster.create(CRDS, crd)
    listed = await cluster.read("/apis/networking.k8s.io/v1/ingresses")
    assert listed["kind"] == "IngressList"
    await cluster.delete(f"{CRDS}/ingresses.networking.k8s.io")
    assert (await cluster.get(f"{CRDS}/ingresses.networking.k8s.io")).status_code == 404
    listed = await cluster.read("/apis/networking.k8s.io/v1/ingresses")
    assert listed["kind"] == "IngressList"


async def test_a_watch_ends_when_the_schema_changes(cluster):
    """The objects are read anew; clients list and watch again."""
    await cluster.create(CRDS, definition())
    await cluster.create(WIDGETS, widget("a", size=1))
    async with cluster.watch(WIDGETS, resourceVersion="0") as watch:
        assert (await watch.event())[0] == "ADDED"
        crd = await cluster.read(f"{CRDS}/widgets.example.com")
        crd["spec"]["versions"] = [version(color={"type": "string"})]
        assert (await cluster.put(f"{CRDS}/widgets.example.com", crd)).status_code == 200
        assert await watch.event() is None


async def test_objects_can_be_written_while_their_definition_changes(cluster):
    """Concurrent writers of one object and of its definition do not disturb each other."""
    await cluster.create(CRDS, definition())
    await cluster.create(WIDGETS, widget("a", size=0))

    async def write(number):
        body = {"spec": {"size": number}}
        return (await cluster.patch("merge", f"{WIDGETS}/a", body)).status_code

    async def redefine(number):
        body = {"spec": {"names": {"shortNames": [f"w{number}"]}}}
        path = f"{CRDS}/widgets.example.com"
        return (await cluster.patch("merge", path, body)).status_code

    work = [f(number) for number in range(1, 11) for f in (write, redefine)]
    assert set(await asyncio.gather(*work)) == {200}
    last = await cluster.read(f"{WIDGETS}/a")
    assert last["spec"]["size"] in range(1, 11)
    assert last["metadata"]["generation"] == 11


async def test_an_inconsistent_status_does_not_keep_a_definition_from_going(cluster):
    """Whatever was written into its status, a definition can be deleted."""
    await cluster.create(CRDS, definition())
    path = f"{CRDS}/widgets.example.com"
    changed = await cluster.patch("merge", f"{path}/status", {"status": {"storedVersions": ["x"]}})
    assert changed.status_code == 200
    assert (await cluster.delete(path)).status_code == 200
    assert (await cluster.get(path)).status_code == 404


async def test_scale_gives_an_object_its_first_size(cluster):
    """Without replicas there is no Scale to read, but one can be written."""
    fields = version(replicas={"type": "integer"})
    paths = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    fields["subresources"] = {"scale": paths}
    await cluster.create(CRDS, definition(fields))
    await cluster.create(WIDGETS, widget("a"))
    assert (await cluster.get(f"{WIDGETS}/a/scale")).status_code == 500
    scaled = await cluster.patch("merge", f"{WIDGETS}/a/scale", {"spec": {"replicas": 2}})
    assert scaled.json()["spec"] == {"replicas": 2}
    assert (await cluster.read(f"{WIDGETS}/a"))["spec"] == {"replicas": 2}


async def test_wrong_metadata_of_a_change_is_told_as_often_as_it_is_looked_at(cluster):
    """Three times for definitions and custom resources, where other kinds tell four times."""
    await cluster.create(CRDS, definition())
    await cluster.create(WIDGETS, widget("a", size=1))
    for path in (f"{WIDGETS}/a", f"{CRDS}/widgets.example.com"):
        changed = (await cluster.get(path)).json()
        changed["metadata"]["labels"] = {"a/b/c": "x"}
        refused = (await cluster.put(path, changed)).json()
        told = [cause["field"] for cause in refused["details"]["causes"]]
        assert told == ["metadata.labels"] * 3


async def test_numbers_that_no_float_holds_are_refused(cluster):
    """In bodies and in patches; nothing is stored in their place."""
    await cluster.create(CRDS, definition(version(size={"type": "number"})))
    await cluster.create(WIDGETS, widget("a", size=1))
    headers = {"Content-Type": "application/json"}
    body = '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"b"},"spec":%s}'
    answer = await cluster.http.post(WIDGETS, content=body % '{"size":1e400}', headers=headers)
    assert answer.status_code == 400
    for kind, patch in (
        ("merge-patch", '{"spec":{"size":1e400}}'),
        ("json-patch", '[{"op":"replace","path":"/spec/size","value":1e400}]'),
        ("apply-patch", body.replace('"b"', '"a"') % '{"size":1e400}'),
    ):
        headers = {"Content-Type": f"application/{kind}+{'yaml' if 'apply' in kind else 'json'}"}
        answer = await cluster.http.patch(
            f"{WIDGETS}/a?fieldManager=me", content=patch, headers=headers
        )
        assert answer.status_code == 400, kind
    assert (await cluster.read(f"{WIDGETS}/a"))["spec"]["size"] == 1
