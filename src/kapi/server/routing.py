"""What answers which path: documents, and the handlers of resources that are not as others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.endpoints.discovery import Discovery
from kapi.endpoints.handlers.access_reviews import (
    review_access,
    review_own_access,
    review_own_rules,
)
from kapi.endpoints.handlers.authentication_reviews import review_self
from kapi.endpoints.handlers.binding import bind
from kapi.endpoints.handlers.component_statuses import (
    get_component_status,
    list_component_statuses,
)
from kapi.endpoints.handlers.connect import Connector
from kapi.endpoints.handlers.eviction import evict_pod
from kapi.endpoints.handlers.namespaces import delete_namespace, finalize_namespace
from kapi.endpoints.handlers.scale import Scales
from kapi.endpoints.health import Health, git_version, version_info
from kapi.endpoints.openapi.documents import OpenAPI
from kapi.server.tls import kubelet_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.aggregator.aggregator import Aggregator
    from kapi.endpoints.api import API
    from kapi.endpoints.handlers.authentication_reviews import TokenReviews
    from kapi.endpoints.router import Document, Handler
    from kapi.server.options import ServerOptions
    from kapi.server.service_accounts import ServiceAccountTokens

    # By group, resource and what is done, or by group, resource and subresource.
    _Handlers = dict[tuple[str, str, str], Handler]

__all__ = ["documents", "resource_handlers", "subresource_handlers"]


def documents(
    api: API,
    tokens: ServiceAccountTokens,
    aggregator: Aggregator | None,
    store_problem: Callable[[], str],
) -> list[Document]:
    """Health, version, discovery, OpenAPI; ``store_problem`` tells why nothing can be stored."""
    health = Health({"ping": _fine, "etcd": store_problem, "log": _fine})
    return [
        Discovery(api.catalogue, api.negotiator, aggregation=aggregator).respond,
        health.respond,
        version_info(api.minor, api.negotiator),
        OpenAPI(api.scheme, api.catalogue, api.clock, git_version(api.minor), aggregator).respond,
        tokens.discovery.respond,
    ]


def resource_handlers(token_reviews: TokenReviews) -> _Handlers:
    """Resources with a way of their own."""
    return {
        ("", "namespaces", "delete"): delete_namespace,
        ("", "bindings", "create"): bind,
        ("", "componentstatuses", "get"): get_component_status,
        ("", "componentstatuses", "list"): list_component_statuses,
        ("authentication.k8s.io", "tokenreviews", "create"): token_reviews.handle,
        ("authentication.k8s.io", "selfsubjectreviews", "create"): review_self,
        ("authorization.k8s.io", "subjectaccessreviews", "create"): review_access,
        ("authorization.k8s.io", "localsubjectaccessreviews", "create"): review_access,
        ("authorization.k8s.io", "selfsubjectaccessreviews", "create"): review_own_access,
        ("authorization.k8s.io", "selfsubjectrulesreviews", "create"): review_own_rules,
    }


def subresource_handlers(options: ServerOptions, tokens: ServiceAccountTokens) -> _Handlers:
    """Subresources; without group and resource those of all. StartError for unusable files."""
    return {
        ("", "namespaces", "finalize"): finalize_namespace,
        ("", "pods", "binding"): bind,
        ("", "pods", "eviction"): evict_pod,
        ("", "serviceaccounts", "token"): tokens.requests.handle,
        ("", "", "scale"): Scales().handle,
        **Connector(kubelet_client(options.kubelet)).handlers(),
    }


def _fine() -> str:
    return ""
