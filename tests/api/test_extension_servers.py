"""Python extensions, servers and stores: restarts, other code, versions, conflicts."""

from __future__ import annotations

import logging
import sys
import threading
from dataclasses import dataclass, field

import pytest
from declared_things import CRDS, EXAMPLE, SHOP_CRD, SHOPS, THINGS, Thing, shop, thing, things

from asgi_cluster import TOKEN, Cluster
from kapi import ext
from kapi.ext.modules import load_extensions
from kapi.server.options import OptionsError, ServerOptions, StartError
from kapi.server.server import APIServer
from kapi.server.storage_rewrite import rewrite_storage
from kapi.util.clock import SystemClock


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
