"""Compute resources of containers and pods: names, amounts, and requests within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import quantity
from kapi.apis.core.pod_resources import (
    container_limits,
    container_requests,
    is_pod_level_resource,
)
from kapi.apis.core.pod_validation_options import is_divisible
from kapi.apis.core.pod_validation_resource_claims import validate_container_claims
from kapi.apis.core.resource_names import (
    validate_container_resource_name,
    validate_resource_name,
    validate_resource_quantity,
)

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.apis.core.pod_validation_options import PodScope, PodValidationOptions

__all__ = [
    "validate_container_resources",
    "validate_pod_resources",
    "validate_resource_amounts",
]

_COMPUTE = frozenset({"cpu", "memory", "ephemeral-storage"})
_QOS = frozenset({"cpu", "memory"})
_HUGE_PAGES = "hugepages-"


def _allows_overcommit(name: str) -> bool:
    return ("/" not in name or "kubernetes.io/" in name) and not name.startswith(_HUGE_PAGES)


def validate_resource_amounts(amounts: JSONObject, path: str, errors: ErrorList) -> None:
    """Validate a resource list that stands alone, as the overhead of a pod."""
    for name, text in amounts.items():
        validate_container_resource_name(name, f"{path}[{name}]", errors)
        validate_resource_quantity(name, text, f"{path}[{name}]", errors)


def _validate_huge_pages(
    name: str, text: str, path: str, errors: ErrorList, options: PodValidationOptions
) -> None:
    if not options.allow_indivisible_huge_pages and not is_divisible(name, text):
        errors.invalid(path, text, f"{text} is not positive integer multiple of {name}")


def validate_container_resources(
    resources: JSONObject,
    scope: PodScope,
    path: str,
    errors: ErrorList,
    *,
    pod_level: bool = False,
) -> None:
    """Validate limits, requests and claims."""
    limits = resources.get("limits") or {}
    requests = resources.get("requests") or {}
    # Most resources are these, and their amounts can only be wrong by being negative.
    plain = _QOS if pod_level else _COMPUTE
    huge_pages = False
    for name, text in limits.items():
        if name not in plain or text[0] == "-":
            where = f"{path}.limits[{name}]"
            _validate_amount(name, text, where, errors, pod_level=pod_level)
            if name.startswith(_HUGE_PAGES):
                huge_pages = True
                _validate_huge_pages(name, text, where, errors, scope.options)
    for name, text in requests.items():
        if name not in plain or text[0] == "-":
            where = f"{path}.requests[{name}]"
            _validate_amount(name, text, where, errors, pod_level=pod_level)
        limit = limits.get(name)
        if limit is not None:
            if text != limit:
                _compare_with_limit(name, text, limit, path, errors)
        elif name not in plain and not _allows_overcommit(name):
            errors.required(f"{path}.limits", "Limit must be set for non overcommitable resources")
        if name.startswith(_HUGE_PAGES):
            huge_pages = True
            _validate_huge_pages(name, text, f"{path}.requests[{name}]", errors, scope.options)
    if huge_pages and _QOS.isdisjoint(limits) and _QOS.isdisjoint(requests):
        errors.forbidden(path, "HugePages require cpu or memory")
    if resources.get("claims"):
        validate_container_claims(resources["claims"], scope.claims, f"{path}.claims", errors)


def _validate_amount(
    name: str, text: str, path: str, errors: ErrorList, *, pod_level: bool
) -> None:
    if pod_level:
        found = len(errors)
        validate_resource_name(name, path, errors)
        if len(errors) == found and not is_pod_level_resource(name):
            errors.not_supported(path, name, ("cpu", "hugepages-", "memory"))
    else:
        validate_container_resource_name(name, path, errors)
    validate_resource_quantity(name, text, path, errors)


def _compare_with_limit(name: str, text: str, limit: str, path: str, errors: ErrorList) -> None:
    amount, most = quantity.parse(text), quantity.parse(limit)
    if not _allows_overcommit(name):
        if amount != most:
            errors.invalid(f"{path}.requests", text, f"must be equal to {name} limit of {limit}")
    elif amount > most:
        errors.invalid(
            f"{path}.requests", text, f"must be less than or equal to {name} limit of {limit}"
        )


def validate_pod_resources(scope: PodScope, path: str, errors: ErrorList) -> None:
    """Validate the resources of the pod as a whole against those of its containers."""
    spec = scope.spec
    if (spec.get("os") or {}).get("name") == "windows":
        errors.forbidden(path, "may not be set for a windows pod")
        return
    resources = spec["resources"]
    if resources.get("claims") is not None:
        errors.forbidden(f"{path}.claims", "claims may not be set for Resources at pod-level")
    validate_container_resources({**resources, "claims": None}, scope, path, errors, pod_level=True)
    limits = resources.get("limits") or {}
    _validate_covers(
        resources.get("requests") or {}, "requests", container_requests(spec), path, errors
    )
    huge_pages = {
        name: total
        for name, total in container_limits(spec).items()
        if name.startswith(_HUGE_PAGES)
    }
    _validate_covers(limits, "limits", huge_pages, path, errors)
    for index, container in enumerate(spec.get("containers") or ()):
        for name, text in ((container.get("resources") or {}).get("limits") or {}).items():
            if name in limits and quantity.parse(text) > quantity.parse(limits[name]):
                # The path starts at the resources of the pod.
                errors.invalid(
                    f"{path}.containers[{index}][{name}].limits",
                    text,
                    f"must be less than or equal to pod limits of {limits[name]}",
                )


def _validate_covers(
    amounts: JSONObject,
    member: str,
    totals: dict[str, quantity.Quantity],
    path: str,
    errors: ErrorList,
) -> None:
    """What the pod asks for is enough for its containers together."""
    for name, total in totals.items():
        if name in amounts and total > quantity.parse(amounts[name]):
            errors.invalid(
                f"{path}.{member}[{name}]",
                amounts[name],
                f"must be greater than or equal to aggregate container {member} of {total}",
            )
