"""Replica: what one of several servers over a store does besides serving.

It tells that it is there and where, takes in definitions that others write, and runs the
controllers when it is its turn.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING

from kapi.server.custom_resources import DEFINITIONS
from kapi.server.definition_follower import DefinitionFollower
from kapi.server.endpoint_reconciler import EndpointReconciler
from kapi.server.identity_lease import IdentityLease
from kapi.server.leader_election import LeaderElection

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kapi.client.inprocess import InProcessClient
    from kapi.controllers.controller_manager import ControllerManager
    from kapi.endpoints.api import API
    from kapi.server.custom_resources import CustomResources
    from kapi.server.options import ServerOptions
    from kapi.storage.engine import Engine

__all__ = ["Replica", "advertised_address"]


def advertised_address(options: ServerOptions) -> str:
    """Where the other members of the cluster reach this server; may be loopback."""
    if options.advertise_address:
        return options.advertise_address
    address = ipaddress.ip_address(options.bind_address)
    if not address.is_unspecified:
        return str(address)
    # Which address the machine would talk from; nothing is sent.
    family, far = (
        (socket.AF_INET6, "2001:db8::1") if address.version == 6 else (socket.AF_INET, "192.0.2.1")
    )
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((far, 9))
        except OSError:
            return "::1" if address.version == 6 else "127.0.0.1"
        own: str = probe.getsockname()[0]
        return own


class Replica:
    """Started once the server is put together."""

    def __init__(
        self,
        api: API,
        engine: Engine,
        client: InProcessClient,
        options: ServerOptions,
        custom_resources: CustomResources,
        make_controllers: Callable[[], ControllerManager],
    ) -> None:
        identity = api.ids.uid()
        self._make_controllers = make_controllers
        self._controllers: ControllerManager | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._work: list[Callable[[], Coroutine[None, None, None]]] = []
        definitions = api.stores.get(DEFINITIONS.group_resource)
        if definitions is not None:
            self._work.append(DefinitionFollower(definitions.storage, custom_resources).run)
        self._election: LeaderElection | None = None
        if options.controllers:
            self._election = LeaderElection(
                engine, identity, api.clock, self._begin_controllers, self._end_controllers
            )
            self._work.append(self._election.run)
        self._identity = IdentityLease(client, identity, socket.gethostname().lower(), api.clock)
        self._work.append(self._identity.run)
        self._endpoints: EndpointReconciler | None = None
        address = advertised_address(options)
        # Endpoints may not point to loopback; who listens there only serves this machine.
        if not ipaddress.ip_address(address).is_loopback:
            port = options.secure_port or 6443
            self._endpoints = EndpointReconciler(engine, client, address, port, identity)
            self._work.append(self._endpoints.run)

    def start(self) -> None:
        """Begin in the background."""
        self._tasks = [asyncio.create_task(work()) for work in self._work]

    async def stop(self) -> None:
        """Hand over to the other servers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._identity.stop()
        if self._endpoints is not None:
            await self._endpoints.stop()
        if self._election is not None:
            await self._election.stop()
        await self._end_controllers()

    @property
    def settled(self) -> bool:
        """Whether no controller of this server has anything to do."""
        return self._controllers is None or self._controllers.idle

    async def _begin_controllers(self) -> None:
        self._controllers = self._make_controllers()
        self._controllers.start()

    async def _end_controllers(self) -> None:
        controllers, self._controllers = self._controllers, None
        if controllers is not None:
            await controllers.stop()
