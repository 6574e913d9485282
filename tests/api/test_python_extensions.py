"""Resources declared in Python through the whole server: the example, and what it leaves out."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import pydantic
import pytest
import yaml

from asgi_cluster import TOKEN, Cluster
from kapi import ext
from kapi.ext.modules import load_extensions
from kapi.server.options import OptionsError, ServerOptions, StartError
from kapi.server.server import APIServer
from kapi.server.storage_rewrite import rewrite_storage
from kapi.util.clock import SystemClock

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "shop.py")
SHOPS = "/apis/shop.example.com/v1/namespaces/default/shops"
OLD_SHOPS = "/apis/shop.example.com/v1beta1/namespaces/default/shops"
THINGS = "/apis/example.com/v1/namespaces/default/things"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SHOP_CRD = f"{CRDS}/shops.shop.example.com"


def shop(name="corner", version="v1", **spec):
    return {
        "apiVersion": f"shop.example.com/{version}",
        "kind": "Shop",
        "metadata": {"name": name},
        "spec": {"street": "Main Street", "shelves": [{"name": "bread"}], **spec},
    }


def thing(name="one", **spec):
    return {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": name},
        "spec": spec,
    }


@dataclass
class Thing:
    """A thing."""

    size: int = 1
    words: list[str] = field(default_factory=list)
    free: dict[str, Any] = field(default_factory=dict)
    amount: ext.Quantity | None = None


@dataclass
class ThingStatus:
    count: int = 0


def things(**options):
    """A fresh extension with one resource and no functions yet."""
    extension = ext.Extension("example.com")
    extension.resource(version="v1", kind="Thing", **options)(Thing)
    return extension


@pytest.fixture
async def shops(start_cluster):
    """A server with the example."""
    return await start_cluster(extensions=tuple(load_extensions(EXAMPLE)))


async def refusal(answer, fails, *causes):
    status = fails(await answer, 422, "Invalid")
    assert [(c["reason"], c["field"], c["message"]) for c in status["details"]["causes"]] == [
        *causes
    ]


async def test_the_example_is_a_resource_like_any_other(shops):
    """Defaults of schema and functions are there, unknown fields are pruned with a warning."""
    answer = await shops.post(SHOPS, shop(budget="1000m", nothing=1))
    assert answer.status_code == 201
    assert answer.headers["warning"] == '299 - "unknown field \\"spec.nothing\\""'
    stored = answer.json()
    assert stored["spec"] == {
        "street": "Main Street",
        "shelves": [{"name": "bread", "size": 10}],
        "budget": "1000m",
        "replicas": 1,
        "tier": "basic",
        "openingHours": ["Mo-Fr 8-18"],
    }
    assert stored["metadata"]["annotations"] == {"shop.example.com/founder": "kubernetes-admin"}
    assert (await shops.read(f"{SHOPS}/corner")) == stored
    assert [item["metadata"]["name"] for item in (await shops.read(SHOPS))["items"]] == ["corner"]


async def test_rules_of_functions_and_of_the_schema_are_causes(shops, fails):
    """@validate adds its causes where the schema has none to tell."""
    large = (
        "FieldValueInvalid",
        "spec.replicas",
        "Invalid value: 9: more than 5 need the tier premium",
    )
    await refusal(shops.post(SHOPS, shop(replicas=9)), fails, large)
    await shops.create(SHOPS, shop(replicas=9, tier="premium"))
    moved = ("FieldValueForbidden", "spec.street", "Forbidden: a shop does not move")
    change = shops.patch("merge", f"{SHOPS}/corner", {"spec": {"street": "x", "tier": "basic"}})
    await refusal(change, fails, large, moved)
    status = fails(await shops.post(SHOPS, shop("b", replicas=9, tier="best")), 422, "Invalid")
    assert [cause["field"] for cause in status["details"]["causes"]] == ["spec.tier"]
    warned = await shops.post(SHOPS, shop("bare", shelves=[]))
    assert warned.headers["warning"] == '299 - "a shop without shelves sells nothing"'


async def test_status_has_validators_of_its_own(shops, fails):
    """Functions for the status judge writes of it, those for objects do not."""
    await shops.create(SHOPS, shop())
    stock = {"status": {"stock": {"bread": 11, "milk": 1}}}
    await refusal(
        shops.patch("merge", f"{SHOPS}/corner/status", stock),
        fails,
        (
            "FieldValueInvalid",
            "status.stock[bread]",
            "Invalid value: 11: does not fit on the shelf",
        ),
        ("FieldValueNotFound", "status.stock[milk]", 'Not found: "milk"'),
    )
    fitting = {"status": {"stock": {"bread": 4}}}
    answer = await shops.patch("merge", f"{SHOPS}/corner/status", fitting)
    assert answer.json()["status"] == {"stock": {"bread": 4}, "replicas": 0, "selector": ""}


async def test_scale_apply_watch_table_and_selectors_work_as_for_custom_resources(shops, fails):
    """What the server does for custom resources it does for those declared in Python."""
    async with shops.watch(SHOPS) as watch:
        await shops.create(SHOPS, shop())
        applied = await shops.apply(f"{SHOPS}/corner", shop(shelves=[{"name": "milk"}]))
        assert [s["name"] for s in applied.json()["spec"]["shelves"]] == ["bread", "milk"]
        scale = await shops.read(f"{SHOPS}/corner/scale")
        scale["spec"]["replicas"] = 3
        assert (await shops.put(f"{SHOPS}/corner/scale", scale)).status_code == 200
        await refusal(
            shops.patch("merge", f"{SHOPS}/corner/scale", {"spec": {"replicas": 7}}),
            fails,
            (
                "FieldValueInvalid",
                "spec.replicas",
                "Invalid value: 7: more than 5 need the tier premium",
            ),
        )
        assert [kind for kind, _ in await watch.events(3)] == ["ADDED", "MODIFIED", "MODIFIED"]
    as_table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    table = (await shops.get(SHOPS, headers=as_table)).json()
    names = [column["name"] for column in table["columnDefinitions"]]
    assert names == ["Name", "Street", "Replicas", "Tier", "Age"]
    assert table["rows"][0]["cells"][:4] == ["corner", "Main Street", 3, "basic"]
    assert len((await shops.read(SHOPS, fieldSelector="spec.tier=basic"))["items"]) == 1
    assert (await shops.read(SHOPS, fieldSelector="spec.tier=premium"))["items"] == []


async def test_versions_are_converted_by_functions(shops, fails):
    """What is written in one version is read in the other, through what is stored."""
    old = shop(version="v1beta1", hours="Mo 8-12, Tu 8-12", budget="2")
    created = await shops.create(OLD_SHOPS, old)
    assert created["apiVersion"] == "shop.example.com/v1beta1"
    assert created["spec"]["hours"] == "Mo 8-12, Tu 8-12"
    stored = await shops.read(f"{SHOPS}/corner")
    assert stored["spec"]["openingHours"] == ["Mo 8-12", "Tu 8-12"]
    assert "hours" not in stored["spec"]
    body = {"spec": {"openingHours": ["We"]}}
    assert (await shops.patch("merge", f"{SHOPS}/corner", body)).status_code == 200
    assert (await shops.read(OLD_SHOPS))["items"][0]["spec"]["hours"] == "We"
    async with shops.watch(OLD_SHOPS, resourceVersion="0") as watch:
        _, seen = await watch.event()
        assert (seen["apiVersion"], seen["spec"]["hours"]) == ("shop.example.com/v1beta1", "We")
    applied = await shops.apply(
        f"{OLD_SHOPS}/corner", shop(version="v1beta1", hours="Th"), force=True
    )
    assert applied.status_code == 200, applied.text
    assert (await shops.read(f"{SHOPS}/corner"))["spec"]["openingHours"] == ["Th"]
    await refusal(
        shops.post(OLD_SHOPS, shop("b", "v1beta1", hours=5)),
        fails,
        (
            "FieldValueTypeInvalid",
            "spec.hours",
            'Invalid value: "integer": spec.hours in body must be of type string: "integer"',
        ),
    )
    status = fails(await shops.post(OLD_SHOPS, shop("b", "v1beta1", replicas=9)), 422, "Invalid")
    assert status["details"]["causes"][0]["field"] == "spec.replicas"


async def test_functions_answer_subresources(shops, fails):
    """A function gets the body as its class and answers with its own; errors are Statuses."""
    await shops.create(SHOPS, shop())
    delivery = {"shelf": "bread", "pieces": 4}
    answer = await shops.post(f"{SHOPS}/corner/restock", delivery)
    assert (answer.status_code, answer.json()) == (200, {"shelf": "bread", "stock": 4, "free": 6})
    tried = await shops.post(f"{SHOPS}/corner/restock", delivery, dryRun="All")
    assert tried.json()["stock"] == 8
    assert await shops.read(f"{SHOPS}/corner/inventory") == {"shop": "corner", "pieces": 4}
    fails(
        await shops.post(f"{SHOPS}/corner/restock", {**delivery, "pieces": 7}),
        409,
        "Conflict",
        "7 pieces do not fit on bread",
    )
    fails(await shops.post(f"{SHOPS}/none/restock", delivery), 404, "NotFound")
    fails(await shops.put(f"{SHOPS}/corner/restock", delivery), 405, "MethodNotAllowed")
    fails(await shops.get(f"{SHOPS}/corner/unknown"), 404, "NotFound")
    await refusal(
        shops.post(f"{SHOPS}/corner/restock", {"pieces": 0}),
        fails,
        (
            "FieldValueInvalid",
            "pieces",
            "Invalid value: 0: pieces in body should be greater than or equal to 1",
        ),
        ("FieldValueRequired", "shelf", "Required value"),
    )
    owners = (await shops.read(f"{SHOPS}/corner"))["metadata"]["managedFields"]
    assert [entry.get("subresource") for entry in owners] == [None, "restock"]


async def test_concurrent_calls_of_a_changing_function_lose_nothing(shops):
    """Whoever was late is called again with what is stored by then."""
    await shops.create(SHOPS, shop(shelves=[{"name": "bread", "size": 100}]))
    body = {"shelf": "bread", "pieces": 2}
    answers = await asyncio.gather(
        *(shops.post(f"{SHOPS}/corner/restock", body) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert (await shops.read(f"{SHOPS}/corner/inventory"))["pieces"] == 40


async def test_discovery_and_openapi_tell_of_everything(shops):
    """Subresources of functions are listed, with schemas of what they take and answer."""
    document = await shops.read("/apis/shop.example.com/v1")
    listed = {entry["name"]: (entry["kind"], entry["verbs"]) for entry in document["resources"]}
    assert listed["shops/restock"] == ("ShopRestock", ["create"])
    assert listed["shops/inventory"] == ("ShopInventory", ["get"])
    v3 = await shops.read("/openapi/v3/apis/shop.example.com/v1")
    path = v3["paths"][f"{SHOPS.replace('default', '{namespace}')}/{{name}}/restock"]
    content = path["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert content == {"$ref": "#/components/schemas/com.example.shop.v1.ShopRestockBody"}
    schemas = v3["components"]["schemas"]
    assert schemas["com.example.shop.v1.ShopRestockBody"]["required"] == ["shelf", "pieces"]
    assert set(schemas["com.example.shop.v1.ShopRestock"]["properties"]) == {
        "shelf",
        "stock",
        "free",
    }
    spec = schemas["com.example.shop.v1.Shop"]["properties"]["spec"]["properties"]
    assert spec["street"]["description"] == "Where it is."
    v2 = await shops.read("/openapi/v2")
    assert "com.example.shop.v1.ShopRestock" in v2["definitions"]
    assert "com.example.shop.v1beta1.Shop" in v2["definitions"]


async def test_the_definition_is_there_and_stays_as_the_code_says(shops, fails):
    """Others see a CustomResourceDefinition; it can be labelled, not changed or deleted."""
    definition = await shops.read(SHOP_CRD)
    assert definition["metadata"]["annotations"]["kapi.dev/python-extension"] == "shop.example.com"
    assert definition["status"]["storedVersions"] == ["v1"]
    why = (
        'customresourcedefinitions.apiextensions.k8s.io "shops.shop.example.com" is forbidden: '
        "it is declared by the Python extension shop.example.com"
    )
    status = fails(await shops.delete(SHOP_CRD), 403, "Forbidden")
    assert status["message"].startswith(why)
    names = {"spec": {"names": {"shortNames": ["x"]}}}
    fails(
        await shops.patch("merge", SHOP_CRD, names),
        403,
        "Forbidden",
        f"{why}, change it there",
    )
    unmarked = {"metadata": {"annotations": {"kapi.dev/python-extension": None}}}
    fails(await shops.patch("merge", SHOP_CRD, unmarked), 403, "Forbidden")
    await shops.delete(CRDS)
    assert (await shops.get(SHOP_CRD)).status_code == 200
    labels = {"metadata": {"labels": {"team": "shops"}}}
    assert (await shops.patch("merge", SHOP_CRD, labels)).status_code == 200
    assert "shops.shop.example.com" in str(await shops.read(CRDS))


async def test_functions_come_before_webhooks_and_policies(shops):
    """@mutate has run when anybody outside is asked."""
    names = shops.server.api.admission.names
    assert names[:2] == ["NamespaceLifecycle", "PythonExtensions"]
    for later in ("MutatingAdmissionWebhook", "ValidatingAdmissionPolicy"):
        assert names.index("PythonExtensions") < names.index(later)


# -- functions of every kind ----------------------------------------------------------------------


async def test_a_function_that_fails_is_an_internal_error(start_cluster, fails, caplog):
    """The client learns which function failed, the log why, and the server goes on."""
    extension = things()

    @extension.validate(Thing)
    def broken(thing):
        return thing.spec.words[0]

    @extension.mutate(Thing)
    def careless(thing):
        if thing.spec.size == 2:
            thing.spec.amount = object()

    @extension.subresource(Thing, "odd")
    def odd(thing):
        return {1, 2}

    @extension.subresource(Thing, "silent")
    def silent(thing):
        return None

    cluster = await start_cluster(extensions=(extension,))
    with caplog.at_level(logging.ERROR):
        fails(
            await cluster.post(THINGS, thing()),
            500,
            "InternalError",
            "Internal error occurred: @validate broken failed with IndexError, see the log",
        )
    assert "@validate broken failed" in caplog.text
    assert "IndexError: list index out of range" in caplog.text
    fails(
        await cluster.post(THINGS, thing(words=["a"])),
        500,
        "InternalError",
        "Internal error occurred: @validate broken returned str instead of field errors",
    )
    assert (await cluster.post(THINGS, thing(words=[""]))).status_code == 201
    status = fails(await cluster.get(f"{THINGS}/one/odd"), 500, "InternalError")
    assert "@subresource odd returned what is no JSON" in status["message"]
    assert (await cluster.read(f"{THINGS}/one/silent"))["status"] == "Success"


async def test_errors_may_be_raised_returned_and_yielded(start_cluster, fails):
    """Each way ends in a cause; a Status that is raised is answered as it is."""
    extension = things()

    @extension.validate(Thing)
    def raised(thing):
        if thing.spec.size == 2:
            raise ext.required("spec.words", "say something")
        if thing.spec.size == 3:
            raise ext.Forbidden("not for you")

    @extension.validate(Thing)
    def returned(thing):
        return ext.not_supported("spec.size", 4, ["1"]) if thing.spec.size == 4 else None

    @extension.validate(Thing)
    def listed(thing):
        return [ext.duplicate("spec.words[1]", "a")] if thing.spec.words == ["a", "a"] else []

    @extension.mutate(Thing)
    def refuses(thing):
        if thing.spec.size == 5:
            raise ext.forbidden("spec.size", "five is right out")

    cluster = await start_cluster(extensions=(extension,))

    def post(**spec):
        return cluster.post(THINGS, thing(**spec))

    repeated = ("FieldValueDuplicate", "spec.words[1]", 'Duplicate value: "a"')
    wanted = ("FieldValueRequired", "spec.words", "Required value: say something")
    await refusal(post(size=2, words=["a", "a"]), fails, wanted, repeated)
    fails(await post(size=3), 403, "Forbidden", "not for you")
    unsupported = (
        "FieldValueNotSupported",
        "spec.size",
        'Unsupported value: 4: supported values: "1"',
    )
    await refusal(post(size=4), fails, unsupported)
    right_out = ("FieldValueForbidden", "spec.size", "Forbidden: five is right out")
    await refusal(post(size=5), fails, right_out)


async def test_a_mutation_leaves_alone_what_it_does_not_change(start_cluster):
    """Texts keep the spelling of the client, free JSON is changed in place."""
    extension = things()

    @extension.mutate(Thing)
    def change(thing):
        thing.spec.words.append("!")
        thing.spec.free["seen"] = True
        thing.metadata.labels["size"] = str(thing.spec.size)

    cluster = await start_cluster(extensions=(extension,))
    stored = await cluster.create(THINGS, thing(amount="0.5", free={"a": [1]}, words=["a"]))
    assert stored["spec"] == {
        "amount": "0.5",
        "free": {"a": [1], "seen": True},
        "words": ["a", "!"],
        "size": 1,
    }
    assert stored["metadata"]["labels"] == {"size": "1"}


async def test_functions_that_wait(start_cluster, fails):
    """Async functions read other objects through a client; plain ones may have a thread."""
    extension = things()
    threads = []

    @extension.validate(Thing)
    async def known(thing, client: ext.Client):
        for word in thing.spec.words:
            try:
                await client.get("v1/configmaps", thing.metadata.namespace, word)
            except ext.NotFound:
                yield ext.not_found("spec.words", word)

    @extension.mutate(Thing, thread=True)
    def slow(thing):
        threads.append(threading.current_thread())
        thing.spec.free["thread"] = True

    @extension.subresource(Thing, "copy", "POST")
    async def copy(thing, body, client: ext.Client):
        data = {"metadata": {"name": body["name"]}, "data": {"size": str(thing.spec.size)}}
        data |= {"apiVersion": "v1", "kind": "ConfigMap"}
        made = await client.create("v1/configmaps", thing.metadata.namespace, data)
        return {"uid": made["metadata"]["uid"]}

    cluster = await start_cluster(extensions=(extension,))
    missing = ("FieldValueNotFound", "spec.words", 'Not found: "a"')
    await refusal(cluster.post(THINGS, thing(words=["a"])), fails, missing)
    stored = await cluster.create(THINGS, thing())
    assert stored["spec"]["free"] == {"thread": True}
    assert threading.main_thread() not in threads
    answer = await cluster.post(f"{THINGS}/one/copy", {"name": "a"})
    made = await cluster.read("/api/v1/namespaces/default/configmaps/a")
    assert answer.json() == {"uid": made["metadata"]["uid"]}
    assert made["metadata"]["managedFields"][0]["manager"] == "example.com"
    words = {"spec": {"words": ["a"]}}
    assert (await cluster.patch("merge", f"{THINGS}/one", words)).status_code == 200
    again = await cluster.post(f"{THINGS}/one/copy", {"name": "a"})
    fails(again, 409, "AlreadyExists")


async def test_requests_are_known_to_functions(start_cluster):
    """Operation, user, subresource, method and query are those of the request."""
    extension = things(scale=ext.Scale(".spec.size", ".status.count"), status=ThingStatus)
    seen = []

    def note(request, old):
        seen.append((request.operation, request.subresource, request.dry_run, old is not None))

    @extension.validate(Thing)
    def on_object(thing, request, old):
        note(request, old)
        assert request.user.name == "kubernetes-admin"
        made = thing.metadata.creation_timestamp
        assert request.now.replace(microsecond=0) == made or old is not None

    @extension.validate(Thing, on="status")
    def on_status(thing, request, old):
        note(request, old)

    @extension.subresource(Thing, "who", "DELETE")
    def who(thing, request):
        return [request.method, request.query, request.name, thing.metadata.uid != ""]

    cluster = await start_cluster(extensions=(extension,))
    await cluster.create(THINGS, thing(), dryRun="All")
    await cluster.create(THINGS, thing())
    await cluster.patch("merge", f"{THINGS}/one", {"spec": {"size": 2}})
    await cluster.patch("merge", f"{THINGS}/one/status", {"status": {"count": 2}})
    await cluster.patch("merge", f"{THINGS}/one/scale", {"spec": {"replicas": 3}})
    answer = await cluster.delete(f"{THINGS}/one/who", really="yes")
    assert answer.json() == ["DELETE", {"really": ["yes"]}, "one", True]
    assert seen == [
        ("CREATE", "", True, False),
        ("CREATE", "", False, False),
        ("UPDATE", "", False, True),
        ("UPDATE", "status", False, True),
        ("UPDATE", "scale", False, True),
    ]


async def test_objects_that_are_invalid_by_now_can_go(start_cluster):
    """A finalizer of an object that is being deleted can be taken off whatever the rules say."""
    extension = things()
    strict = False

    @extension.validate(Thing)
    def never(thing):
        if strict:
            yield ext.invalid("spec.size", thing.spec.size, "never good enough")

    cluster = await start_cluster(extensions=(extension,))
    one = thing()
    one["metadata"]["finalizers"] = ["example.com/hold"]
    await cluster.create(THINGS, one)
    strict = True
    await cluster.delete(f"{THINGS}/one")
    answer = await cluster.patch("merge", f"{THINGS}/one", {"metadata": {"finalizers": None}})
    assert answer.status_code == 200
    assert (await cluster.get(f"{THINGS}/one")).status_code == 404


async def test_a_function_may_answer_with_the_object(start_cluster):
    """What is returned is the object as it is stored, at the version of the request."""
    extension = things(status=ThingStatus)

    @extension.subresource(Thing, "count", "POST", changes=True)
    def count(thing: ext.Object[Thing, ThingStatus]) -> ext.Object[Thing, ThingStatus]:
        thing.status.count += 1
        return thing

    cluster = await start_cluster(extensions=(extension,))
    await cluster.create(THINGS, thing())
    answer = await cluster.post(f"{THINGS}/one/count", None)
    assert answer.json() == await cluster.read(f"{THINGS}/one")
    assert answer.json()["status"] == {"count": 1}
    assert answer.json()["metadata"]["generation"] == 1


async def test_pydantic_models_and_their_validators(start_cluster, fails):
    """What a model refuses beyond its schema is 422, with the path of the field."""

    class Port(pydantic.BaseModel):
        number: Annotated[int, pydantic.Field(ge=1)]

        @pydantic.field_validator("number")
        @classmethod
        def _even(cls, value):
            if value % 2:
                raise ValueError("only even ports")
            return value

    class Thing(pydantic.BaseModel):
        open_ports: list[Port] = []

    extension = ext.Extension("example.com")
    extension.resource(version="v1")(Thing)

    @extension.mutate(Thing)
    def add(thing):
        thing.spec.open_ports.append(Port(number=8))

    cluster = await start_cluster(extensions=(extension,))
    stored = await cluster.create(THINGS, thing(openPorts=[{"number": 2}]))
    assert stored["spec"] == {"openPorts": [{"number": 2}, {"number": 8}]}
    refused = cluster.post(THINGS, thing("b", openPorts=[{"number": 2}, {"number": 3}]))
    odd = (
        "FieldValueInvalid",
        "spec.openPorts[1].number",
        "Invalid value: Value error, only even ports",
    )
    await refusal(refused, fails, odd)


async def test_classes_that_judge_need_no_function(start_cluster, fails):
    """__post_init__ is asked about every object, also where nobody looks at its spec."""

    @dataclass
    class Thing:
        low: int = 0
        high: int = 9

        def __post_init__(self):
            if self.low > self.high:
                raise ValueError("low is above high")

    extension = ext.Extension("example.com")
    extension.resource(version="v1")(Thing)
    cluster = await start_cluster(extensions=(extension,))
    refused = ("FieldValueInvalid", "spec", "Invalid value: low is above high")
    await refusal(cluster.post(THINGS, thing(low=10)), fails, refused)
    await cluster.create(THINGS, thing(low=1))
    change = cluster.patch("merge", f"{THINGS}/one", {"spec": {"high": 0}})
    await refusal(change, fails, refused)


async def test_rules_that_became_stricter_let_metadata_pass(start_cluster, fails):
    """A change of labels is refused for what it breaks itself, not for what was broken before."""
    extension = things()
    strict = False

    @extension.validate(Thing)
    def small(thing):
        if strict and thing.spec.size > 1:
            yield ext.invalid("spec.size", thing.spec.size, "too large")
        if "bad" in thing.metadata.labels:
            yield ext.forbidden("metadata.labels[bad]", "not this one")

    @extension.validate(Thing)
    async def later(thing):
        if strict and thing.spec.size > 1:
            yield ext.invalid("spec.size", thing.spec.size, "really")

    cluster = await start_cluster(extensions=(extension,))
    await cluster.create(THINGS, thing(size=2))
    strict = True
    labelled = cluster.patch("merge", f"{THINGS}/one", {"metadata": {"labels": {"good": "1"}}})
    assert (await labelled).status_code == 200
    bad = cluster.patch("merge", f"{THINGS}/one", {"metadata": {"labels": {"bad": "1"}}})
    label = ("FieldValueForbidden", "metadata.labels[bad]", "Forbidden: not this one")
    await refusal(bad, fails, label)
    large = ("FieldValueInvalid", "spec.size", "Invalid value: 3: too large")
    await refusal(cluster.patch("merge", f"{THINGS}/one", {"spec": {"size": 3}}), fails, large)


async def test_what_is_refused_now_can_be_mended(servers, fails):
    """An object that stricter classes do not take is none to compare with, and can be changed."""
    first = await servers.start(things())
    await first.create(THINGS, thing(size=50))

    @dataclass
    class Thing:
        size: int = 1
        words: list[str] = field(default_factory=list)

        def __post_init__(self):
            if self.size > 9:
                raise ValueError("too large")

    stricter = ext.Extension("example.com")
    stricter.resource(version="v1")(Thing)
    seen = []

    @stricter.validate(Thing)
    def note(thing, old):
        seen.append((thing.spec.size, old and old.spec.size))

    second = await servers.start(stricter)
    labels = {"metadata": {"labels": {"a": "b"}}}
    assert (await second.patch("merge", f"{THINGS}/one", labels)).status_code == 200
    still = {"spec": {"size": 50, "words": ["new"]}}
    fails(await second.patch("merge", f"{THINGS}/one", still), 422, "Invalid")
    for size in (5, 6):
        change = {"spec": {"size": size}}
        assert (await second.patch("merge", f"{THINGS}/one", change)).status_code == 200
    assert seen == [(5, None), (6, 5)]


async def test_bodies_may_be_left_out_and_are_checked_for_unknown_fields(shops, fails):
    """No body where one is wanted is 422; fields that nobody knows are warned of or refused."""
    await shops.create(SHOPS, shop())
    path = f"{SHOPS}/corner/restock"
    fails(await shops.http.post(path), 422, "Invalid")
    body = {"shelf": "bread", "pieces": 1, "price": 3}
    answer = await shops.post(path, body)
    assert answer.headers["warning"] == '299 - "unknown field \\"price\\""'
    refused = await shops.post(path, body, fieldValidation="Strict")
    assert 'unknown field "price"' in fails(refused, 400, "BadRequest")["message"]
    fails(await shops.post(path, [1]), 422, "Invalid")
    table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
    answer = await shops.get(f"{SHOPS}/corner/inventory", headers=table)
    assert answer.json() == {"shop": "corner", "pieces": 1}


async def test_a_subresource_of_an_old_version_loses_nothing(shops):
    """A function sees and stores what is stored, whatever the version of the path can say."""
    hours = ["Mo 8-12, 14-18", "Tu"]
    await shops.create(SHOPS, shop(openingHours=hours))
    answer = await shops.post(f"{OLD_SHOPS}/corner/restock", {"shelf": "bread", "pieces": 1})
    assert answer.json()["stock"] == 1
    assert (await shops.read(f"{SHOPS}/corner"))["spec"]["openingHours"] == hours


async def test_owners_of_fields_at_other_versions_lose_them(shops, fails):
    """A change at one version is a change of what the other one calls it."""
    old = shop(version="v1beta1", hours="Mo")
    assert (await shops.apply(f"{OLD_SHOPS}/corner", old, "first")).status_code == 201
    new = {**shop(openingHours=["Tu"]), "spec": {"street": "Main Street", "openingHours": ["Tu"]}}
    refused = fails(await shops.apply(f"{SHOPS}/corner", new, "second"), 409, "Conflict")
    assert refused["message"].endswith('conflict with "first": .spec.hours')
    assert (await shops.apply(f"{SHOPS}/corner", new, "second", force=True)).status_code == 200
    back = await shops.apply(f"{OLD_SHOPS}/corner", old, "first")
    message = fails(back, 409, "Conflict")["message"]
    assert message.endswith('conflict with "second": .spec.openingHours')
    broken = {**new, "spec": {**new["spec"], "replicas": "many"}}
    refused = await shops.patch("merge", f"{SHOPS}/corner", broken)
    fails(refused, 422, "Invalid")


async def test_cluster_scoped_and_frozen(start_cluster):
    """Objects outside of namespaces have subresources, too; frozen classes are replaced."""

    @dataclass(frozen=True)
    class Planet:
        moons: tuple[str, ...] = ()

    extension = ext.Extension("example.com")
    extension.resource(version="v1", scope="Cluster")(Planet)

    @extension.mutate(Planet)
    def discover(planet):
        planet.spec = replace(planet.spec, moons=(*planet.spec.moons, "new"))

    @extension.subresource(Planet, "moons")
    def moons(planet, request):
        return [request.namespace, *planet.spec.moons]

    cluster = await start_cluster(extensions=(extension,))
    planets = "/apis/example.com/v1/planets"
    body = {"apiVersion": "example.com/v1", "kind": "Planet", "metadata": {"name": "one"}}
    assert (await cluster.create(planets, body))["spec"] == {"moons": ["new"]}
    assert await cluster.read(f"{planets}/one/moons") == ["", "new"]


# -- servers and stores ---------------------------------------------------------------------------


class Servers:
    """Servers one after the other over one durable store."""

    def __init__(self, directory):
        self._directory = directory
        self._cluster = None

    async def start(self, *extensions):
        await self.stop()
        options = ServerOptions(
            data_dir=self._directory,
            admin_token=TOKEN,
            controllers=(),
            extensions=extensions,
        )
        cluster = Cluster(APIServer(options))
        self._cluster = cluster
        await cluster.server.start()
        return cluster

    async def rewrite(self, *extensions):
        options = ServerOptions(data_dir=self._directory, extensions=extensions)

        class Progress:
            def begin(self, total):
                return [].append

        return await rewrite_storage(options, SystemClock(), Progress())

    async def stop(self):
        if self._cluster is not None:
            await self._cluster.http.aclose()
            await self._cluster.server.stop()
            self._cluster = None


@pytest.fixture
async def servers(tmp_path):
    """Start servers over one store, each when the one before has ended."""
    found = Servers(tmp_path)
    yield found
    await found.stop()


async def test_a_restart_finds_everything_and_changes_nothing(servers):
    """The definition is written when it differs, not at every start."""
    first = await servers.start(things())
    stored = await first.create(THINGS, thing(size=5))
    before = await first.read(f"{CRDS}/things.example.com")
    second = await servers.start(things())
    assert await second.read(f"{THINGS}/one") == stored
    assert await second.read(f"{CRDS}/things.example.com") == before
    third = await servers.start(things(short_names=["th"]))
    after = await third.read(f"{CRDS}/things.example.com")
    assert after["spec"]["names"]["shortNames"] == ["th"]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


async def test_without_the_code_objects_are_read_and_deleted_only(servers, fails):
    """Nothing is stored that nobody has judged, until somebody takes the mark off."""
    extension = things()
    extension.subresource(Thing, "size")(lambda thing: thing.spec.size)
    first = await servers.start(extension)
    await first.create(THINGS, thing())
    await first.create(THINGS, thing("two"))
    assert await first.read(f"{THINGS}/one/size") == 1
    second = await servers.start()
    assert len((await second.read(THINGS))["items"]) == 2
    why = (
        "things.example.com is declared by the Python extension example.com, without which this "
        "server was started (--extension)"
    )
    fails(await second.post(THINGS, thing("three")), 503, "ServiceUnavailable", why)
    change = {"spec": {"size": 2}}
    fails(await second.patch("merge", f"{THINGS}/one", change), 503, "ServiceUnavailable", why)
    fails(await second.get(f"{THINGS}/one/size"), 404, "NotFound")
    assert (await second.delete(f"{THINGS}/one")).status_code == 200
    unmarked = {"metadata": {"annotations": {"kapi.dev/python-extension": None}}}
    await second.patch("merge", f"{CRDS}/things.example.com", unmarked)
    assert (await second.patch("merge", f"{THINGS}/two", change)).status_code == 200
    assert (await second.delete(f"{CRDS}/things.example.com")).status_code == 200
    assert (await second.get(THINGS)).status_code == 404


def two_versions(stored):
    """The example's shape in small: v1 has words, v2 has one text."""

    @dataclass
    class Thing2:
        text: str = ""

    extension = ext.Extension("example.com")
    extension.resource(version="v1", kind="Thing", storage=stored == "v1")(Thing)
    extension.resource(version="v2", kind="Thing", storage=stored == "v2")(Thing2)
    extension.convert(Thing, Thing2)(lambda old: Thing2(" ".join(old.words)))
    extension.convert(Thing2, Thing)(lambda new: Thing(words=new.text.split()))
    return extension


async def test_the_stored_version_can_change(servers, fails):
    """What was stored before is brought to the new version by functions, too."""
    first = await servers.start(two_versions("v1"))
    await first.create(THINGS, thing(words=["a", "b"]))
    second = await servers.start(two_versions("v2"))
    assert (await second.read(f"{CRDS}/things.example.com"))["status"]["storedVersions"] == [
        "v1",
        "v2",
    ]
    new = THINGS.replace("/v1/", "/v2/")
    assert (await second.read(f"{new}/one"))["spec"] == {"text": "a b"}
    assert (await second.read(THINGS))["items"][0]["spec"]["words"] == ["a", "b"]
    third = await servers.start()
    fails(await third.get(f"{THINGS}/one"), 503, "ServiceUnavailable")
    await servers.stop()
    with pytest.raises(StartError, match=r"^cannot convert /registry/example.com/things/"):
        await servers.rewrite()
    third = await servers.start()
    left = await third.read(f"{new}/one")
    assert "spec" not in left
    assert left["metadata"]["annotations"]["kapi.dev/unconverted"].startswith("v1: ")
    assert (await third.delete(f"{new}/one")).status_code == 200
    assert (await third.get(f"{new}/one")).status_code == 404


async def test_a_rewritten_store_needs_no_functions_to_be_read(servers):
    """``kapi storage rewrite --extension`` brings all objects to the version that is stored."""
    first = await servers.start(two_versions("v1"))
    await first.create(THINGS, thing(words=["a", "b"]))
    await servers.stop()
    await servers.rewrite(two_versions("v2"))
    second = await servers.start()
    new = THINGS.replace("/v1/", "/v2/")
    assert (await second.read(f"{new}/one"))["spec"] == {"text": "a b"}


async def test_one_object_that_cannot_be_converted_harms_no_other(servers, fails):
    """It is shown without its spec, can be deleted, and nothing is written over it."""
    first = await servers.start(two_versions("v1"))
    for name, words in (("bad", ["a", "!"]), ("good", ["a"])):
        await first.create(THINGS, thing(name, words=words))

    extension = two_versions("v2")
    declaration = extension.declarations()[0]
    upgrade = declaration.conversions[Thing, declaration.storage.spec_class]
    convert = upgrade.call

    def picky(old):
        if "!" in old.words:
            raise RuntimeError("no exclamation marks")
        return convert(old)

    upgrade.call = picky
    second = await servers.start(extension)
    new = THINGS.replace("/v1/", "/v2/")
    bad, good = (await second.read(new))["items"]
    assert good["spec"] == {"text": "a"}
    assert "spec" not in bad
    why = "the stored object could not be converted from v1: Internal error occurred: @convert"
    change = {"spec": {"text": "b"}}
    status = fails(await second.patch("merge", f"{new}/bad", change), 500, "InternalError")
    assert status["message"].startswith(f"Internal error occurred: {why}")
    assert (await second.patch("merge", f"{new}/good", change)).status_code == 200
    assert (await second.delete(f"{new}/bad")).status_code == 200


async def test_a_definition_that_others_made_is_taken_over(servers):
    """Objects that were there before the code stay."""
    plain = await servers.start()
    definition = things().declarations()[0].definition()
    del definition["metadata"]["annotations"]
    await plain.create(CRDS, definition)
    await plain.create(THINGS, thing(size=3))
    taken = await servers.start(things())
    assert (await taken.read(f"{THINGS}/one"))["spec"]["size"] == 3
    mark = (await taken.read(f"{CRDS}/things.example.com"))["metadata"]["annotations"]
    assert mark == {"kapi.dev/python-extension": "example.com"}


@pytest.mark.parametrize("minor", [25, 29, 36])
async def test_every_version_of_kubernetes_has_extensions(start_cluster, caplog, minor):
    """What definitions of a version do not know yet is left out and told of in the log."""
    with caplog.at_level(logging.WARNING):
        cluster = await start_cluster(
            kubernetes_minor=minor, extensions=tuple(load_extensions(EXAMPLE))
        )
    await cluster.create(SHOPS, shop())
    path = "spec.versions[0].selectableFields"
    told = f"Kubernetes 1.{minor} does not have {path} of shops.shop.example.com"
    assert (told in caplog.text) == (minor < 30)
    assert (await cluster.delete(SHOP_CRD)).status_code == 403


async def test_what_cannot_be_served_ends_the_start(servers, start_cluster):
    """Conflicts with what is stored, and between extensions, are told in one line."""
    first = await servers.start()
    taken = things(plural="others").declarations()[0].definition()
    del taken["metadata"]["annotations"]
    await first.create(CRDS, taken)
    with pytest.raises(StartError) as caught:
        await servers.start(things())
    assert str(caught.value) == (
        'things.example.com cannot be served: "ThingList" is already in use'
    )
    await servers.stop()
    with pytest.raises(OptionsError) as caught:
        await start_cluster(extensions=(things(), things()))
    assert str(caught.value) == "two extensions declare things.example.com"
    with pytest.raises(OptionsError) as caught:
        await start_cluster(extensions=(ext.Extension("empty.example.com"),))
    assert str(caught.value) == (
        "extension empty.example.com: extension empty.example.com declares no resource"
    )


async def test_servers_in_one_process_share_nothing(start_cluster):
    """An extension belongs to the servers that it is given to."""
    strict, lax = things(), things()

    @strict.validate(Thing)
    def small(thing):
        if thing.spec.size > 1:
            yield ext.invalid("spec.size", thing.spec.size, "too large")

    one = await start_cluster(extensions=(strict,))
    two = await start_cluster(extensions=(lax,))
    both = await start_cluster(extensions=(strict,))
    none = await start_cluster()
    answers = [await each.post(THINGS, thing(size=2)) for each in (one, two, both, none)]
    assert [answer.status_code for answer in answers] == [422, 201, 422, 404]


async def test_a_slow_function_is_told_of_once(start_cluster, caplog):
    """Whoever makes all requests wait learns of it from the log."""
    extension = things()
    release = threading.Event()

    @extension.validate(Thing)
    def slow(thing):
        release.wait(0.12)

    cluster = await start_cluster(extensions=(extension,))
    with caplog.at_level(logging.WARNING):
        await cluster.create(THINGS, thing())
        await cluster.create(THINGS, thing("two"))
    told = [record.getMessage() for record in caplog.records if "@validate slow" in record.message]
    assert len(told) == 1
    assert told[0].endswith("all requests waited; make it async or give it thread=True")


def test_servers_without_extensions_import_nothing_of_them():
    """The price of a feature that is not used is nothing."""
    import subprocess  # noqa: PLC0415 - this test's own

    program = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from kapi.cli import up\n"
        "from kapi.server.options import ServerOptions\n"
        "from kapi.server.server import APIServer\n"
        "server = APIServer(ServerOptions(Path('unused'), ephemeral=True, controllers=()))\n"
        "async def run():\n    await server.start()\n    await server.stop()\n"
        "asyncio.run(run())\n"
        "print([name for name in sys.modules if name.startswith(('kapi.ext', 'pydantic'))])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


# -- the documentation ----------------------------------------------------------------------------

OVENS = "/apis/bakery.example.com/v1/namespaces/default/ovens"


async def test_the_documented_module_does_what_the_page_says(start_cluster, fails, tmp_path):
    """The blocks of docs/extending.md are one module; its commands have the answers shown."""
    page = (Path(__file__).parents[2] / "docs" / "extending.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    module = tmp_path / "documented_bakery.py"
    module.write_text("\n\n".join(blocks), "utf-8")
    cluster = await start_cluster(extensions=tuple(load_extensions(str(module))))
    sys.modules["documented_bakery"].test_wood_is_hot()
    manifest = yaml.safe_load(re.search(r"```yaml\n(.*?)```", page, re.DOTALL)[1])
    oven = await cluster.create(OVENS, manifest)
    assert oven["spec"] == {"fuel": "wood", "maxCelsius": 250, "owner": "kubernetes-admin"}
    assert oven["metadata"]["labels"] == {"fuel": "wood"}
    status = fails(
        await cluster.patch("merge", f"{OVENS}/big", {"spec": {"fuel": "gas"}}), 422, "Invalid"
    )
    shown = re.search(r"^The Oven \"big\" is invalid: (.*)$", page, re.MULTILINE)[1]
    assert status["message"] == f'Oven.bakery.example.com "big" is invalid: {shown}'
    sent, answered = re.search(
        r"echo '(.*)' \| .*?^(\{.*\})$", page, re.DOTALL | re.MULTILINE
    ).groups()
    baked = await cluster.post(f"{OVENS}/big/bake", json.loads(sent))
    assert baked.json() == json.loads(answered)
    assert await cluster.read(f"{OVENS}/big/menu") == ["bread"]
    old = await cluster.read(f"{OVENS.replace('/v1/', '/v1beta1/')}/big")
    assert old["spec"] == {"wood": True, "maxFahrenheit": 482}
    recipe = {"apiVersion": "bakery.example.com/v1", "kind": "Recipe", "metadata": {"name": "a"}}
    recipe["spec"] = {"grams": {"flour": 500}, "slow": True}
    refused = fails(await cluster.post(OVENS.replace("ovens", "recipes"), recipe), 422, "Invalid")
    assert refused["details"]["causes"][0]["message"].endswith("slow food takes an hour")
    account = {"spec": {"owner": "system:serviceaccount:default:nobody"}}
    refused = await cluster.patch("merge", f"{OVENS}/big", account)
    assert fails(refused, 422, "Invalid")["details"]["causes"][0]["field"] == "spec.owner"
