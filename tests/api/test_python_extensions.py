"""The example extension, and the documented one, through the whole server."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from declared_things import CRDS, EXAMPLE, OLD_SHOPS, SHOP_CRD, SHOPS, refusal, shop

from kapi.ext.modules import load_extensions


@pytest.fixture
async def shops(start_cluster):
    """A server with the example."""
    return await start_cluster(extensions=tuple(load_extensions(EXAMPLE)))


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
