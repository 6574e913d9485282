"""What validation of a pod spec is told about where the spec stands and what was stored before.

Rules that became stricter over time do not break objects that were stored under the older ones:
what the old object already does, its update may keep doing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.apimachinery import names, quantity
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.metav1 import validate_label_selector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kapi.apimachinery.types import JSONObject

__all__ = [
    "POD_DELETION_COST",
    "PodScope",
    "PodValidationOptions",
    "is_deletion_cost",
    "is_divisible",
]

POD_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


@dataclass(frozen=True, slots=True)
class PodValidationOptions:
    """The leniencies of one validation; by default none."""

    is_pod: bool = False
    # The controllers that own the pod template fill these in only once the pod is created.
    allow_invalid_deletion_cost: bool = False
    allow_invalid_label_values: bool = False
    allow_invalid_required_affinity_values: bool = False
    allow_invalid_spread_selector: bool = False
    allow_indivisible_huge_pages: bool = False
    allow_nonlocal_token_path: bool = False
    allow_host_sysctls: bool = False

    @classmethod
    def for_update(
        cls, old_spec: JSONObject | None, old_metadata: JSONObject | None, *, is_pod: bool
    ) -> PodValidationOptions:
        """The leniencies that the stored pod or template gives."""
        if old_spec is None:
            return _POD if is_pod else _TEMPLATE
        cost = ((old_metadata or {}).get("annotations") or {}).get(POD_DELETION_COST)
        return cls(
            is_pod=is_pod,
            allow_invalid_deletion_cost=cost is not None and not is_deletion_cost(cost),
            allow_invalid_label_values=_has_invalid_pod_affinity(old_spec),
            allow_invalid_required_affinity_values=_has_invalid_node_affinity(old_spec),
            allow_invalid_spread_selector=_has_invalid_spread(old_spec),
            allow_indivisible_huge_pages=_has_indivisible_huge_pages(old_spec),
            allow_nonlocal_token_path=_has_nonlocal_token_path(old_spec),
            allow_host_sysctls=bool((old_spec.get("securityContext") or {}).get("sysctls"))
            and bool(old_spec.get("hostNetwork") or old_spec.get("hostIPC")),
        )


@dataclass(frozen=True, slots=True)
class PodScope:
    """What the containers of one pod may refer to."""

    spec: JSONObject
    # The pod's valid volumes by name.
    volumes: Mapping[str, JSONObject]
    # The names of the pod's resource claims.
    claims: Sequence[str]
    options: PodValidationOptions


_POD = PodValidationOptions(is_pod=True)
_TEMPLATE = PodValidationOptions()


def is_deletion_cost(text: str) -> bool:
    """Whether the text is a 32-bit integer without a leading plus sign or zeros."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or (digits[0] == "0" and text != "0"):
        return False
    return -(2**31) <= int(text) < 2**31


def _selector_is_invalid(selector: JSONObject | None) -> bool:
    if not selector:
        return False
    errors = ErrorList()
    validate_label_selector(selector, "", errors)
    return bool(errors)


def _has_invalid_spread(spec: JSONObject) -> bool:
    return any(
        _selector_is_invalid(constraint.get("labelSelector"))
        for constraint in spec.get("topologySpreadConstraints") or ()
    )


def _pod_affinity_terms(spec: JSONObject) -> Iterator[JSONObject]:
    affinity = spec.get("affinity") or {}
    for name in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(name) or {}
        yield from terms.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        for weighted in terms.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            yield weighted.get("podAffinityTerm") or {}


def _has_invalid_pod_affinity(spec: JSONObject) -> bool:
    return any(
        _selector_is_invalid(term.get("labelSelector"))
        or _selector_is_invalid(term.get("namespaceSelector"))
        for term in _pod_affinity_terms(spec)
    )


def _has_invalid_node_affinity(spec: JSONObject) -> bool:
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    return any(
        names.label_value(value)
        for term in required.get("nodeSelectorTerms") or ()
        for expression in term.get("matchExpressions") or ()
        for value in expression.get("values") or ()
    )


def _has_indivisible_huge_pages(spec: JSONObject) -> bool:
    for kind in ("containers", "initContainers"):
        for container in spec.get(kind) or ():
            resources = container.get("resources") or {}
            for amounts in (resources.get("limits"), resources.get("requests")):
                for name, text in (amounts or {}).items():
                    if name.startswith("hugepages-") and not is_divisible(name, text):
                        return True
    return False


def is_divisible(name: str, text: str) -> bool:
    """Whether an amount of huge pages is a whole number of pages."""
    try:
        page = quantity.parse(name.removeprefix("hugepages-"))
    except quantity.QuantityError:
        return False
    if page.sign <= 0 or page.milli_value() % 1000:
        return False
    return quantity.parse(text).value() % page.value() == 0


def _has_nonlocal_token_path(spec: JSONObject) -> bool:
    for volume in spec.get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            path = (source.get("serviceAccountToken") or {}).get("path") or ""
            if path.startswith(("/", "..")) or "/../" in path:
                return True
    return False
