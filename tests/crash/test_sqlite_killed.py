"""A server that is killed loses nothing that it has acknowledged."""

from __future__ import annotations

import subprocess
import sys

from kapi.storage.sqlite import SQLiteEngine

WRITER = """
import asyncio, sys
from kapi.storage.sqlite import SQLiteEngine

async def write(engine, task):
    number = 0
    while True:
        revision = await engine.put(f"/{task}/{number}", b"x" * 1000, mod_revision=0)
        print(f"/{task}/{number}", revision, flush=True)
        number += 1

async def main():
    engine = await SQLiteEngine.open(sys.argv[1])
    await asyncio.gather(*(write(engine, task) for task in range(8)))

asyncio.run(main())
"""


async def test_kill_loses_no_acknowledged_write(tmp_path):
    """Every key whose write was confirmed before SIGKILL is there, at the confirmed revision."""
    path = str(tmp_path / "state.db")
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True
        ) as process:
            acknowledged = [process.stdout.readline().split() for _ in range(500)]
            process.kill()
            acknowledged += [
                line.split()
                for line in process.stdout.read().splitlines(keepends=True)
                if line.endswith("\n")
            ]
        engine = await SQLiteEngine.open(path)
        for key, revision in acknowledged:
            assert (await engine.get(key)).mod_revision == int(revision)
        for item in (await engine.range("", "")).items:
            await engine.delete(item.key)
        await engine.close()
