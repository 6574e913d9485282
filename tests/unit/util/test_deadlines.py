"""Deadlines end what runs too long and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from kapi.util.deadlines import Deadlines


async def run(deadlines: Deadlines, seconds: float) -> str:
    """What became of a task that takes so long."""
    task = deadlines.begin()
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        if deadlines.has_expired(task):
            return "expired"
        raise
    finally:
        deadlines.end(task)
    return "finished"


async def test_only_late_tasks_are_ended() -> None:
    """A task that is in time finishes beside one that is not."""
    deadlines = Deadlines(0.05)
    assert await asyncio.gather(run(deadlines, 9), run(deadlines, 0)) == ["expired", "finished"]


async def test_other_cancellations_pass() -> None:
    """Who cancels a task for another reason sees it cancelled."""
    task = asyncio.ensure_future(run(Deadlines(60), 9))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_deadline_is_of_each_run() -> None:
    """A task may begin again after it has ended, with all of its time."""
    deadlines = Deadlines(0.05)
    assert await run(deadlines, 9) == "expired"
    assert await run(deadlines, 0) == "finished"
