"""A whole server that is killed: clients over HTTPS find everything that they were told."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import subprocess
import sys

import httpx
import pytest

from crash_verdict import Verdict
from kapi.util.failpoints import ENVIRONMENT_VARIABLE

CLIENTS = 16
# How each life ends; "" is a kill at a random moment.
ENDS = [
    "",
    "sqlite-before-commit@40",
    "sqlite-after-commit@30",
    "",
    "sqlite-before-delivery@25",
    "sqlite-before-answer@35",
    "",
    "sqlite-before-checkpoint@1",
    "sqlite-after-commit@60",
    "",
]
PATH = "/api/v1/namespaces/default/configmaps"


class ServerVerdict(Verdict):
    """Revisions are shared with other resources, so those of the watch have gaps."""

    def events(self, events):
        """The watch went on, always forward."""
        for revision, key, tag in events:
            assert revision > self.watched_revision, "the watch went back"
            self.watched_revision = revision
            if tag is None:
                assert self._watched.pop(key, None) is not None, "a deletion was told twice"
            else:
                self._watched[key] = (tag, revision)

    def end(self):
        """The watch has told everything."""
        assert self._watched == self.state, "the watch tells another story than the store"


class Life:
    """One server process and what its clients see of it."""

    def __init__(self, directory, verdict, end, number):
        self._verdict = verdict
        self._number = number
        flags = ["--port=0", f"--data-dir={directory}", "--controllers=none"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kapi.cli.main", "up", *flags],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, ENVIRONMENT_VARIABLE: end},
        )
        line = self._process.stdout.readline()
        url = re.search(r"https://\S+?(?=,)", line)[0]
        token = (directory / "admin-token").read_text().strip()
        self._http = httpx.AsyncClient(
            base_url=url,
            verify=False,
            headers={"Authorization": f"Bearer {token}"},
            limits=httpx.Limits(max_connections=CLIENTS + 2),
            timeout=30,
        )
        self._seen = asyncio.Event()

    async def live(self, seconds):
        """Check what is there, then write until the server is dead."""
        await self._read_all()
        watching = asyncio.create_task(self._watch())
        killer = asyncio.get_running_loop().call_later(seconds, self._process.kill)
        await asyncio.gather(*(self._client(number) for number in range(CLIENTS)))
        killer.cancel()
        await watching
        await self._http.aclose()
        self._process.wait()
        self._process.stdout.close()

    async def rest(self):
        """A life without writes, in which the watch catches up."""
        await self._read_all()
        watching = asyncio.create_task(self._watch())
        async with asyncio.timeout(10):
            while self._verdict._watched != self._verdict.state:
                self._seen.clear()
                await self._seen.wait()
        self._process.kill()
        await watching
        await self._http.aclose()
        self._process.wait()
        self._process.stdout.close()

    async def _read_all(self):
        found = (await self._http.get(PATH)).json()
        state = {
            item["metadata"]["name"]: [
                item["data"]["tag"],
                int(item["metadata"]["resourceVersion"]),
            ]
            for item in found["items"]
            if item["metadata"]["name"] != "kube-root-ca.crt"
        }
        revision = int(found["metadata"]["resourceVersion"])
        self._verdict.open(revision, state)
        if self._number == 0:
            self._verdict.watched_revision = revision

    async def _watch(self):
        after = self._verdict.watched_revision
        parameters = {"watch": "true", "resourceVersion": str(after)}
        try:
            async with self._http.stream("GET", PATH, params=parameters) as answer:
                async for line in answer.aiter_lines():
                    self._event(json.loads(line))
        except httpx.HTTPError:
            return

    def _event(self, event):
        meta = event["object"]["metadata"]
        if meta["name"] == "kube-root-ca.crt":
            return
        tag = None if event["type"] == "DELETED" else event["object"]["data"]["tag"]
        self._verdict.events([(int(meta["resourceVersion"]), meta["name"], tag)])
        self._seen.set()

    async def _client(self, client):
        choose = random.Random(f"{self._number}/{client}")
        written = 0
        while True:
            name = f"c{client}-{choose.randrange(6)}"
            written += 1
            tag = f"{self._number}.{client}.{written}"
            exists = name in self._verdict.state
            if exists and choose.random() < 0.3:
                tag = None
            self._verdict.begin(client, {name: tag})
            try:
                answer = await self._write(name, tag, exists=exists)
            except httpx.HTTPError:
                return  # the server is dead; nobody knows what became of the request
            assert answer.is_success, answer.text
            if tag is None:
                # The answer is a Status: the deletion's revision is only told to watches.
                self._verdict.done(client, self._verdict.revision)
            else:
                revision = int(answer.json()["metadata"]["resourceVersion"])
                self._verdict.done(client, revision)

    async def _write(self, name, tag, *, exists):
        if tag is None:
            return await self._http.delete(f"{PATH}/{name}")
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name},
            "data": {"tag": tag, "padding": "x" * 500},
        }
        if exists:
            return await self._http.put(f"{PATH}/{name}", json=body)
        return await self._http.post(PATH, json=body)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_killed_servers_break_no_promise(tmp_path):
    """Ten lives of one data directory, each ended by SIGKILL under the load of 16 clients."""
    verdict = ServerVerdict()
    choose = random.Random(1)
    for number, end in enumerate(ENDS):
        life = Life(tmp_path, verdict, end, number)
        await life.live(20.0 if end else choose.uniform(0.1, 0.8))
    await Life(tmp_path, verdict, "", len(ENDS)).rest()
    verdict.end()
    assert verdict.acknowledged > 100
