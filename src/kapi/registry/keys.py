"""Where the objects of a resource are in the store: kube-apiserver's key layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import GroupResource

__all__ = ["KEY_PREFIX", "storage_prefix"]

# What all keys begin with.
KEY_PREFIX = "/registry/"

# Resources that are not stored under their own name.
_NAMES = {
    ("", "endpoints"): "services/endpoints",
    ("", "nodes"): "minions",
    ("", "replicationcontrollers"): "controllers",
    ("", "services"): "services/specs",
    ("networking.k8s.io", "ingresses"): "ingress",
    ("networking.k8s.io", "networkpolicies"): "networkpolicies",
    ("policy", "poddisruptionbudgets"): "poddisruptionbudgets",
}
# Groups whose name is part of the key, as it is for custom resources.
_GROUPED = frozenset({"apiextensions.k8s.io", "apiregistration.k8s.io"})


def storage_prefix(
    resource: GroupResource, root: str = "/registry", *, custom: bool = False
) -> str:
    """The prefix of a resource's keys, ending in a slash."""
    if custom or resource.group in _GROUPED:
        return f"{root}/{resource.group}/{resource.resource}/"
    return f"{root}/{_NAMES.get(resource, resource.resource)}/"
