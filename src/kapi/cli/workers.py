"""Workers: several server processes on one port, for machines with more cores than one.

The process that was started holds the data directory and the port, forks the servers before
anything else runs in it, and looks after them: one that ends is started again. Each listens on
a socket of its own (SO_REUSEPORT), between which the kernel shares out connections. When the
first process ends, however that happens, the servers end: they hold a pipe from it.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import traceback
from typing import TYPE_CHECKING

from kapi.server.options import OptionsError, StartError
from kapi.server.process import settle_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.server.local_server import LocalServer
    from kapi.util.clock import Clock

__all__ = ["Workers"]

_READY = b"r"
_FAILED = 1
# One that ends over and over is not started more often than this.
_RESTART_SECONDS = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


class Workers:
    """The servers of one ``kapi up``."""

    def __init__(self, server: LocalServer, count: int, clock: Clock) -> None:
        self._server = server
        self._count = count
        self._clock = clock
        self._started: dict[int, float] = {}
        self._stopping = False
        # Read by the servers, never written: it tells them that this process is there.
        self._alive = os.pipe()
        self._ready = os.pipe()
        self._signals = os.pipe()

    def run(self, on_ready: Callable[[], None]) -> int:
        """Start, look after and end the servers; the exit code."""
        os.set_blocking(self._signals[1], False)
        signal.set_wakeup_fd(self._signals[1])
        for number in _SIGNALS:
            signal.signal(number, _take)
        for _ in range(self._count):
            self._fork()
        waiting = self._count
        code = 0
        while self._started:
            readable, _, _ = select.select([self._signals[0], self._ready[0]], [], [])
            if self._ready[0] in readable:
                waiting -= len(os.read(self._ready[0], self._count))
                if waiting == 0:
                    on_ready()
            if self._signals[0] in readable:
                code = self._handle(os.read(self._signals[0], 64), ready=waiting <= 0) or code
        return code

    def _handle(self, signals: bytes, *, ready: bool) -> int:
        if signal.SIGINT in signals or signal.SIGTERM in signals:
            self._end(signal.SIGKILL if self._stopping else signal.SIGTERM)
        code = 0
        for pid in list(self._started):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            lived = self._clock.monotonic() - self._started.pop(pid)
            if self._stopping:
                code = code or os.waitstatus_to_exitcode(status)
            elif ready:
                print(f"kapi up: server {pid} has ended and is started again", file=sys.stderr)
                if lived < _RESTART_SECONDS:
                    select.select([], [], [], _RESTART_SECONDS)
                self._fork()
            else:
                # What keeps one from starting keeps all of them, and was told.
                code = _FAILED
                self._end(signal.SIGTERM)
        return code

    def _end(self, number: signal.Signals) -> None:
        self._stopping = True
        for pid in self._started:
            os.kill(pid, number)

    def _fork(self) -> None:
        pid = os.fork()
        if pid:
            self._started[pid] = self._clock.monotonic()
            return
        code = _FAILED
        try:
            code = self._child()
        except (OptionsError, StartError) as error:
            print(f"kapi up: {error}", file=sys.stderr, flush=True)
        except BaseException:  # noqa: BLE001 - the end of this process
            traceback.print_exc()
        finally:
            os._exit(code)

    def _child(self) -> int:
        import uvloop  # noqa: PLC0415 - nothing of an event loop may be there before the fork

        signal.set_wakeup_fd(-1)
        # Ctrl-C reaches all processes of a terminal; the first one tells the others.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(self._alive[1])
        uvloop.run(self._serve())
        return 0

    async def _serve(self) -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stopping.set)
        loop.add_reader(self._alive[0], stopping.set)
        async with self._server.beside().running():
            os.write(self._ready[1], _READY)
            settle_memory()
            await stopping.wait()
        loop.remove_reader(self._alive[0])


def _take(number: int, frame: object) -> None:
    """Nothing here: the number comes through the pipe."""
