"""Which version of a resource is preferred, stored and on by default.

Implements "API versioning" of the Kubernetes documentation: stable versions before beta before
alpha, higher numbers first; only stable versions are enabled unless asked for.
"""

from __future__ import annotations

import re

__all__ = ["hub_version", "is_enabled_by_default", "priority"]

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_STAGE = {None: 0, "beta": 1, "alpha": 2}
# Kinds whose rules are written for another version than the highest stable one.
_HUBS = {("autoscaling", "horizontalpodautoscalers"): "v2"}
# Betas that were still on by default after new betas stopped being so (1.24), and until when.
_LEGACY_BETAS = {
    ("flowcontrol.apiserver.k8s.io", "v1beta2"): 28,
    ("flowcontrol.apiserver.k8s.io", "v1beta3"): 31,
    ("storage.k8s.io", "v1beta1"): 26,
    ("autoscaling", "v2beta2"): 25,
}


def priority(version: str) -> tuple[int, int, int, str]:
    """Sort key: the most preferred version first, names that are no versions last."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return (3, 0, 0, version)
    major, stage, minor = match.groups()
    return (_STAGE[stage], -int(major), -int(minor or 0), "")


def hub_version(group: str, resource: str, versions: list[str]) -> str:
    """The version in whose form the objects of a resource are stored."""
    chosen = _HUBS.get((group, resource))
    return chosen if chosen in versions else min(versions, key=priority)


def is_enabled_by_default(group: str, version: str, resource: str, minor: int) -> bool:
    """Whether kube-apiserver 1.``minor`` serves this version without ``--runtime-config``."""
    if "alpha" not in version and "beta" not in version:
        return True
    until = _LEGACY_BETAS.get((group, version), 0)
    return minor <= until and (group, resource) != ("storage.k8s.io", "volumeattributesclasses")
