"""ControllerManager: which controllers run in this server, and their start and end."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from kapi.client.inprocess import InProcessClient
from kapi.controllers.changes import ChangeFeed, Observer
from kapi.controllers.cluster_role_aggregation_controller import (
    ClusterRoleAggregationController,
)
from kapi.controllers.flow_schema_status_controller import FlowSchemaStatusController
from kapi.controllers.garbage_collector import GarbageCollector
from kapi.controllers.namespace_controller import NamespaceController
from kapi.controllers.object_keys import ObjectKeys
from kapi.controllers.protection_controllers import (
    PersistentVolumeClaimProtection,
    PersistentVolumeProtection,
    VolumeAttributesClassProtection,
)
from kapi.controllers.resource_quota_controller import ResourceQuotaController
from kapi.controllers.root_ca_publisher import RootCAPublisher
from kapi.controllers.service_account_tokens_controller import ServiceAccountTokensController
from kapi.controllers.service_accounts_controller import ServiceAccountsController
from kapi.controllers.validating_admission_policy_status_controller import (
    ValidatingAdmissionPolicyStatusController,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.authentication.service_account import TokenIssuer
    from kapi.controllers.work_queue import WorkQueue
    from kapi.endpoints.api import API
    from kapi.storage.engine import Engine

__all__ = ["Controller", "ControllerManager", "is_enabled"]

_PROTECTIONS = (
    PersistentVolumeClaimProtection,
    PersistentVolumeProtection,
    VolumeAttributesClassProtection,
)
# Names for all controllers of a set; there is one set.
_ALL = frozenset({"*", "core"})


class Controller(Observer, Protocol):
    """One controller. ``prefixes`` are the keys whose changes it is told of."""

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]]
    prefixes: ClassVar[tuple[str, ...]]
    user: ClassVar[str]
    queue: WorkQueue[str]


def is_enabled(wanted: Sequence[str], name: str, aliases: Sequence[str] = ()) -> bool:
    """Whether ``--controllers`` asks for a controller: by name, by ``*``, and not by ``-name``."""
    names = (name, *aliases)
    if any(f"-{each}" in wanted for each in names):
        return False
    return any(each in wanted for each in names) or not _ALL.isdisjoint(wanted)


class ControllerManager:
    """The running controllers of one server.

    Without ``root_ca`` none is published, without ``issuer`` Secrets get no tokens.
    """

    def __init__(
        self,
        api: API,
        engine: Engine,
        wanted: Sequence[str],
        root_ca: str,
        issuer: TokenIssuer | None,
    ) -> None:
        keys = ObjectKeys(api)
        makers: list[tuple[type[Controller], Callable[[InProcessClient], Controller]]] = [
            (NamespaceController, lambda client: NamespaceController(api, client)),
            (GarbageCollector, _maker(GarbageCollector, api, keys)),
            (ResourceQuotaController, _maker(ResourceQuotaController, api, keys)),
            (ServiceAccountsController, ServiceAccountsController),
            (ClusterRoleAggregationController, ClusterRoleAggregationController),
            *((kind, _maker(kind, api, keys)) for kind in _PROTECTIONS),
            (
                ValidatingAdmissionPolicyStatusController,
                _maker(ValidatingAdmissionPolicyStatusController, api, keys),
            ),
        ]
        if issuer is not None:
            makers.append(
                (
                    ServiceAccountTokensController,
                    lambda client: ServiceAccountTokensController(client, issuer, root_ca),
                )
            )
        if root_ca:
            makers.append((RootCAPublisher, lambda client: RootCAPublisher(client, root_ca)))
        self.controllers: list[Controller] = [
            make(_client(api, kind.user))
            for kind, make in makers
            if is_enabled(wanted, kind.name, kind.aliases)
        ]
        # A part of the API server, whatever is wanted.
        self.controllers.append(FlowSchemaStatusController(api, InProcessClient(api), keys))
        observers = [
            (prefix, controller)
            for controller in self.controllers
            for prefix in controller.prefixes
        ]
        self._feed = ChangeFeed(engine, observers)

    def start(self) -> None:
        """Begin in the background."""
        self._feed.start()

    async def stop(self) -> None:
        """End all work."""
        await self._feed.stop()
        for controller in self.controllers:
            await controller.queue.stop()

    @property
    def idle(self) -> bool:
        """Whether no controller has anything to do."""
        return self._feed.synced and all(each.queue.idle for each in self.controllers)


class _TakesAll(Protocol):
    """A controller that is made of everything that controllers are made of."""

    def __call__(self, api: API, client: InProcessClient, keys: ObjectKeys) -> Controller:
        """Make one."""
        ...


def _maker(make: _TakesAll, api: API, keys: ObjectKeys) -> Callable[[InProcessClient], Controller]:
    return lambda client: make(api, client, keys)


def _client(api: API, account: str) -> InProcessClient:
    """A client that acts as the controller's service account, as in kube-controller-manager."""
    return InProcessClient(
        api,
        f"system:serviceaccount:kube-system:{account}",
        "kube-controller-manager",
        groups=(
            "system:serviceaccounts",
            "system:serviceaccounts:kube-system",
            "system:authenticated",
        ),
    )
