"""Which version of a resource is preferred, stored and on by default.

Implements "API versioning" of the Kubernetes documentation: stable versions before beta before
alpha, higher numbers first; only stable versions are enabled unless asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["hub_version", "is_enabled_by_default", "priority", "stage", "storage_version"]

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_STAGE = {None: 0, "beta": 1, "alpha": 2}
_FLOWCONTROL = "flowcontrol.apiserver.k8s.io"
# Kinds whose rules are written for another version than the most stable one that there ever was:
# autoscaling/v1 is a reduced view, and certificates v1 lacks two members of v1beta1.
_HUBS = {
    ("autoscaling", "horizontalpodautoscalers"): "v2",
    ("certificates.k8s.io", "podcertificaterequests"): "v1beta1",
}
# Versions whose objects cannot be turned into those of later ones: they are stored as they are.
# resource.k8s.io was designed anew twice before its first beta.
_UNRELATED = {
    "resource.k8s.io": ("v1alpha1", "v1alpha2"),
    "coordination.k8s.io": ("v1alpha1",),
    "scheduling.k8s.io": ("v1alpha1", "v1alpha2"),
    "storagemigration.k8s.io": ("v1alpha1",),
}
# Betas that were still on by default after new betas stopped being so (1.24), and until when.
_LEGACY_BETAS = {
    ("autoscaling", "v2beta2", "horizontalpodautoscalers"): 25,
    (_FLOWCONTROL, "v1beta1", "flowschemas"): 25,
    (_FLOWCONTROL, "v1beta1", "prioritylevelconfigurations"): 25,
    (_FLOWCONTROL, "v1beta2", "flowschemas"): 28,
    (_FLOWCONTROL, "v1beta2", "prioritylevelconfigurations"): 28,
    (_FLOWCONTROL, "v1beta3", "flowschemas"): 31,
    (_FLOWCONTROL, "v1beta3", "prioritylevelconfigurations"): 31,
    ("storage.k8s.io", "v1beta1", "csistoragecapacities"): 26,
}


def priority(version: str) -> tuple[int, int, int, str]:
    """Sort key: the most preferred version first, names that are no versions last."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return (3, 0, 0, version)
    major, level, minor = match.groups()
    return (_STAGE[level], -int(major), -int(minor or 0), "")


def stage(version: str) -> str:
    """``ga``, ``beta`` or ``alpha``."""
    match = _VERSION.fullmatch(version)
    return (match[2] or "ga") if match else ""


def hub_version(group: str, resource: str, served: Iterable[str], ever: Iterable[str]) -> str:
    """The version in whose form the objects of a resource are stored and rules see them.

    ``served`` are the versions of this Kubernetes version, ``ever`` those of all. The hub is the
    same for all of them wherever objects can be converted, also before that version was served:
    so rules know one form, and what one server stored another one reads.
    """
    unrelated = _UNRELATED.get(group, ())
    related = [version for version in ever if version not in unrelated]
    own = list(served)
    if not any(version in related for version in own):
        return min(own, key=priority)
    return _HUBS.get((group, resource)) or min(related, key=priority)


def storage_version(group: str, resource: str, served: Iterable[str]) -> str:
    """The version that kube-apiserver stores objects in, which discovery shows as a hash."""
    if (group, resource) == ("autoscaling", "horizontalpodautoscalers"):
        return "v2"
    return min(served, key=priority)


def is_enabled_by_default(group: str, version: str, resource: str, minor: int) -> bool:
    """Whether kube-apiserver 1.``minor`` serves this resource without ``--runtime-config``."""
    if stage(version) == "ga":
        return True
    return minor <= _LEGACY_BETAS.get((group, version, resource), 0)
