"""Connections: the members of an etcd cluster, and which of them is asked.

All requests go to one member until it fails; then to the next. A member that hangs is noticed by
the deadline of a request or by keepalive pings, whichever comes first.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import grpc
import grpc.aio

from kapi.storage.errors import Unavailable
from kapi.storage.etcd.rpc_errors import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kapi.util.clock import Clock

    Stub = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
    WatchCall = grpc.aio.StreamStreamCall[bytes, bytes]

__all__ = ["HAS_LEADER", "Answer", "Connections", "EtcdTLS"]

# A member that is cut off from the others refuses at once instead of letting the caller wait.
HAS_LEADER = (("hasleader", "true"),)

# How long one member may take before the next one is asked, and all of them together.
_ATTEMPT_SECONDS = 3.0
_TOTAL_SECONDS = 10.0
_WATCH = "/etcdserverpb.Watch/Watch"
_FIRST_PAUSE_SECONDS = 0.02
_LAST_PAUSE_SECONDS = 0.5
# etcd accepts pings no more often than every 5 seconds.
_OPTIONS = (
    ("grpc.keepalive_time_ms", 5_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # The engine retries by itself: it knows what may be repeated.
    ("grpc.enable_retries", 0),
    # Channels of one process to one address would share a connection, and end together.
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True, slots=True)
class EtcdTLS:
    """Files in PEM for ``https`` endpoints; without a CA file the system's authorities count."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


class Answer(NamedTuple):
    """The bytes of an answer; ``repeated`` when an earlier attempt may have been carried out."""

    data: bytes
    repeated: bool


class _Member:
    """One endpoint and its channel."""

    def __init__(self, url: str, tls: EtcdTLS) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        self.name = parts.netloc or url
        target = f"unix:{parts.path}" if parts.scheme in ("unix", "unixs") else parts.netloc
        if parts.scheme not in ("http", "https", "unix") or not target:
            raise ValueError(f"{url!r} is not the URL of an etcd endpoint")
        self.channel = (
            grpc.aio.secure_channel(target, _credentials(tls), options=_OPTIONS)
            if parts.scheme == "https"
            else grpc.aio.insecure_channel(target, options=_OPTIONS)
        )
        self.stubs: dict[str, Stub] = {}

    def stub(self, method: str) -> Stub:
        """The callable of a method; messages are bytes."""
        stub = self.stubs.get(method)
        if stub is None:
            stub = self.stubs[method] = self.channel.unary_unary(method)
        return stub


def _credentials(tls: EtcdTLS) -> grpc.ChannelCredentials:
    def content(path: Path | None) -> bytes | None:
        return None if path is None else path.read_bytes()

    return grpc.ssl_channel_credentials(
        content(tls.ca_file), content(tls.key_file), content(tls.cert_file)
    )


class Connections:
    """The channels to all members."""

    def __init__(self, urls: Sequence[str], tls: EtcdTLS, clock: Clock) -> None:
        if not urls:
            raise ValueError("at least one etcd endpoint is needed")
        self._members = [_Member(url, tls) for url in urls]
        self._clock = clock
        self.current = 0
        # Called after another member was chosen.
        self.on_turn: Callable[[], None] = lambda: None

    def name(self, index: int) -> str:
        """What a member is called in messages."""
        return self._members[index].name

    def turn_from(self, index: int) -> None:
        """Leave a member that failed, unless somebody did already."""
        if index == self.current and len(self._members) > 1:
            self.current = (index + 1) % len(self._members)
            self.on_turn()

    async def call(
        self,
        method: str,
        request: bytes,
        *,
        repeatable: bool = True,
        attempt_seconds: float = _ATTEMPT_SECONDS,
        total_seconds: float = _TOTAL_SECONDS,
    ) -> Answer:
        """Ask one member after the other until one answers.

        A request that is not ``repeatable`` is sent again only when it is known that it was not
        carried out.

        Raises:
            StorageError: as ``rpc_errors`` says; Unavailable when the time is over.
        """
        end = self._clock.monotonic() + total_seconds
        pause = _FIRST_PAUSE_SECONDS
        repeated = False
        while True:
            index = self.current
            member = self._members[index]
            seconds = min(attempt_seconds, max(end - self._clock.monotonic(), 0.1))
            try:
                data = await member.stub(method)(request, timeout=seconds, metadata=HAS_LEADER)
                return Answer(data, repeated)
            except grpc.aio.AioRpcError as error:
                failure = judge(error, member.name)
                if failure.member_failed:
                    self.turn_from(index)
                repeated = repeated or not failure.refused
                if not failure.temporary or self._clock.monotonic() + pause >= end:
                    raise failure.error from error
                if repeated and not repeatable:
                    raise _unknown(str(failure.error)) from error
            except grpc.aio.UsageError as error:
                raise Unavailable("the connection to etcd is closed") from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LAST_PAUSE_SECONDS)

    def watch(self, index: int) -> WatchCall:
        """A stream for watches of a member."""
        channel = self._members[index].channel
        stub: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(_WATCH)
        call: WatchCall = stub(metadata=HAS_LEADER)
        return call

    async def close(self) -> None:
        """Close all channels; calls under way are cancelled."""
        for member in self._members:
            await member.channel.close()


def _unknown(why: str) -> Unavailable:
    return Unavailable(f"{why}; whether the write was made is not known")
