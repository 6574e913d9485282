"""Failpoints: named places in the code where a test can make the process die.

They are off unless the environment variable ``KAPI_FAILPOINTS`` names them, which only tests set:

    KAPI_FAILPOINTS="sqlite-before-commit@3,sqlite-after-commit"

kills the process (SIGKILL: nothing is flushed, nobody is told) the third time it passes the first
place or the first time it passes the second. A failpoint that is off is a function that returns.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import TypeAlias

__all__ = ["ENVIRONMENT_VARIABLE", "Failpoint", "failpoint"]

ENVIRONMENT_VARIABLE = "KAPI_FAILPOINTS"

# Called where the process may die.
Failpoint: TypeAlias = Callable[[], None]


def failpoint(name: str) -> Failpoint:
    """The failpoint of this name as the environment has it now; ask once, not for each pass."""
    for item in os.environ.get(ENVIRONMENT_VARIABLE, "").split(","):
        given, _, count = item.strip().partition("@")
        if given == name:
            return _Deadly(int(count or 1))
    return _off


def _off() -> None:
    """What a failpoint does in a server."""


class _Deadly:
    """Kills the process when it has been passed so often."""

    __slots__ = ("_left",)

    def __init__(self, passes: int) -> None:
        self._left = passes

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()  # no instruction after this place is executed
