"""Priorities of API groups and versions, which decide their order in discovery.

Implements the fields groupPriorityMinimum and versionPriority of the APIServices that
kube-apiserver registers for what it serves itself.
"""

from __future__ import annotations

import re

__all__ = ["CUSTOM", "group_priority", "version_priority"]

# Of group versions that CustomResourceDefinitions serve.
CUSTOM = (1000, 100)

_GROUPS = {
    "": 18000,
    "apps": 17800,
    "events.k8s.io": 17750,
    "authentication.k8s.io": 17700,
    "authorization.k8s.io": 17600,
    "autoscaling": 17500,
    "batch": 17400,
    "certificates.k8s.io": 17300,
    "networking.k8s.io": 17200,
    "policy": 17100,
    "rbac.authorization.k8s.io": 17000,
    "storage.k8s.io": 16800,
    "admissionregistration.k8s.io": 16700,
    "apiextensions.k8s.io": 16700,
    "scheduling.k8s.io": 16600,
    "coordination.k8s.io": 16500,
    "node.k8s.io": 16300,
    "discovery.k8s.io": 16200,
    "resource.k8s.io": 16200,
    "flowcontrol.apiserver.k8s.io": 16100,
    "internal.apiserver.k8s.io": 16000,
    "storagemigration.k8s.io": 15800,
}
# A group that is not among these comes behind them.
_OTHER_GROUP = 15700
_VERSIONS = {
    ("", "v1"): 1,
    ("admissionregistration.k8s.io", "v1beta1"): 12,
    ("admissionregistration.k8s.io", "v1alpha1"): 9,
    ("autoscaling", "v2"): 30,
    ("autoscaling", "v2beta2"): 1,
    ("coordination.k8s.io", "v1beta1"): 13,
    ("coordination.k8s.io", "v1alpha2"): 12,
    ("discovery.k8s.io", "v1beta1"): 12,
    ("flowcontrol.apiserver.k8s.io", "v1"): 21,
    ("flowcontrol.apiserver.k8s.io", "v1beta3"): 18,
    ("flowcontrol.apiserver.k8s.io", "v1beta2"): 15,
    ("flowcontrol.apiserver.k8s.io", "v1beta1"): 12,
    ("internal.apiserver.k8s.io", "v1alpha1"): 9,
    ("resource.k8s.io", "v1"): 20,
    ("resource.k8s.io", "v1beta2"): 15,
    ("storagemigration.k8s.io", "v1alpha1"): 9,
}
_STAGES = {"": 15, "beta": 9, "alpha": 1}
_VERSION = re.compile(r"v\d+(?:(alpha|beta)\d+)?")


def group_priority(group: str, *, custom: bool = False) -> int:
    """The groupPriorityMinimum of a group of this server."""
    return CUSTOM[0] if custom else _GROUPS.get(group, _OTHER_GROUP)


def version_priority(group: str, version: str, *, custom: bool = False) -> int:
    """The versionPriority of a group version of this server."""
    if custom:
        return CUSTOM[1]
    found = _VERSIONS.get((group, version))
    if found is not None:
        return found
    match = _VERSION.fullmatch(version)
    return _STAGES[(match[1] or "") if match else "alpha"]
