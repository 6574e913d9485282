"""Functions of Python extensions: what they are given, and what becomes of their answers."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from typing import Annotated

import pydantic
from declared_things import THINGS, Thing, ThingStatus, refusal, thing, things

from kapi import ext


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

    @extension.subresource(Thing, "things")
    def unnamed(thing):
        return [thing.spec]

    @extension.subresource(Thing, "named")
    def named(thing) -> list[Thing]:
        return [thing.spec]

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
    status = fails(await cluster.get(f"{THINGS}/one/things"), 500, "InternalError")
    assert "@subresource unnamed returned what is no JSON" in status["message"]
    [spec] = await cluster.read(f"{THINGS}/one/named")
    assert spec["words"] == [""]
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
