"""Label keys whose values come from the pod itself, merged into its selectors at creation.

``matchLabelKeys`` and ``mismatchLabelKeys`` of pod affinity and topology spread constraints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import JSONObject

__all__ = ["merge_match_label_keys"]


def merge_match_label_keys(spec: JSONObject, labels: Mapping[str, str]) -> None:
    """Add an expression to the selectors for each such key that the pod has as a label."""
    affinity = spec.get("affinity")
    if affinity:
        for kind in ("podAffinity", "podAntiAffinity"):
            terms = affinity.get(kind) or {}
            for term in terms.get("requiredDuringSchedulingIgnoredDuringExecution") or ():
                _merge(term, labels)
            for weighted in terms.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
                _merge(weighted.get("podAffinityTerm") or {}, labels)
    for constraint in spec.get("topologySpreadConstraints") or ():
        _merge(constraint, labels)


def _merge(term: JSONObject, labels: Mapping[str, str]) -> None:
    selector = term.get("labelSelector")
    if selector is None:
        return
    for member, operator in (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")):
        for key in term.get(member) or ():
            if key in labels:
                selector.setdefault("matchExpressions", []).append(
                    {"key": key, "operator": operator, "values": [labels[key]]}
                )
