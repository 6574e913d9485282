"""The aggregation layer of one server, from its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.aggregator.aggregator import Aggregator
from kapi.aggregator.proxy import ProxyRules
from kapi.aggregator.remote import ProxyClient
from kapi.registry.webhook.service_resolver import ServiceResolver
from kapi.server.options import StartError

if TYPE_CHECKING:
    from kapi.client.inprocess import InProcessClient
    from kapi.endpoints.api import API
    from kapi.registry.webhook.service_resolver import ObjectLookup
    from kapi.server.options import ServerOptions

__all__ = ["aggregator"]


def aggregator(
    options: ServerOptions, api: API, client: InProcessClient, lookup: ObjectLookup
) -> Aggregator:
    """How this server passes requests on; StartError when a file cannot be read."""
    proxy = options.proxy_client
    for path in (proxy.cert_file, proxy.key_file):
        if path is not None:
            try:
                path.read_bytes()
            except OSError as error:
                why = f"cannot read proxy client file {path}: {error.strerror}"
                raise StartError(why) from error
    resolver = ServiceResolver(
        lookup, api.ids, options.service_endpoints, cluster_ips=not proxy.route_to_endpoints
    )
    rules = ProxyRules(
        names_user=proxy.header_names.include,
        with_uid=bool(proxy.header_names.uids),
        refuse_redirects=proxy.refuse_redirects,
    )
    return Aggregator(
        api,
        client,
        lookup,
        ProxyClient(resolver, proxy.cert_file, proxy.key_file),
        frozenset(options.service_endpoints),
        rules,
    )
