"""Which versions of kinds are deprecated, since when, and what to use instead.

Implements the warnings of "Deprecated API Migration Guide": every request for such a version
answers with one.
"""

from __future__ import annotations

__all__ = ["deprecation_warning"]

# (group, version, kind): deprecated since, removed in (0: not announced), replacement.
_DEPRECATED: dict[tuple[str, str, str], tuple[int, int, str]] = {
    ("", "v1", "ComponentStatus"): (19, 0, ""),
    ("", "v1", "Endpoints"): (33, 0, "discovery.k8s.io/v1 EndpointSlice"),
    ("autoscaling", "v2beta2", "HorizontalPodAutoscaler"): (
        23,
        26,
        "autoscaling/v2 HorizontalPodAutoscaler",
    ),
    ("storage.k8s.io", "v1beta1", "CSIStorageCapacity"): (
        24,
        27,
        "storage.k8s.io/v1 CSIStorageCapacity",
    ),
}
_FLOWCONTROL = "flowcontrol.apiserver.k8s.io"
_FLOW_VERSIONS = {
    "v1beta1": (23, 26, "v1beta3"),
    "v1beta2": (26, 29, "v1"),
    "v1beta3": (29, 32, "v1"),
}


def deprecation_warning(group: str, version: str, kind: str, minor: int) -> str:
    """The text of the Warning header on Kubernetes 1.``minor``; empty for none."""
    found = _DEPRECATED.get((group, version, kind))
    if group == _FLOWCONTROL and version in _FLOW_VERSIONS:
        since, removed, successor = _FLOW_VERSIONS[version]
        found = (since, removed, f"{_FLOWCONTROL}/{successor} {kind}")
    if found is None or minor < found[0]:
        return ""
    since, removed, replacement = found
    name = f"{group}/{version}" if group else version
    text = f"{name} {kind} is deprecated in v1.{since}+"
    if removed:
        text += f", unavailable in v1.{removed}+"
    return f"{text}; use {replacement}" if replacement else text
