"""A store that fails: no wrong answer, no hang, and all is well again afterwards."""

from __future__ import annotations

import asyncio

import pytest
from faulty_engine import FaultyEngine

from kapi.apimachinery.types import GroupResource
from kapi.storage.engine import Delete
from kapi.storage.memory import MemoryEngine

BINDINGS = GroupResource("rbac.authorization.k8s.io", "clusterrolebindings")
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
MOST_CALLS = 200


@pytest.fixture
def faulty_engine(monkeypatch):
    """The engine below the servers of a test."""
    engine = FaultyEngine(MemoryEngine())

    async def opened(*arguments):
        return engine

    monkeypatch.setattr("kapi.server.server.open_engine", opened)
    return engine


@pytest.fixture
async def faulty(faulty_engine, start_cluster):
    """A server, and the engine below it."""
    return await start_cluster(controllers=()), faulty_engine


class Client:
    """Knows what each object may be: after a failed write, what it was or what it should be."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.possible = {}

    async def write(self, name, tag, send):
        answer = await send()
        before = self.possible.get(name, {None})
        if answer.is_success:
            self.possible[name] = {tag}
        elif answer.status_code in {404, 409}:
            self._fits(name, exists=answer.status_code == 409)
        else:
            check_failure(answer)
            self.possible[name] = before | {tag}

    def _fits(self, name, *, exists):
        """A refusal tells whether the object is there."""
        possible = {tag for tag in self.possible[name] if (tag is not None) == exists}
        assert possible, f"{name} cannot be {'there' if exists else 'missing'}"
        self.possible[name] = possible

    async def create(self, name, tag):
        body = {"metadata": {"name": name}, "data": {"tag": tag}}
        await self.write(name, tag, lambda: self.cluster.post(CONFIG_MAPS, body))

    async def update(self, name, tag):
        body = {"metadata": {"name": name}, "data": {"tag": tag}}
        await self.write(name, tag, lambda: self.cluster.put(f"{CONFIG_MAPS}/{name}", body))

    async def patch(self, name, tag):
        path = f"{CONFIG_MAPS}/{name}"
        body = {"data": {"tag": tag}}
        await self.write(name, tag, lambda: self.cluster.patch("merge", path, body))

    async def delete(self, name):
        await self.write(name, None, lambda: self.cluster.delete(f"{CONFIG_MAPS}/{name}"))

    async def get(self, name):
        answer = await self.cluster.get(f"{CONFIG_MAPS}/{name}")
        if answer.status_code == 404:
            self._saw(name, None)
        elif answer.is_success:
            self._saw(name, answer.json()["data"]["tag"])
        else:
            check_failure(answer)

    async def list(self):
        answer = await self.cluster.get(CONFIG_MAPS)
        if not answer.is_success:
            check_failure(answer)
            return False
        found = {item["metadata"]["name"]: item["data"]["tag"] for item in answer.json()["items"]}
        assert found.keys() <= self.possible.keys()
        for name in self.possible:
            self._saw(name, found.get(name))
        return True

    def _saw(self, name, tag):
        assert tag in self.possible.get(name, {None}), f"{name} is {tag}"
        self.possible[name] = {tag}


def check_failure(answer):
    status = answer.json()
    assert answer.status_code in {500, 503, 504}, answer.text
    assert status["kind"] == "Status"
    assert status["code"] == answer.status_code
    assert status["message"]


async def work(client, number):
    """Every verb, on objects of this round and of the one before."""
    one, two = f"one-{number}", f"two-{number}"
    await client.create(one, "1")
    await client.get(one)
    await client.create(two, "1")
    await client.list()
    await client.update(one, "2")
    await client.patch(two, "2")
    await client.get(two)
    await client.delete(one)
    await client.get(one)
    await client.update(two, "3")
    await client.delete(f"two-{number - 1}")
    await client.list()
    # Reads of what this process has written do not ask the store: writes make its calls.
    await client.patch(two, "4")
    await client.create(one, "5")
    await client.update(one, "6")
    await client.delete(one)
    await client.list()


@pytest.mark.parametrize("outcome", ["before", "after", "watches lost"])
@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
async def test_whichever_call_fails_answers_stay_true(faulty, for_good, outcome):
    """The Nth call of the store fails, for N = 1, 2, 3 and so on until none is left to fail.

    Reads show what was acknowledged, and of what was not either all or nothing; when the store
    works again, so does the server, and a watch goes on without a gap.
    """
    cluster, engine = faulty
    client = Client(cluster)
    await client.create("two-0", "0")
    for number in range(1, MOST_CALLS):
        start = (await cluster.read(CONFIG_MAPS))["metadata"]["resourceVersion"]
        before = {name: set(tags) for name, tags in client.possible.items()}
        engine.arm(number, for_good=for_good, outcome=outcome)
        async with asyncio.timeout(20):
            await work(client, number)
        engine.heal()
        assert await client.list()
        await client.create(f"healed-{number}", "1")
        assert client.possible[f"healed-{number}"] == {"1"}
        assert living(await watched(cluster, start, before)) == living(client.possible)
        await client.delete(f"healed-{number}")
        if not engine.failed:
            break
    else:
        raise AssertionError("the rounds have no end")
    assert number > 10


def living(possible):
    return {name: tags for name, tags in possible.items() if tags != {None}}


async def watched(cluster, start, state):
    """What a watch from the start of the round makes of the state that was there."""
    state = {name: set(tags) for name, tags in state.items()}
    async with cluster.watch(CONFIG_MAPS, resourceVersion=start) as watch:
        while True:
            kind, obj = await watch.event()
            assert kind != "ERROR", obj
            name = obj["metadata"]["name"]
            existed = state.get(name, {None}) != {None}
            assert existed == (kind != "ADDED"), f"{kind} {name}"
            state[name] = {None} if kind == "DELETED" else {obj["data"]["tag"]}
            if name.startswith("healed-"):
                return state


@pytest.mark.parametrize("call", range(1, 40, 3))
async def test_a_store_that_fails_at_the_start_is_reported(monkeypatch, start_cluster, call):
    """The server does not start half; a second start on the same store works."""
    memory = MemoryEngine()
    engine = FaultyEngine(memory)

    async def opened(*arguments):
        return engine

    monkeypatch.setattr("kapi.server.server.open_engine", opened)
    engine.arm(call, for_good=True, outcome="before")
    with pytest.raises(Exception, match="the test wants it so"):
        async with asyncio.timeout(20):
            await start_cluster(controllers=())
    engine.heal()
    cluster = await start_cluster(controllers=())
    assert (await cluster.get("/api/v1/namespaces/default")).status_code == 200


async def test_rights_that_others_take_away_meanwhile(faulty_engine, start_cluster, tmp_path):
    """After a loss roles and bindings are read again without anybody asking for them."""
    path = tmp_path / "tokens.csv"
    path.write_text("ann-token,ann,ann-id\n")
    cluster = await start_cluster(controllers=(), token_auth_file=path)
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    view = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subjects = [{"kind": "User", "name": "ann"}]
    binding = {"metadata": {"name": "ann"}, "roleRef": view, "subjects": subjects}
    assert (await cluster.post(bindings, binding)).is_success
    ann = {"Authorization": "Bearer ann-token"}
    assert (await cluster.get(CONFIG_MAPS, headers=ann)).is_success
    faulty_engine.arm(1, for_good=True, outcome="watches lost")
    assert (await cluster.post(CONFIG_MAPS, {"metadata": {"name": "a"}})).is_server_error
    assert not cluster.server.api.stores[BINDINGS].storage.cacher.is_loaded
    assert (await cluster.get("/apis/apps/v1", headers=ann)).is_success
    await _delete_behind(faulty_engine, "clusterrolebindings/ann")
    faulty_engine.heal()
    await _until(cluster, CONFIG_MAPS, 403, ann)


async def test_api_services_that_are_deleted_meanwhile(faulty):
    """After a loss nothing is passed on to a server whose APIService is not there any more."""
    cluster, engine = faulty
    service = {"namespace": "default", "name": "none"}
    spec = {"group": "x.example.com", "version": "v1", "service": service}
    spec |= {"insecureSkipTLSVerify": True, "groupPriorityMinimum": 1, "versionPriority": 1}
    name = "v1.x.example.com"
    url = "/apis/apiregistration.k8s.io/v1/apiservices"
    assert (await cluster.post(url, {"metadata": {"name": name}, "spec": spec})).is_success
    things = "/apis/x.example.com/v1/things"
    await _until(cluster, things, 503)
    engine.arm(1, for_good=True, outcome="watches lost")
    assert (await cluster.post(CONFIG_MAPS, {"metadata": {"name": "a"}})).is_server_error
    await _delete_behind(engine, f"apiservices/{name}")
    engine.heal()
    await _until(cluster, things, 404)


async def _delete_behind(engine, end):
    """Delete an object as another server of the store does."""
    found = await engine.below.range("/", "0")
    (key,) = [each.key for each in found.items if each.key.endswith(end)]
    await engine.below.txn([], [Delete(key)])


async def _until(cluster, path, code, headers=None):
    async with asyncio.timeout(5):
        while (await cluster.get(path, headers=headers)).status_code != code:
            await asyncio.sleep(0.05)
