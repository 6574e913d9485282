"""ConversionWebhook and WebhookConversion: who is asked for what, and how often."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from kapi.apiextensions.conversion import webhook as module
from kapi.apiextensions.conversion.review import ConversionFailed
from kapi.apiextensions.conversion.versions import ConvertedKind, WebhookConversion
from kapi.apiextensions.conversion.webhook import ConversionWebhooks
from kapi.apimachinery.types import GroupVersionKind
from kapi.registry.webhook.client import CallFailed
from kapi.storage.cacher.codec import JSONCodec, value_header
from kapi.util.ids import SeededIDs

HUB = GroupVersionKind("example.com", "v1", "Tab")
SPEC = {"clientConfig": {"url": "https://x"}, "conversionReviewVersions": ["v9", "v1"]}


class Client:
    """Converts by name of the version alone, and waits where it is told to."""

    def __init__(self):
        self.calls = []
        self.gate = None
        self.bad = set()

    async def call(self, config, body, timeout_seconds):
        request = orjson.loads(body)["request"]
        names = [obj["metadata"]["name"] for obj in request["objects"]]
        self.calls.append(names)
        if self.gate is not None:
            await self.gate.wait()
        if self.bad & set(names):
            raise CallFailed("broken", "failed to call webhook: ")
        objects = [
            {**obj, "apiVersion": request["desiredAPIVersion"]} for obj in request["objects"]
        ]
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "ConversionReview",
            "response": {
                "uid": request["uid"],
                "result": {"status": "Success"},
                "convertedObjects": objects,
            },
        }


class Schema:
    """Knows every field."""

    def prune(self, obj):
        return obj


@pytest.fixture
def client():
    """A webhook that answers."""
    return Client()


@pytest.fixture
def webhooks(client):
    """The webhooks of a server."""
    return ConversionWebhooks(client, SeededIDs(1))


@pytest.fixture
def conversion(webhooks):
    """The conversion to v2 of what is stored as v1 or v2."""
    kind = ConvertedKind(
        webhooks,
        webhooks.of(SPEC),
        HUB,
        {"v1": Schema(), "v2": Schema()},
        lambda obj: (str(obj.get("spec")),),
        lambda version: version,
    )
    return WebhookConversion(kind, "v2", "v1")


@pytest.fixture
def entry():
    """Make an entry of the watch cache."""
    headers = [value_header(f"example.com/{version}", "Tab") for version in ("v1", "v2")]
    codec = JSONCodec("/t/", headers)

    def make(name, version="v1", revision=7):
        obj = {"apiVersion": f"example.com/{version}", "kind": "Tab", "metadata": {"name": name}}
        return codec.decode(f"/t/{name}", orjson.dumps({**obj, "spec": name}), revision)

    return make


def tab(name, version="v1"):
    """Make an object."""
    return {"apiVersion": f"example.com/{version}", "kind": "Tab", "metadata": {"name": name}}


async def test_only_objects_of_another_version_are_sent(client, webhooks):
    """What has the version already stays where it is."""
    objects = [tab("a"), tab("b", "v2"), tab("c")]
    converted = await webhooks.of(SPEC).convert(objects, "example.com/v2")
    assert client.calls == [["a", "c"]]
    assert converted == [tab(name, "v2") for name in "abc"]
    assert await webhooks.of(SPEC).convert(objects[1:2], "example.com/v2") == objects[1:2]
    assert len(client.calls) == 1


async def test_reviews_are_bounded(client, webhooks, monkeypatch):
    """A large collection goes in several reviews, by number and by bytes."""
    objects = [tab(name) for name in "abcde"]
    monkeypatch.setattr(module, "OBJECTS_PER_REVIEW", 2)
    await webhooks.of(SPEC).convert(objects, "example.com/v2")
    assert client.calls == [["a", "b"], ["c", "d"], ["e"]]
    client.calls.clear()
    monkeypatch.setattr(module, "OBJECTS_PER_REVIEW", 9)
    monkeypatch.setattr(module, "_BYTES_PER_REVIEW", 3 * len(orjson.dumps(objects[0])))
    await webhooks.of(SPEC).convert(objects, "example.com/v2")
    assert client.calls == [["a", "b", "c"], ["d", "e"]]


async def test_failures_name_the_objects(client, webhooks):
    """The text is the cause without what admission puts before it."""
    client.bad = {"a"}
    with pytest.raises(ConversionFailed) as error:
        await webhooks.of(SPEC).convert([tab("a")], "example.com/v2")
    why = "conversion webhook for example.com/v1, Kind=Tab failed: broken"
    assert error.value.message == why
    other = webhooks.of({**SPEC, "conversionReviewVersions": ["v9"]})
    with pytest.raises(ConversionFailed, match="no supported conversion review versions"):
        await other.convert([tab("a")], "example.com/v2")


async def test_forms_are_kept_and_made_together(client, conversion, entry):
    """A list asks once for what it lacks; a form that is asked for afresh takes its place."""
    entries = [entry("a"), entry("b", "v2"), entry("c")]
    views = await conversion.views(entries)
    assert client.calls == [["a", "c"]]
    assert views[1] is entries[1]
    assert views[0].body == b'{"metadata":{"resourceVersion":"7","name":"a"},"spec":"a"}'
    assert views[0].header == value_header("example.com/v2", "Tab")
    again = await conversion.views([*entries, entry("d")], selectable=True)
    assert client.calls[1:] == [["d"]]
    assert again[0].fields == ("a",)
    await conversion.fresh(entries[0])
    assert client.calls[2:] == [["a"]]


async def test_those_who_wait_for_the_same_share_a_call(client, conversion, entry):
    """Two readers ask once, and the call outlives the one who began it."""
    client.gate = asyncio.Event()
    shared, other = entry("a"), entry("b")
    first = asyncio.create_task(conversion.views([shared]))
    await asyncio.sleep(0)
    second = asyncio.create_task(conversion.views([shared, other]))
    await asyncio.sleep(0)
    first.cancel()
    client.gate.set()
    views = await second
    assert [view.name for view in views] == ["a", "b"]
    assert client.calls == [["a"], ["b"]]


async def test_the_failure_of_another_call_is_not_ours(client, conversion, entry):
    """Who waited for a call that failed because of other objects asks again."""
    client.gate = asyncio.Event()
    client.bad = {"bad"}
    good, bad = entry("good"), entry("bad")
    first = asyncio.create_task(conversion.views([good, bad]))
    await asyncio.sleep(0)
    second = asyncio.create_task(conversion.views([good]))
    await asyncio.sleep(0)
    client.gate.set()
    with pytest.raises(ConversionFailed):
        await first
    assert [view.name for view in await second] == ["good"]
    assert client.calls == [["good", "bad"], ["good"]]


async def test_closing_ends_calls(client, conversion, webhooks, entry):
    """A server that stops does not wait for a webhook."""
    client.gate = asyncio.Event()
    reader = asyncio.create_task(conversion.views([entry("a")]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await webhooks.close()
    with pytest.raises(asyncio.CancelledError):
        await reader


async def test_objects_are_stored_in_the_storage_version(client, conversion, entry):
    """A write is converted unless it is at that version; the current entries are known."""
    assert (await conversion.stored(tab("a", "v2")))["apiVersion"] == "example.com/v1"
    assert await conversion.stored(tab("a")) == tab("a")
    assert client.calls == [["a"]]
    assert conversion.is_current(entry("a"))
    assert not conversion.is_current(entry("a", "v2"))
    assert conversion.at_rest(entry("a", "v2")) == "v2"
