"""Registers the kinds of the core group apart from Pod, PodTemplate and ReplicationController."""

from __future__ import annotations

from kapi.apis.core.component_status_columns import COMPONENT_STATUS_COLUMNS
from kapi.apis.core.config_map_strategy import CONFIG_MAP_COLUMNS, ConfigMapStrategy
from kapi.apis.core.endpoints_strategy import EndpointsStrategy, default_endpoints
from kapi.apis.core.event_strategy import CORE_EVENT_LABELS, EVENT_COLUMNS, EventStrategy
from kapi.apis.core.limit_range_strategy import (
    LimitRangeStrategy,
    default_limit_range,
)
from kapi.apis.core.namespace_strategy import (
    NAMESPACE_COLUMNS,
    NamespaceFinalizeStrategy,
    NamespaceStatusStrategy,
    NamespaceStrategy,
    default_namespace,
)
from kapi.apis.core.node_columns import NODE_COLUMNS
from kapi.apis.core.node_strategy import NodeStatusStrategy, NodeStrategy, default_node
from kapi.apis.core.persistent_volume_claim_strategy import (
    PERSISTENT_VOLUME_CLAIM_COLUMNS,
    PersistentVolumeClaimStatusStrategy,
    PersistentVolumeClaimStrategy,
    default_persistent_volume_claim,
)
from kapi.apis.core.persistent_volume_strategy import (
    PERSISTENT_VOLUME_COLUMNS,
    PersistentVolumeStatusStrategy,
    PersistentVolumeStrategy,
    default_persistent_volume,
)
from kapi.apis.core.resource_quota_strategy import (
    RESOURCE_QUOTA_COLUMNS,
    ResourceQuotaStatusStrategy,
    ResourceQuotaStrategy,
    default_resource_quota,
)
from kapi.apis.core.secret_strategy import SECRET_COLUMNS, SecretStrategy, default_secret
from kapi.apis.core.service_account_strategy import (
    SERVICE_ACCOUNT_COLUMNS,
    ServiceAccountStrategy,
)
from kapi.apis.core.service_columns import ENDPOINTS_COLUMNS, SERVICE_COLUMNS
from kapi.apis.core.service_defaults import default_service
from kapi.apis.core.service_strategy import ServiceStatusStrategy, ServiceStrategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Register the rules of every other kind of the group."""
    _install_configuration(rules)
    _install_namespaces(rules)
    _install_limits(rules)
    _install_network(rules)
    _install_nodes_and_storage(rules)


def _install_configuration(rules: Rules) -> None:
    rules.add("", "configmaps", KindRules(strategy=ConfigMapStrategy(), columns=CONFIG_MAP_COLUMNS))
    rules.add(
        "",
        "secrets",
        KindRules(
            strategy=SecretStrategy(),
            defaults={"v1": default_secret},
            columns=SECRET_COLUMNS,
            selectable_fields=("type",),
        ),
    )
    rules.add(
        "",
        "serviceaccounts",
        KindRules(strategy=ServiceAccountStrategy(), columns=SERVICE_ACCOUNT_COLUMNS),
    )
    rules.add("", "componentstatuses", KindRules(columns=COMPONENT_STATUS_COLUMNS))


def _install_namespaces(rules: Rules) -> None:
    rules.add(
        "",
        "namespaces",
        KindRules(
            strategy=NamespaceStrategy(),
            subresources={
                "status": NamespaceStatusStrategy(),
                "finalize": NamespaceFinalizeStrategy(),
            },
            defaults={"v1": default_namespace},
            columns=NAMESPACE_COLUMNS,
            selectable_fields=("status.phase",),
        ),
    )
    rules.add(
        "",
        "events",
        KindRules(
            strategy=EventStrategy(), columns=EVENT_COLUMNS, selectable_fields=CORE_EVENT_LABELS
        ),
    )


def _install_limits(rules: Rules) -> None:
    rules.add(
        "",
        "limitranges",
        KindRules(
            strategy=LimitRangeStrategy(),
            defaults={"v1": default_limit_range},
        ),
    )
    rules.add(
        "",
        "resourcequotas",
        KindRules(
            strategy=ResourceQuotaStrategy(),
            subresources={"status": ResourceQuotaStatusStrategy()},
            defaults={"v1": default_resource_quota},
            columns=RESOURCE_QUOTA_COLUMNS,
        ),
    )


def _install_network(rules: Rules) -> None:
    rules.add(
        "",
        "services",
        KindRules(
            strategy=ServiceStrategy(),
            subresources={"status": ServiceStatusStrategy()},
            defaults={"v1": default_service},
            columns=SERVICE_COLUMNS,
            selectable_fields=("spec.clusterIP", "spec.type"),
        ),
    )
    rules.add(
        "",
        "endpoints",
        KindRules(
            strategy=EndpointsStrategy(),
            defaults={"v1": default_endpoints},
            columns=ENDPOINTS_COLUMNS,
        ),
    )


def _install_nodes_and_storage(rules: Rules) -> None:
    rules.add(
        "",
        "nodes",
        KindRules(
            strategy=NodeStrategy(),
            subresources={"status": NodeStatusStrategy()},
            defaults={"v1": default_node},
            columns=NODE_COLUMNS,
            selectable_fields=("spec.unschedulable",),
        ),
    )
    rules.add(
        "",
        "persistentvolumes",
        KindRules(
            strategy=PersistentVolumeStrategy(),
            subresources={"status": PersistentVolumeStatusStrategy()},
            defaults={"v1": default_persistent_volume},
            columns=PERSISTENT_VOLUME_COLUMNS,
        ),
    )
    rules.add(
        "",
        "persistentvolumeclaims",
        KindRules(
            strategy=PersistentVolumeClaimStrategy(),
            subresources={"status": PersistentVolumeClaimStatusStrategy()},
            defaults={"v1": default_persistent_volume_claim},
            columns=PERSISTENT_VOLUME_CLAIM_COLUMNS,
        ),
    )
