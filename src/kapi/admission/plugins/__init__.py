"""The built-in admission plugins, one file each, and their order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kapi.admission.configuration import AdmissionConfiguration
from kapi.admission.plugins.certificates import (
    CertificateApproval,
    CertificateSigning,
    CertificateSubjectRestriction,
)
from kapi.admission.plugins.default_ingress_class import DefaultIngressClass
from kapi.admission.plugins.default_storage_class import DefaultStorageClass
from kapi.admission.plugins.default_toleration_seconds import DefaultTolerationSeconds
from kapi.admission.plugins.limit_ranger import LimitRanger
from kapi.admission.plugins.namespace_lifecycle import NamespaceLifecycle
from kapi.admission.plugins.node_restriction import NodeRestriction
from kapi.admission.plugins.persistent_volume_claim_resize import PersistentVolumeClaimResize
from kapi.admission.plugins.pod_resize import PodResizeValidator
from kapi.admission.plugins.pod_security import PodSecurity
from kapi.admission.plugins.pod_topology_labels import PodTopologyLabels
from kapi.admission.plugins.priority import Priority
from kapi.admission.plugins.resource_quota import ResourceQuota
from kapi.admission.plugins.runtime_class import RuntimeClass
from kapi.admission.plugins.service_account import ServiceAccount
from kapi.admission.plugins.storage_object_in_use_protection import StorageObjectInUseProtection
from kapi.admission.plugins.taint_nodes_by_condition import TaintNodesByCondition
from kapi.admission.policy.mutating import MutatingAdmissionPolicy
from kapi.admission.policy.validating import ValidatingAdmissionPolicy
from kapi.admission.webhook.mutating import MutatingAdmissionWebhook
from kapi.admission.webhook.validating import ValidatingAdmissionWebhook

if TYPE_CHECKING:
    from collections.abc import Collection

    from kapi.admission.chain import Plugin
    from kapi.admission.lookup import Lookup
    from kapi.admission.plugins.certificates import ResourceAccess
    from kapi.admission.plugins.resource_quota import QuotaStatus
    from kapi.admission.webhook.mutating import WebhookAccess
    from kapi.util.ids import IDSource

__all__ = ["builtin_plugins"]


# The minor version since which pods follow their node: its labels, and what it can carry.
_FOLLOWS_NODE_SINCE = 35
# The minor version since which mutating policies need no feature gate.
_MUTATING_POLICIES_SINCE = 36

_OFF_BY_DEFAULT = frozenset({NodeRestriction.name})

_UNCONFIGURED = AdmissionConfiguration()


def builtin_plugins(
    lookup: Lookup,
    ids: IDSource,
    may: ResourceAccess,
    quotas: QuotaStatus,
    webhooks: WebhookAccess,
    *,
    minor: int,
    gates: Collection[str] = (),
    enabled: Collection[str] = (),
    disabled: Collection[str] = (),
    configuration: AdmissionConfiguration = _UNCONFIGURED,
) -> list[Plugin]:
    """The plugins that are on by default or asked for, without those switched off, in order.

    ``may`` asks the authorizer in force, ``quotas`` writes what is used of quotas,
    ``webhooks`` calls webhooks, ``gates`` are the feature gates that are open, ``configuration``
    is what a file says about single plugins.
    """
    plugins: list[Plugin] = [
        NamespaceLifecycle(lookup),
        LimitRanger(lookup),
        ServiceAccount(lookup, ids),
        NodeRestriction(lookup, webhooks.authorizer, minor),
        TaintNodesByCondition(),
        PodSecurity(lookup, configuration.pod_security),
        Priority(lookup),
        DefaultTolerationSeconds(),
        DefaultStorageClass(lookup),
        StorageObjectInUseProtection(),
        PersistentVolumeClaimResize(lookup),
        RuntimeClass(lookup),
        CertificateApproval(may),
        CertificateSigning(may),
        CertificateSubjectRestriction(),
        DefaultIngressClass(lookup),
    ]
    if minor >= _FOLLOWS_NODE_SINCE:
        plugins += [PodTopologyLabels(lookup), PodResizeValidator(lookup)]
    if minor >= _MUTATING_POLICIES_SINCE or MutatingAdmissionPolicy.name in gates:
        plugins.append(MutatingAdmissionPolicy(webhooks))
    plugins += [
        MutatingAdmissionWebhook(_webhooks_of(MutatingAdmissionWebhook, webhooks, configuration)),
        ValidatingAdmissionPolicy(webhooks),
        ValidatingAdmissionWebhook(
            _webhooks_of(ValidatingAdmissionWebhook, webhooks, configuration)
        ),
    ]
    # Last: what it counts is admitted.
    plugins.append(ResourceQuota(lookup, quotas, configuration.limited_resources))
    off = {*disabled, *(_OFF_BY_DEFAULT.difference(enabled))}
    return [plugin for plugin in plugins if plugin.name not in off]


def _webhooks_of(
    plugin: type[Plugin], webhooks: WebhookAccess, configuration: AdmissionConfiguration
) -> WebhookAccess:
    """How a plugin calls webhooks: with the credentials that are configured for it."""
    credentials = configuration.webhooks.get(plugin.name)
    if credentials is None:
        return webhooks
    return replace(webhooks, client=webhooks.client.with_credentials(credentials))
