"""Node labels that have newer names, and the warnings about selecting by the old ones.

Implements "Well-Known Labels, Annotations and Taints" of the documentation.
"""

from __future__ import annotations

__all__ = ["deprecated_label_message"]

_DEPRECATED = {
    "beta.kubernetes.io/arch": ("v1.14", "kubernetes.io/arch"),
    "beta.kubernetes.io/os": ("v1.14", "kubernetes.io/os"),
    "beta.kubernetes.io/instance-type": ("v1.17", "node.kubernetes.io/instance-type"),
    "failure-domain.beta.kubernetes.io/region": ("v1.17", "topology.kubernetes.io/region"),
    "failure-domain.beta.kubernetes.io/zone": ("v1.17", "topology.kubernetes.io/zone"),
}


def deprecated_label_message(key: str) -> str:
    """What to use instead of a node label; empty when the label is fine."""
    known = _DEPRECATED.get(key)
    return f'deprecated since {known[0]}; use "{known[1]}" instead' if known else ""
