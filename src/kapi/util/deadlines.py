"""Deadlines: ends tasks that run too long, with one timer for all of them.

A timer for each request would cost more than answering it from the cache does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TypeAlias

    Task: TypeAlias = asyncio.Task[Any]

__all__ = ["Deadlines"]

# How late a task may be ended: this part of its time, and no more than a second.
_SLACK = 0.1
_MAX_SLACK_SECONDS = 1.0


class Deadlines:
    """Tasks that must end within ``seconds`` of their ``begin``, on one event loop."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._interval = min(seconds * _SLACK, _MAX_SLACK_SECONDS)
        self._begun: dict[Task, float] = {}  # in the order of their beginning
        self._expired: set[Task] = set()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Task:
        """Watch the current task; ``end`` has to follow."""
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        self._begun[task] = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._interval, self._sweep, loop)
        return task

    def end(self, task: Task) -> None:
        """Watch a task no longer."""
        del self._begun[task]
        self._expired.discard(task)

    def has_expired(self, task: Task) -> bool:
        """Whether the CancelledError that a task has just caught was its deadline's."""
        if task not in self._expired:
            return False
        return task.uncancel() == 0

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        limit = loop.time() - self._seconds
        for task, begun in self._begun.items():
            if begun > limit:
                break
            if task not in self._expired:
                self._expired.add(task)
                task.cancel()
        again = bool(self._begun)
        self._timer = loop.call_later(self._interval, self._sweep, loop) if again else None
