"""What only the etcd engine does: connections, shared leases, progress, and losing its watch."""

from __future__ import annotations

import asyncio
import subprocess

import orjson
import pytest
from test_cacher import make_cacher, names, put
from test_engine_contract import Recorder, keys

from etcd_cluster import BINARY, EtcdCluster
from kapi.server.certificates import create_authority
from kapi.storage.errors import CompareFailed, RevisionCompacted, Unavailable
from kapi.storage.etcd.connections import EtcdTLS
from kapi.storage.etcd.engine import EtcdEngine
from kapi.storage.relocated import RelocatedEngine


@pytest.fixture
async def other(etcd):
    """Another server's engine over the same etcd."""
    opened = await EtcdEngine.open(etcd.urls, prefix="")
    yield opened
    await opened.close()


def etcdctl(etcd, *words):
    """Ask etcd without kapi."""
    command = [str(BINARY.with_name("etcdctl")), f"--endpoints={etcd.urls[0]}", "-w=json", *words]
    return orjson.loads(subprocess.run(command, capture_output=True, check=True).stdout)


async def until(true):
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


async def test_servers_see_each_others_writes_at_once_and_in_one_order(engine, other):
    """A consistent read waits for what was acknowledged elsewhere; comparisons hold for all."""
    recorders = [Recorder(), Recorder()]
    subscription = await engine.watch("/w/", 0, recorders[0])
    await other.watch("/w/", 0, recorders[1])
    for number in range(50):
        writer = (engine, other)[number % 2]
        revision = await writer.put(f"/w/{number % 3}", b"%d" % number)
        assert await engine.current_revision() == revision
        assert await subscription.wait_for(revision, 3)
        assert recorders[0].events[-1][4] == revision
    await until(lambda: len(recorders[1].events) == 50)
    assert recorders[0].events == recorders[1].events
    outcomes = await asyncio.gather(
        *(each.put("/once", b"", mod_revision=0) for each in (engine, other) * 5),
        return_exceptions=True,
    )
    assert sum(isinstance(each, int) for each in outcomes) == 1
    assert sum(isinstance(each, CompareFailed) for each in outcomes) == 9


@pytest.mark.parametrize("version", ["3.5.1", "3.5.13"])
async def test_writes_to_foreign_keys_do_not_hold_up_consistent_reads(etcd, version):
    """Older servers are not asked for progress: their answer may be ahead of the events."""
    engine = await EtcdEngine.open(etcd.urls)
    engine.version = version
    subscription = await engine.watch("/registry/pods/", 0, Recorder())
    etcdctl(etcd, "put", "/elsewhere", "x")
    newest = await engine.current_revision()
    assert subscription.revision < newest
    assert await subscription.wait_for(newest, 3)
    made = await keys(engine, "/registry/", "/registry0")
    assert made == (["/registry/kapi.dev/progress"] if version == "3.5.1" else [])
    await engine.close()


async def test_keys_are_those_of_kube_apiserver_under_any_prefix(etcd):
    """``--etcd-prefix`` replaces /registry; watches, reads and errors show the usual names."""
    there = await EtcdEngine.open(etcd.urls, prefix="/clusters/blue/")
    engine = RelocatedEngine(there, "/registry/", "/clusters/blue/")
    recorder = Recorder()
    await engine.watch("/registry/pods/", 0, recorder)
    revision = await engine.put("/registry/pods/ns/a", b"1", mod_revision=0)
    with pytest.raises(CompareFailed) as failure:
        await engine.put("/registry/pods/ns/a", b"2", mod_revision=0)
    assert failure.value.key == failure.value.current.key == "/registry/pods/ns/a"
    assert recorder.events == [("PUT", "/registry/pods/ns/a", b"1", None, revision, revision)]
    assert await keys(engine, "/registry/", "/registry0") == ["/registry/pods/ns/a"]
    assert (await engine.get("/registry/pods/ns/a")).value == b"1"
    assert await engine.count("/registry/", "/registry0") == 1
    assert await keys(there) == ["/clusters/blue/pods/ns/a"]
    await engine.close()


async def test_keys_that_live_equally_long_share_a_lease(etcd, engine):
    """An hour of events needs sixty leases and not one for each event."""
    await asyncio.gather(*(engine.put(f"/e/{n}", b"", ttl_seconds=3600) for n in range(50)))
    await engine.put("/i/a", b"", ttl_seconds=15)
    leases = etcdctl(etcd, "lease", "list")["leases"]
    assert len(leases) == 2
    lived = {
        etcdctl(etcd, "lease", "timetolive", f"{each['id']:x}")["granted-ttl"] for each in leases
    }
    assert lived == {3660, 16}
    for each in leases:
        etcdctl(etcd, "lease", "revoke", f"{each['id']:x}")
    await engine.put("/e/again", b"", ttl_seconds=3600)
    assert await keys(engine) == ["/e/again"]


async def test_a_restart_of_etcd_loses_and_repeats_no_event(etcd, engine):
    """The watch goes on where it was; requests wait for the member to come back."""
    recorder = Recorder()
    await engine.watch("/w/", 0, recorder)
    await engine.put("/w/a", b"1")
    (member,) = etcd.members
    for number in range(3):
        await asyncio.to_thread(member.stop)
        writing = asyncio.create_task(engine.put(f"/w/{number}", b"", mod_revision=0))
        await asyncio.sleep(0.1)
        assert engine.problem
        member.start()
        await writing
    await engine.delete("/w/a")
    assert [event[1] for event in recorder.events] == ["/w/a", "/w/0", "/w/1", "/w/2", "/w/a"]
    assert not engine.problem
    assert recorder.error is None


async def test_changes_that_were_compacted_away_unseen_make_caches_load_again(
    etcd, engine, other, clock
):
    """Watchers are told that they have missed something; nothing is skipped silently."""
    cacher = make_cacher(engine, clock)
    await cacher.ready()
    await put(engine, "a")
    watcher = cacher.watch(after=engine.revision)
    # The watch cannot be opened again before all of this has happened.
    engine._follower._moving = True
    engine._follower._call.cancel()
    engine._follower._connections, connections = Refusing(), engine._follower._connections
    await other.delete("/registry/pods/ns/a")
    await put(other, "b")
    await other.compact(other.revision)
    engine._follower._connections = connections
    with pytest.raises(RevisionCompacted):
        await watcher.next()
    await cacher.ready()
    await cacher.consistent()
    assert names(cacher.list().entries) == ["b"]
    await put(other, "c")
    await cacher.consistent()
    assert names(cacher.list().entries) == ["b", "c"]
    await cacher.close()


class Refusing:
    """Connections of which none can be opened."""

    current = 0

    def watch(self, index):
        raise Unavailable("refused")

    def turn_from(self, index):
        pass


async def test_the_past_before_this_process_is_read_from_etcd(etcd, other):
    """Also more of it than is kept here, and only as far as it was not compacted."""
    for number in range(1200):
        await other.put(f"/w/{number % 7}", b"%d" % number)
    engine = await EtcdEngine.open(etcd.urls, prefix="")
    late, early = Recorder(), Recorder()
    await engine.watch("/w/", 1196, late)
    await engine.watch("/w/", 2, early)
    await until(lambda: len(late.events) >= 6)
    assert [event[4] for event in late.events] == list(range(1196, 1202))
    assert [event[4] for event in early.events] == list(range(2, 1202))
    assert early.events[-6:] == late.events
    await other.compact(100)
    with pytest.raises(RevisionCompacted) as failure:
        await engine.watch("/w/", 50, Recorder())
    assert failure.value.compacted == 100
    recorder = Recorder()
    await engine.watch("/w/", 101, recorder)
    assert recorder.events == early.events[99:]
    await engine.close()


async def test_a_large_range_is_read_in_pages_of_one_revision(engine, other):
    """What is written meanwhile does not show."""
    await asyncio.gather(*(engine.put(f"/r/{n:05}", b"") for n in range(4100)))
    reading = asyncio.create_task(engine.range("/r/", "/r0"))
    for n in range(50):
        await other.delete(f"/r/{4099 - n:05}")
    found = await reading
    assert found.revision <= other.revision
    at = await engine.range("/r/", "/r0", revision=found.revision)
    assert found.items == at.items
    page = await engine.range("/r/", "/r0", limit=3000)
    assert (len(page.items), page.more) == (3000, True)


async def test_tls_with_client_certificates(tmp_path):
    """The server is verified, and so is the client."""
    now = 1_700_000_000.0
    authority = create_authority("etcd", now)
    century = 100 * 365 * 86400
    pairs = {
        "server": authority.serving_certificate(["localhost", "127.0.0.1"], now, century),
        "client": authority.client_certificate("kapi", (), now, century),
    }
    (tmp_path / "ca.crt").write_bytes(authority.pair.certificate)
    for name, pair in pairs.items():
        (tmp_path / f"{name}.crt").write_bytes(pair.certificate)
        (tmp_path / f"{name}.key").write_bytes(pair.private_key)
    flags = (
        f"--cert-file={tmp_path / 'server.crt'}",
        f"--key-file={tmp_path / 'server.key'}",
        f"--trusted-ca-file={tmp_path / 'ca.crt'}",
        "--client-cert-auth",
    )
    good = EtcdTLS(tmp_path / "ca.crt", tmp_path / "client.crt", tmp_path / "client.key")
    with EtcdCluster(flags=flags, scheme="https") as cluster:
        engine = await EtcdEngine.open(cluster.urls, tls=good)
        assert await engine.put("/registry/a", b"1") == 2
        await engine.close()
        for bad in (EtcdTLS(tmp_path / "ca.crt"), EtcdTLS()):
            with pytest.raises(Unavailable):
                await EtcdEngine.open(cluster.urls, tls=bad, open_seconds=1)
