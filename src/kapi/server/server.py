"""APIServer: one server, put together from its options.

Everything hangs off this object; any number of servers can live in one process.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import orjson

from kapi.admission.chain import AdmissionChain
from kapi.admission.plugins import builtin_plugins
from kapi.admission.webhook.condition_expressions import ConditionCompiler
from kapi.admission.webhook.mutating import WebhookAccess
from kapi.apiextensions.conversion.webhook import ConversionWebhooks
from kapi.apiextensions.install import install as install_definitions
from kapi.apimachinery.managedfields import TypeConverter
from kapi.apimachinery.scheme import Scheme
from kapi.apimachinery.types import GroupResource
from kapi.apis.core.service_allocation import ServiceAllocators
from kapi.apis.install import install
from kapi.authorization.modes import authorizer_for
from kapi.authorization.resource_access import resource_access
from kapi.client.inprocess import InProcessClient
from kapi.controllers.controller_manager import ControllerManager
from kapi.endpoints.api import API
from kapi.endpoints.application import Application
from kapi.endpoints.handlers.authentication_reviews import TokenReviews
from kapi.endpoints.metrics import MetricsDocument
from kapi.endpoints.negotiation import Negotiator
from kapi.endpoints.request_metrics import RequestMetrics
from kapi.endpoints.router import Router
from kapi.endpoints.table import TableWriter
from kapi.endpoints.writer import ObjectWriter
from kapi.registry.allocator import ClusterIPAllocator, NodePortAllocator
from kapi.registry.catalogue import Catalogue, builtin_resources
from kapi.registry.resource_config import RuntimeConfigError
from kapi.registry.rules import Rules
from kapi.registry.webhook.client import WebhookClient
from kapi.registry.webhook.service_resolver import ServiceResolver
from kapi.server.admission import admission_configuration
from kapi.server.aggregation import aggregator
from kapi.server.authentication import (
    authenticate_requests,
    request_authenticator,
    request_header_authenticator,
)
from kapi.server.bootstrap import create_bootstrap_objects
from kapi.server.bootstrap_policy import ensure_bootstrap_policy
from kapi.server.custom_resources import DEFINITIONS, CustomResources, DefinitionHooks
from kapi.server.engines import open_engine
from kapi.server.escalation_check import EscalationCheck
from kapi.server.extension_authentication import AuthenticationConfigMap
from kapi.server.lookup import StoreLookup
from kapi.server.node_graph import node_authorizer
from kapi.server.options import OptionsError, StartError, first_service_ip
from kapi.server.param_access_check import ParamAccessCheck
from kapi.server.quota_status import ClientQuotaStatus
from kapi.server.replica import Replica, advertised_address
from kapi.server.routing import documents, resource_handlers, subresource_handlers
from kapi.server.service_accounts import ServiceAccountTokens
from kapi.server.service_claims import ServiceClaims
from kapi.server.services import ServiceHooks
from kapi.server.stored_roles import StoredRoles
from kapi.server.stores import StoreParts, resource_store
from kapi.server.webhooks import CatalogueVersions
from kapi.storage.compactor import Compactor
from kapi.storage.metrics import CommitMetrics
from kapi.util.clock import SystemClock, format_time
from kapi.util.ids import RandomIDs

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from pathlib import Path
    from typing import Any

    from kapi.aggregator.aggregator import Aggregator
    from kapi.authorization.authorizer import Authorizer
    from kapi.registry.hooks import WriteHooks
    from kapi.registry.store import ResourceStore
    from kapi.server.encryption import Encryption
    from kapi.server.extensions import Extensions
    from kapi.server.options import ServerOptions
    from kapi.storage.engine import Engine
    from kapi.util.clock import Clock
    from kapi.util.ids import IDSource

__all__ = ["APIServer"]


class _Hooks(NamedTuple):
    """What gets a client once there is one to have."""

    services: ServiceHooks
    definitions: DefinitionHooks
    quotas: ClientQuotaStatus


def _builtin_catalogue(scheme: Scheme, options: ServerOptions) -> Catalogue:
    rules = Rules()
    install(rules)
    install_definitions(rules)
    catalogue = Catalogue()
    try:
        catalogue.add(builtin_resources(scheme, rules, options.runtime_config))
    except RuntimeConfigError as error:
        raise OptionsError(f"--runtime-config: {error}") from error
    return catalogue


class APIServer:
    """An ASGI application with a life: ``start``, serve, ``stop``."""

    def __init__(
        self,
        options: ServerOptions,
        clock: Clock | None = None,
        ids: IDSource | None = None,
    ) -> None:
        self.options = options
        self.clock = clock or SystemClock()
        self.ids = ids or RandomIDs()
        self._engine: Engine | None = None
        self._commits = CommitMetrics()
        self._encryption: Encryption | None = None
        self._application: Application | None = None
        self._compaction: asyncio.Task[None] | None = None
        self._controllers: ControllerManager | None = None
        self._replica: Replica | None = None
        self._webhooks: WebhookClient | None = None
        self._conversions: ConversionWebhooks | None = None
        self._aggregator: Aggregator | None = None
        self._authentication: AuthenticationConfigMap | None = None
        self._roles: StoredRoles | None = None
        self.api: API | None = None

    async def start(self) -> None:
        """Open the store, load what is there and create what every cluster has.

        Raises OptionsError, StartError and StorageError for what a user can mend.
        """
        options = self.options
        scheme = Scheme.load(options.kubernetes_minor)
        catalogue = _builtin_catalogue(scheme, options)
        await self._open_engine(catalogue)
        extensions = self._load_extensions()
        allocators = self._allocators()
        hooks = _Hooks(ServiceHooks(allocators), DefinitionHooks(), ClientQuotaStatus())
        stores: dict[GroupResource, ResourceStore] = {}
        lookup = StoreLookup(stores)
        api = self._build_api(scheme, catalogue, stores, lookup, extensions, hooks)
        self.api = api
        await self._load_services(stores, allocators, hooks.services)
        client = InProcessClient(api)
        hooks.services.client = hooks.quotas.client = client
        custom_resources = await self._load_custom_resources(
            api, client, hooks.definitions, extensions
        )
        await self._bootstrap(api, client)
        await self._start_aggregation(api, client, lookup)
        self._compaction = self._start_compaction()
        tokens = ServiceAccountTokens(options, lookup, self.clock)
        self._application = self._build_application(api, tokens, extensions)
        self._start_controllers(api, client, custom_resources, tokens)

    def _build_api(
        self,
        scheme: Scheme,
        catalogue: Catalogue,
        stores: dict[GroupResource, ResourceStore],
        lookup: StoreLookup,
        extensions: Extensions | None,
        hooks: _Hooks,
    ) -> API:
        """What handlers work with; fills ``stores``."""
        options = self.options
        self._roles = roles = StoredRoles(stores)
        authorizer = authorizer_for(
            options.authorization_modes,
            roles,
            node_authorizer(stores, catalogue, options.kubernetes_minor),
        )
        converter = TypeConverter(scheme.compiler)
        plugins = builtin_plugins(
            lookup,
            self.ids,
            resource_access(authorizer),
            hooks.quotas,
            self._webhook_access(lookup, catalogue, scheme, converter, authorizer),
            minor=options.kubernetes_minor,
            gates=options.feature_gates,
            enabled=options.enabled_admission_plugins,
            disabled=options.disabled_admission_plugins,
            configuration=admission_configuration(options),
        )
        plugins.append(ParamAccessCheck(authorizer, lookup, catalogue))
        if "RBAC" in options.authorization_modes:
            plugins.append(EscalationCheck(authorizer, roles))
        admission = AdmissionChain(extensions.with_plugin(plugins) if extensions else plugins)
        self._fill(stores, scheme, catalogue, admission, hooks)
        negotiator = Negotiator(
            scheme.protobuf, with_cbor="CBORServingAndStorage" in options.feature_gates
        )
        tables = TableWriter(scheme)
        return API(
            minor=options.kubernetes_minor,
            scheme=scheme,
            catalogue=catalogue,
            stores=stores,
            admission=admission,
            negotiator=negotiator,
            writer=ObjectWriter(tables, self.clock),
            tables=tables,
            clock=self.clock,
            ids=self.ids,
            converter=converter,
            authorizer=authorizer,
        )

    def _fill(
        self,
        stores: dict[GroupResource, ResourceStore],
        scheme: Scheme,
        catalogue: Catalogue,
        admission: AdmissionChain,
        hooks: _Hooks,
    ) -> None:
        parts = StoreParts(self.options, self.engine, scheme, self.clock, self.ids)
        write_hooks: dict[GroupResource, WriteHooks] = {
            GroupResource("", "services"): hooks.services,
            DEFINITIONS.group_resource: hooks.definitions,
        }
        for resource in catalogue.all():
            if resource.storage not in stores:
                stores[resource.storage] = resource_store(
                    parts, resource, admission, write_hooks.get(resource.storage)
                )

    def _build_application(
        self, api: API, tokens: ServiceAccountTokens, extensions: Extensions | None
    ) -> Application:
        """Who may ask, and what answers."""
        options = self.options
        authenticator = request_authenticator(options, self.clock, [tokens.authenticator])
        proxies = request_header_authenticator(options)
        authenticate = authenticate_requests(authenticator, proxies, self.clock)
        metrics = RequestMetrics(lambda *gvr: api.catalogue.get(*gvr) is not None)
        served = [
            MetricsDocument(metrics, api.stores, self._commits).respond,
            *documents(api, tokens, self._aggregator, self._check_store),
        ]
        more = extensions.handlers() if extensions else {}
        router = Router(
            api,
            served,
            resource_handlers(TokenReviews(authenticator, tokens.audiences)),
            {**subresource_handlers(options, tokens), **more},
        )
        return Application(api, router, authenticate, metrics, aggregation=self._aggregator)

    async def _start_aggregation(
        self, api: API, client: InProcessClient, lookup: StoreLookup
    ) -> None:
        self._aggregator = aggregator(self.options, api, client, lookup)
        await self._aggregator.start()
        self._authentication = AuthenticationConfigMap(self.options, client, self.clock)
        await self._authentication.start()

    def _start_controllers(
        self,
        api: API,
        client: InProcessClient,
        custom_resources: CustomResources,
        tokens: ServiceAccountTokens,
    ) -> None:
        engine, options = self._engine, self.options
        assert engine is not None
        root_ca = self._root_ca()
        issuer = tokens.issuer if tokens.can_issue else None

        def controllers() -> ControllerManager:
            return ControllerManager(api, engine, options.controllers, root_ca, issuer)

        if options.etcd.servers:
            self._replica = Replica(api, engine, client, options, custom_resources, controllers)
            self._replica.start()
        else:
            self._controllers = controllers()
            self._controllers.start()

    async def stop(self) -> None:
        """End controllers and watches, then close the store."""
        if self._controllers is not None:
            await self._controllers.stop()
        if self._replica is not None:
            await self._replica.stop()
        if self._roles is not None:
            self._roles.stop()
        if self._aggregator is not None:
            await self._aggregator.stop()
        if self._authentication is not None:
            self._authentication.stop()
        if self._compaction is not None:
            self._compaction.cancel()
        if self._conversions is not None:
            await self._conversions.close()
        if self._webhooks is not None:
            self._webhooks.close()
        if self.api is not None:
            for store in self.api.stores.values():
                await store.storage.close()
        if self._encryption is not None:
            self._encryption.stop()
        if self._engine is not None:
            await self._engine.close()

    @property
    def engine(self) -> Engine:
        """The store of a started server, in the clear."""
        assert self._engine is not None, "the server is not started"
        return self._engine

    @property
    def settled(self) -> bool:
        """Whether no controller has anything to do now."""
        running = self._controllers
        replica = self._replica
        return (running is None or running.idle) and (replica is None or replica.settled)

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Any],
        send: Callable[[MutableMapping[str, Any]], Any],
    ) -> None:
        """Serve one ASGI scope."""
        assert self._application is not None, "the server is not started"
        await self._application(scope, receive, send)

    async def _open_engine(self, catalogue: Catalogue) -> None:
        self._engine = await open_engine(self.options, self.clock, self._commits)
        path = self.options.encryption_provider_config
        if path is not None:
            self._engine = self._encrypted(self._engine, path, catalogue)

    def _encrypted(self, engine: Engine, path: Path, catalogue: Catalogue) -> Engine:
        from kapi.server.encryption import Encryption  # noqa: PLC0415 - heavy, and seldom used

        self._encryption = Encryption(path, self.clock, self.ids)
        resources = {resource.storage for resource in catalogue.all()}
        return self._encryption.around(engine, self.options, resources)

    # -- parts --------------------------------------------------------------------------------

    def _webhook_access(
        self,
        lookup: StoreLookup,
        catalogue: Catalogue,
        scheme: Scheme,
        converter: TypeConverter,
        authorizer: Authorizer,
    ) -> WebhookAccess:
        options = self.options
        resolver = ServiceResolver(
            lookup,
            self.ids,
            options.service_endpoints,
            cluster_ips=not options.proxy_client.route_to_endpoints,
        )
        self._webhooks = WebhookClient(resolver)
        versions = CatalogueVersions(catalogue, scheme, converter)
        compile_condition = ConditionCompiler(authorizer)
        return WebhookAccess(
            lookup, self._webhooks, self.ids, versions, compile_condition, authorizer
        )

    def _conversion_webhooks(self) -> ConversionWebhooks:
        assert self._webhooks is not None
        self._conversions = ConversionWebhooks(self._webhooks, self.ids)
        return self._conversions

    async def _load_custom_resources(
        self,
        api: API,
        client: InProcessClient,
        hooks: DefinitionHooks,
        extensions: Extensions | None,
    ) -> CustomResources:
        """Serve what definitions in the store, and those of extensions, define."""
        assert self._engine is not None
        # In place before definitions are written, so that they are served at once.
        hooks.custom_resources = custom_resources = CustomResources(
            api,
            self._engine,
            client,
            self._conversion_webhooks(),
            extensions.behaviours if extensions else None,
        )
        await custom_resources.load()
        if extensions is not None:
            await extensions.install(api, client, custom_resources)
        return custom_resources

    def _load_extensions(self) -> Extensions | None:
        if not self.options.extensions:
            return None
        from kapi.server.extensions import Extensions  # noqa: PLC0415 - for those who have some

        return Extensions(self.options.extensions)

    def _allocators(self) -> ServiceAllocators:
        ranges = [text.strip() for text in self.options.service_cluster_ip_range.split(",")]
        cluster_ips = [ClusterIPAllocator(text, self.ids) for text in ranges]
        first, last = self.options.service_node_port_range
        return ServiceAllocators(cluster_ips, NodePortAllocator(self.ids, first, last))

    async def _load_services(
        self,
        stores: dict[GroupResource, ResourceStore],
        allocators: ServiceAllocators,
        hooks: ServiceHooks,
    ) -> None:
        store = stores.get(GroupResource("", "services"))
        if store is None:  # switched off
            return
        services = await store.storage.list()
        allocators.rebuild(orjson.loads(entry.body) for entry in services.entries)
        if self.options.etcd.servers and self._engine is not None:
            hooks.claims = ServiceClaims(self._engine, store.storage, allocators)

    async def _bootstrap(self, api: API, client: InProcessClient) -> None:
        options = self.options
        ranges = [text.strip() for text in options.service_cluster_ip_range.split(",")]
        await create_bootstrap_objects(
            client,
            service_ip=first_service_ip(options.service_cluster_ip_range),
            cidrs=ranges,
            address=advertised_address(options),
            port=options.secure_port or 6443,
            now=format_time(self.clock.now()),
        )
        await ensure_bootstrap_policy(api)
        if self._roles is not None:
            await self._roles.load()

    def _start_compaction(self) -> asyncio.Task[None] | None:
        interval = self.options.compaction_interval_seconds
        if self._engine is None or not interval:
            return None
        return asyncio.create_task(Compactor(self._engine, interval).run())

    def _root_ca(self) -> str:
        path = self.options.root_ca_file
        if path is None or not self.options.controllers:
            return ""
        try:
            return path.read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise StartError(f"cannot read root CA file {path}: {error}") from error

    def _check_store(self) -> str:
        return self._engine.problem if self._engine is not None else "the store is not open"
