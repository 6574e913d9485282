"""WorkQueue: order, repetition, retries."""

from __future__ import annotations

import asyncio

from kapi.controllers.work_queue import RetryLater, WorkQueue


async def drained(queue):
    """Let the loop run until the queue has nothing left."""
    async with asyncio.timeout(5):
        while not queue.idle:
            await asyncio.sleep(0)


async def test_key_waits_once():
    """What is added twice before it is worked on is worked on once, in order of arrival."""
    seen = []

    async def sync(key):
        seen.append(key)

    queue = WorkQueue(sync)
    queue.add_all(["a", "b", "a"])
    assert seen == []
    queue.start()
    await drained(queue)
    assert seen == ["a", "b"]


async def test_key_added_while_it_is_worked_on_comes_again():
    """A change during the work is not missed, and never worked on by two workers."""
    seen = []

    async def sync(key):
        seen.append(key)
        if len(seen) == 1:
            queue.add(key)
            queue.add(key)
            await asyncio.sleep(0)
            assert seen == ["a"]

    queue = WorkQueue(sync, workers=3)
    queue.start()
    queue.add("a")
    await drained(queue)
    assert seen == ["a", "a"]


async def test_failure_is_tried_again():
    """Until it works; other keys are not held up."""
    seen = []

    async def sync(key):
        seen.append(key)
        if key == "a" and seen.count("a") < 3:
            raise RetryLater

    queue = WorkQueue(sync)
    queue.start()
    queue.add_all(["a", "b"])
    await drained(queue)
    assert seen[:2] == ["a", "b"]
    assert seen.count("a") == 3


async def test_stop_drops_what_waits():
    """Nothing is worked on after the end."""
    seen = []

    async def sync(key):
        seen.append(key)
        await asyncio.Event().wait()

    queue = WorkQueue(sync)
    queue.start()
    queue.add_all(["a", "b"])
    await asyncio.sleep(0)
    await queue.stop()
    assert seen == ["a"]
    assert queue.idle


async def test_key_added_just_when_the_last_worker_ends():
    """It is worked on: the end of a worker and what is added then do not miss each other."""
    seen = []

    async def sync(key):
        seen.append(key)
        if key == "a":
            asyncio.get_running_loop().call_soon(queue.add, "b")

    queue = WorkQueue(sync)
    queue.start()
    queue.add("a")
    for _ in range(10):
        await asyncio.sleep(0)
    assert seen == ["a", "b"]
    await queue.stop()
