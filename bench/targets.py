"""What is measured: kapi with either store, the hello server, and any other API server."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.server.data_directory import DataDirectory
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent
_KAPI = (sys.executable, "-m", "kapi", "up", "--port=0")
# Pods are created without service accounts, and nothing else is busy while the clock runs.
_FLAGS = ("--disable-admission-plugins=ServiceAccount", "--controllers=none")


@dataclass(frozen=True, slots=True)
class Target:
    """A running server and the credentials for it. ``pid`` is 0 when it is not known."""

    name: str
    durability: str
    url: str
    token: str = ""
    ca_file: Path | None = None
    pid: int = 0

    def tls(self) -> ssl.SSLContext:
        """How Python's clients connect; without a CA file nothing is verified."""
        if self.ca_file is not None:
            return ssl.create_default_context(cafile=self.ca_file)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


@contextmanager
def kapi(*, durable: bool) -> Iterator[Target]:
    """An API server of ours, its objects stored on disk or in memory."""
    with tempfile.TemporaryDirectory() as directory:
        flags = () if durable else ("--ephemeral",)
        with _process([*_KAPI, f"--data-dir={directory}", *_FLAGS, *flags]) as (process, words):
            yield Target(
                "kapi, sqlite" if durable else "kapi, memory",
                "fsync of each commit" if durable else "none",
                words.split(" at ")[1].split(",")[0],
                Path(directory, "admin-token").read_text().strip(),
                Path(directory, "pki", "ca.crt"),
                process.pid,
            )


@contextmanager
def hello() -> Iterator[Target]:
    """The hello server, with certificates of its own."""
    with kapi_credentials() as directory:
        pki = directory / "pki"
        command = [sys.executable, str(_HERE / "hello.py")]
        command += [str(pki / "apiserver.crt"), str(pki / "apiserver.key")]
        with _process(command) as (process, url):
            yield Target("hello", "-", url, "", pki / "ca.crt", process.pid)


@contextmanager
def kapi_credentials() -> Iterator[Path]:
    """A data directory whose certificates were made, without a server."""
    with tempfile.TemporaryDirectory() as directory:
        data = DataDirectory(Path(directory), SystemClock())
        with data.locked():
            data.ensure_credentials(["localhost", "127.0.0.1"])
        yield data.path


def start_seconds(data_dir: Path, *, durable: bool) -> float:
    """How long a start takes from the command to the ready banner."""
    flags = () if durable else ("--ephemeral",)
    begin = time.perf_counter()
    with _process([*_KAPI, f"--data-dir={data_dir}", *_FLAGS, *flags]):
        return time.perf_counter() - begin


def resident_megabytes(pid: int) -> float:
    """The resident memory of a process."""
    shown = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], check=True, capture_output=True, text=True
    )
    return int(shown.stdout) / 1024


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used; other load on the machine is not in it."""
    file = Path(f"/proc/{pid}/stat")
    if file.exists():  # to the hundredth, where ps has whole seconds
        fields = file.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    shown = subprocess.run(
        ["ps", "-o", "time=", "-p", str(pid)], check=True, capture_output=True, text=True
    )
    seconds = 0.0
    for part in shown.stdout.strip().replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


@contextmanager
def _process(command: list[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that has said it is ready; its first line. Ended when the block is left."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        words = process.stdout.readline().strip()
        if not words:
            raise SystemExit(f"{command[:4]} did not start")
        yield process, words
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
