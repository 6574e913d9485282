"""A server for tests in a process of its own."""

from __future__ import annotations

import re
import selectors
import subprocess
import sys
import tempfile
from typing import IO, TYPE_CHECKING

from kapi.server.options import StartError
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ServerInProcess"]

_READY_SECONDS = 60.0
_STOP_SECONDS = 15.0
_CHUNK_BYTES = 4096
_READY = re.compile(rb"^Kubernetes \S+ at (https://\S+), .*?^ready in ", re.DOTALL | re.MULTILINE)


class ServerInProcess:
    """``kapi up`` as a child process."""

    def __init__(self, flags: Sequence[str]) -> None:
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server and wait until it is ready; its URL.

        Raises StartError with what the server said when it ends instead.
        """
        command = [sys.executable, "-m", "kapi", "up", *self._flags]
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)  # noqa: S603
            self._process = process
            assert process.stdout is not None
            url = _wait_for_url(process.stdout)
            if url is None:
                self.stop()
                errors.seek(0)
                raise StartError(errors.read().decode("utf-8", "replace").strip())
        return url

    def stop(self) -> None:
        """End the server and wait until it has ended."""
        process = self._process
        if process is None:
            return
        self._process = None
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _wait_for_url(output: IO[bytes]) -> str | None:
    """Read the banner; None when the process ends or says nothing for too long."""
    clock = SystemClock()
    end = clock.monotonic() + _READY_SECONDS
    seen = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while selector.select(max(0.0, end - clock.monotonic())):
            chunk = output.read1(_CHUNK_BYTES)  # type: ignore[attr-defined]
            seen += chunk
            ready = _READY.search(seen)
            if ready is not None:
                return ready[1].decode("ascii")
            if not chunk:
                break
    return None
