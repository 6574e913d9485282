"""Server: a context manager that owns one API server in a process or a thread of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from kapi.testing.process import ServerInProcess
from kapi.testing.thread import ServerInThread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from kapi.ext.extension import Extension

__all__ = ["Server"]


class _Host(Protocol):
    """Where a server runs."""

    def start(self) -> str:
        """Start the server and wait until it is ready; its URL."""
        ...

    def stop(self) -> None:
        """End the server and wait until it has ended."""
        ...


class Server:
    """An API server on a free port of this machine while the ``with`` block runs.

    ``flags`` are those of ``kapi up``. Objects are kept in memory and files in a temporary
    directory, unless ``data_dir`` names one that stays: then objects are stored there.
    ``thread=True`` runs the server in this process, which starts faster and shares its
    interpreter with the test; otherwise it is a process of its own. ``extensions`` are names as
    ``--extension`` takes them or, in a thread, Extensions themselves.
    """

    def __init__(
        self,
        *flags: str,
        data_dir: Path | str | None = None,
        thread: bool = False,
        extensions: Sequence[Extension | str] = (),
    ) -> None:
        named = [each for each in extensions if isinstance(each, str)]
        self._extensions = tuple(each for each in extensions if not isinstance(each, str))
        if self._extensions and not thread:
            raise ValueError("a process loads extensions by name; give thread=True, or their names")
        self._flags = (*flags, *(f"--extension={name}" for name in named))
        self._given_directory = data_dir
        self._thread = thread
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._host: _Host | None = None
        self._directory = Path()
        self.url = ""

    @property
    def token(self) -> str:
        """The bearer token of an administrator (group ``system:masters``)."""
        return (self._directory / "admin-token").read_text("ascii").strip()

    @property
    def ca_file(self) -> Path:
        """The certificate authority that clients verify the server with."""
        return self._directory / "pki" / "ca.crt"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self._directory / "kubeconfig"

    def __enter__(self) -> Self:
        flags = [*self._flags]
        if self._given_directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="kapi-test-")
            self._directory = Path(self._temporary.name)
            flags.append("--ephemeral")
        else:
            self._directory = Path(self._given_directory).absolute()
        flags = ["--port=0", f"--data-dir={self._directory}", *flags]
        try:
            self._host = (
                ServerInThread(flags, self._extensions) if self._thread else ServerInProcess(flags)
            )
            self.url = self._host.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._host is not None:
            self._host.stop()
        self._remove()

    def _remove(self) -> None:
        self._host = None
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None
