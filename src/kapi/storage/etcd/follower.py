"""Follower: one watch over everything, kept up over broken connections.

The engine has a single watch for the whole store and hands its events out by itself. So all
caches of a process see one order of changes, and one connection is to be kept up.

A watch is always opened at the last revision that was delivered, and what it repeats is left out:

    delivered 7, connection lost, written 8, compacted at 7   watch from 7: 8 ...     nothing lost
    delivered 7, connection lost, written 8, compacted at 8   watch from 7: refused   state is lost

Opened at 8 in the second case, etcd would accept and leave out a deletion at 8.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

import grpc.aio

from kapi.storage.errors import RevisionCompacted, StorageError, Unavailable
from kapi.storage.etcd.messages import PROGRESS_REQUEST, watch_answer, watch_request
from kapi.storage.etcd.rpc_errors import judge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from kapi.storage.engine import Event
    from kapi.storage.etcd.connections import Connections, WatchCall
    from kapi.storage.etcd.messages import WatchAnswer

__all__ = ["Follower", "Receiver", "past_events"]

_log = logging.getLogger(__name__)

# A member has so long to accept a watch.
_OPEN_SECONDS = 3.0
_FIRST_PAUSE_SECONDS = 0.05
_LAST_PAUSE_SECONDS = 1.0
# Progress that was asked for belongs to all watches of a stream.
_ALL_WATCHES = -1


class Receiver(Protocol):
    """Who follows."""

    def changed(self, revision: int, events: Sequence[Event]) -> None:
        """Everything up to a revision: its changes, none when only others' keys changed."""
        ...

    def lost(self, compacted: int) -> None:
        """Changes are missing; what follows begins after the revision ``compacted``."""
        ...


async def _open(connections: Connections, index: int, request: bytes) -> WatchCall:
    """Start a watch; it was accepted when this returns."""
    call = connections.watch(index)
    try:
        async with asyncio.timeout(_OPEN_SECONDS):
            await call.write(request)
            answer = await _read(call)
    except TimeoutError:
        call.cancel()
        raise Unavailable(f"etcd at {connections.name(index)} does not accept a watch") from None
    except BaseException:
        call.cancel()
        raise
    _check(answer)
    return call


async def _read(call: WatchCall) -> WatchAnswer:
    data = await call.read()
    if not isinstance(data, bytes):
        raise Unavailable("etcd ended a watch")
    return watch_answer(data)


def _check(answer: WatchAnswer) -> None:
    if answer.compact_revision:
        raise RevisionCompacted(0, answer.compact_revision)
    if answer.canceled:
        raise Unavailable(f"etcd ended a watch: {answer.cancel_reason or 'no reason given'}")


def _after(events: Sequence[Event], revision: int) -> Sequence[Event]:
    """The events after a revision; RevisionCompacted when one lacks what was there before it."""
    if events and events[0].kv.mod_revision <= revision:
        events = [each for each in events if each.kv.mod_revision > revision]
    for event in events:
        kv = event.kv
        # Whatever was not created by this change was there before it, and is compacted away.
        if event.previous is None and kv.create_revision != kv.mod_revision:
            raise RevisionCompacted(kv.mod_revision, 0)
    return events


class Follower:
    """Tells a receiver of every change from a revision on, each once and in order."""

    def __init__(
        self, connections: Connections, start: bytes, end: bytes, revision: int, receiver: Receiver
    ) -> None:
        self._connections = connections
        self._range = (start, end)
        self._receiver = receiver
        # Everything up to here was delivered.
        self.revision = revision
        self.accepted = asyncio.Event()
        self._call: WatchCall | None = None
        self._member = -1
        self._moving = False
        # Why changes cannot be followed just now.
        self.problem = ""

    async def run(self) -> None:
        """Follow until cancelled."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            index = self._member = self._connections.current
            before = self.revision
            try:
                await self._follow(index)
            except RevisionCompacted as error:
                await self._start_anew(error.compacted)
                continue
            except asyncio.CancelledError:
                if not self._moving:
                    raise
                self._moving = False
                continue
            except grpc.aio.AioRpcError as error:
                failure = judge(error, self._connections.name(index))
                self._failed(index, failure.error)
            except (StorageError, ValueError, grpc.aio.UsageError) as error:
                self._failed(index, error)
            pause = (
                _FIRST_PAUSE_SECONDS
                if self.revision != before
                else min(pause * 2, _LAST_PAUSE_SECONDS)
            )
            await asyncio.sleep(pause)

    async def ask_for_progress(self) -> None:
        """Ask the server to tell how far it is; the answer comes to the receiver."""
        call = self._call
        if call is not None:
            try:
                await call.write(PROGRESS_REQUEST)
            except (grpc.aio.AioRpcError, grpc.aio.UsageError, asyncio.InvalidStateError):
                return  # the reader of the call notices

    def move(self) -> None:
        """Leave the member if another one was chosen meanwhile."""
        call = self._call
        if call is not None and self._member != self._connections.current:
            self._moving = True
            call.cancel()

    async def _follow(self, index: int) -> None:
        start, end = self._range
        request = watch_request(start, end, max(self.revision, 1))
        call = await _open(self._connections, index, request)
        self._call = call
        self.accepted.set()
        self.problem = ""
        try:
            while True:
                answer = await _read(call)
                _check(answer)
                self._take(answer)
        finally:
            self._call = None
            call.cancel()

    def _take(self, answer: WatchAnswer) -> None:
        events = _after(answer.events, self.revision)
        if events:
            # Not the header's revision: a watch that catches up has more events to come.
            revision = events[-1].kv.mod_revision
        else:
            revision = answer.revision
            if answer.events or answer.created or revision <= self.revision:
                return
        self.revision = revision
        self._receiver.changed(revision, events)

    async def _start_anew(self, compacted: int) -> None:
        """Go on after a gap; without a number, from the next look on."""
        if compacted <= self.revision:
            compacted = self.revision + 1
        _log.warning("etcd has compacted changes up to %s that were not seen", compacted)
        self.revision = compacted
        self._receiver.lost(compacted)
        await asyncio.sleep(_FIRST_PAUSE_SECONDS)

    def _failed(self, index: int, error: Exception) -> None:
        _log.warning("the watch is opened again: %s", error)
        self.problem = str(error)
        self._connections.turn_from(index)


async def past_events(
    connections: Connections, start: bytes, end: bytes, from_revision: int, to_revision: int
) -> AsyncIterator[Sequence[Event]]:
    """The changes of a range from a revision on, whole transactions, until one at the end.

    The caller knows of a change in the range at ``to_revision``.

    Raises:
        RevisionCompacted: changes from that revision on are not kept any more.
        StorageError: the connection was lost.
    """
    index = connections.current
    # One earlier, for the reason that the module tells.
    request = watch_request(start, end, max(from_revision - 1, 1))
    call: WatchCall | None = None
    try:
        call = await _open(connections, index, request)
        while True:
            answer = await _read(call)
            _check(answer)
            events = _after(answer.events, from_revision - 1)
            if events:
                yield events
            if answer.events and answer.events[-1].kv.mod_revision >= to_revision:
                return
    except RevisionCompacted as error:
        raise RevisionCompacted(from_revision, error.compacted) from None
    except grpc.aio.AioRpcError as error:
        raise judge(error, connections.name(index)).error from error
    finally:
        if call is not None:
            call.cancel()
