"""A process that writes into a store until it is killed, and the process that it is forked from.

Run as a program it reads lives from standard input, a JSON object a line, and forks for each: that
takes a millisecond where a new interpreter takes hundreds. Whatever a life does it tells in a
journal, with one write(2) a line, so that the journal survives SIGKILL as far as it got:

    ["open", revision, {key: [tag, mod_revision]}]   what the store had when it was opened
    ["begin", client, {key: tag or null}]            a transaction is about to be asked for
    ["done", client, revision]                       it was acknowledged
    ["refused", client]                              it was refused, as it had to be
    ["events", [[revision, key, tag or null]]]       the watch delivered a batch

A tag is the start of a value, unique for each write.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys

from kapi.storage.engine import Compare, Delete, Put
from kapi.storage.errors import CompareFailed
from kapi.storage.sqlite import SQLiteEngine
from kapi.util.failpoints import ENVIRONMENT_VARIABLE

CLIENTS = 16
KEYS = 12
BULK_KEYS = 90
# What a watch may still ask for after its process died is never compacted.
KEPT_REVISIONS = 300


def tag_of(value):
    return value[: value.index(b"|")].decode()


class Life:
    """One process's time with the store."""

    def __init__(self, path, journal, seed, watch_from):
        self._path = path
        self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._seed = seed
        self._watch_from = watch_from
        self._versions = {}

    def tell(self, *record):
        os.write(self._journal, json.dumps(record).encode() + b"\n")

    async def live(self, seconds):
        self._engine = engine = await SQLiteEngine.open(self._path)
        found = await engine.range("", "")
        self._versions = {item.key: item.mod_revision for item in found.items}
        state = {item.key: [tag_of(item.value), item.mod_revision] for item in found.items}
        self.tell("open", found.revision, state)
        await engine.watch("", self._watch_from, self)
        if seconds:
            clients = [asyncio.create_task(self.client(number)) for number in range(CLIENTS)]
            clients.append(asyncio.create_task(self.compact()))
            await asyncio.wait(clients, timeout=seconds, return_when="FIRST_EXCEPTION")
            for client in clients:
                if client.done():
                    client.result()
        await engine.close()

    def deliver(self, batch):
        events = [
            [event.mod_revision, event.key, tag_of(event.value) if event.type == "PUT" else None]
            for event in batch.events
        ]
        self.tell("events", events)
        return True

    def closed(self, error):
        """The store was closed."""

    async def compact(self):
        while True:
            await asyncio.sleep(0.02)
            if self._engine.revision > KEPT_REVISIONS:
                await self._engine.compact(self._engine.revision - KEPT_REVISIONS)

    async def client(self, number):
        choose = random.Random(f"{self._seed}/{number}")
        written = 0
        while True:
            if choose.random() < 0.1:
                keys = [f"/{number}/bulk/{n}" for n in range(BULK_KEYS)]
            else:
                keys = [f"/{number}/{n}" for n in choose.sample(range(KEYS), choose.randint(1, 4))]
            wrong = choose.random() < 0.1
            written += 1
            tags = {
                key: None if choose.random() < 0.2 else f"{self._seed}.{number}.{written}"
                for key in keys
            }
            padding = b"|" + b"x" * choose.randint(0, 1000)
            self.tell("begin", number, tags)
            await self.write(number, tags, padding, wrong=wrong)

    async def write(self, number, tags, padding, *, wrong):
        first = next(iter(tags))
        expected = self._versions.get(first, 0) + wrong
        operations = [
            Delete(key) if tag is None else Put(key, tag.encode() + padding)
            for key, tag in tags.items()
        ]
        try:
            revision = await self._engine.txn((Compare(first, expected),), operations)
        except CompareFailed:
            assert wrong
            self.tell("refused", number)
            return
        assert not wrong
        for key, tag in tags.items():
            if tag is None:
                self._versions.pop(key, None)
            else:
                self._versions[key] = revision
        self.tell("done", number, revision)


def main():
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            os.environ[ENVIRONMENT_VARIABLE] = order["failpoints"]
            life = Life(order["path"], order["journal"], order["seed"], order["watch_from"])
            code = 1
            try:
                asyncio.run(life.live(order["seconds"]))
                code = 0
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
