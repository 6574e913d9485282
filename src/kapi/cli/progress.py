"""Progress: a bar on standard error, for people who look at it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kapi.server.snapshots import Begun

if TYPE_CHECKING:
    from kapi.storage.snapshot.snapshot import Progress

__all__ = ["ProgressBar"]

_WIDTH = 40


class ProgressBar(Begun):
    """Shown on a terminal only; scripts and logs see nothing of it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._keys = 0
        self._shown = ""
        self._is_shown = sys.stderr.isatty()

    def begin(self, keys: int) -> Progress:
        """Show an empty bar; the result moves it."""
        self._keys = keys
        self._show(0)
        return self._show

    def end(self) -> None:
        """Take the bar away."""
        if self._shown:
            sys.stderr.write("\r\033[K")
            self._shown = ""

    def _show(self, done: int) -> None:
        if not self._is_shown:
            return
        filled = _WIDTH * done // self._keys if self._keys else _WIDTH
        bar = "#" * filled + "." * (_WIDTH - filled)
        line = f"\r{self._what} [{bar}] {done:,} of {self._keys:,} objects"
        if line != self._shown:
            sys.stderr.write(line)
            sys.stderr.flush()
            self._shown = line
