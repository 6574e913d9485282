"""Names and values of resources in nodes, quotas and limit ranges.

Implements "Resource units" and the resource tables of "Resource Quotas" and "Limit Ranges".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names, quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "fraction_warnings",
    "is_extended_resource",
    "is_standard_quota_resource",
    "may_have_fraction",
    "validate_container_resource_name",
    "validate_positive_quantity",
    "validate_quota_resource_name",
    "validate_resource_name",
    "validate_resource_quantity",
]

_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_COUNTED = frozenset(
    (
        "pods",
        "resourcequotas",
        "services",
        "replicationcontrollers",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    )
)
_STANDARD_CONTAINER = frozenset(_COMPUTE)
_STANDARD_QUOTA = (
    _COUNTED
    | _STANDARD_CONTAINER
    | {f"{prefix}.{name}" for prefix in ("requests", "limits") for name in _COMPUTE}
    | {"requests.storage"}
)
_STANDARD = _STANDARD_QUOTA | {"storage"}
_HUGE_PAGES = "hugepages-"


def is_standard_quota_resource(name: str) -> bool:
    """Whether a quota knows the resource without a domain in its name."""
    return name in _STANDARD_QUOTA or name.startswith((_HUGE_PAGES, f"requests.{_HUGE_PAGES}"))


def _is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def is_extended_resource(name: str) -> bool:
    """Whether the name is one of a device or another extension."""
    if _is_native(name) or name.startswith("requests."):
        return False
    # A quota for it must be possible too, so the name must be valid with this prefix.
    return not names.qualified_name(f"requests.{name}")


def may_have_fraction(text: str) -> bool:
    """Whether an amount is written so that it can be no whole number; others need no parsing."""
    return text[-1] in "mun" or "." in text or "-" in text


def fraction_warnings(amounts: JSONObject, counted: Iterable[str], path: str) -> Iterator[str]:
    """Warn about amounts of the ``counted`` resources that are no whole number of bytes."""
    for name in counted:
        text = amounts.get(name)
        if text and may_have_fraction(text) and quantity.parse(text).milli_value() % 1000:
            yield (f'{path}[{name}]: fractional byte value "{text}" is invalid, must be an integer')


def validate_resource_name(name: str, path: str, errors: ErrorList) -> None:
    """Any resource: standard, or qualified with a domain."""
    messages = names.qualified_name(name)
    if messages:
        errors.invalid_each(path, name, messages)
    elif "/" not in name and name not in _STANDARD and not name.startswith(_HUGE_PAGES):
        errors.invalid(path, name, "must be a standard resource type or fully qualified")


def validate_container_resource_name(name: str, path: str, errors: ErrorList) -> None:
    """A resource of containers."""
    validate_resource_name(name, path, errors)
    if "/" not in name:
        if name not in _STANDARD_CONTAINER and not name.startswith(_HUGE_PAGES):
            errors.invalid(path, name, "must be a standard resource for containers")
    elif not _is_native(name) and not is_extended_resource(name):
        errors.invalid(path, name, "doesn't follow extended resource name standard")


def validate_quota_resource_name(name: str, path: str, errors: ErrorList) -> None:
    """A resource of a quota."""
    validate_resource_name(name, path, errors)
    if "/" not in name and not is_standard_quota_resource(name):
        errors.invalid(path, name, "must be a standard resource for quota")


def validate_resource_quantity(name: str, value: str, path: str, errors: ErrorList) -> None:
    """An amount is not negative, and whole where things are counted."""
    amount = quantity.parse(value)
    if amount.sign < 0:
        errors.invalid(path, value, "must be greater than or equal to 0")
    if (name in _COUNTED or is_extended_resource(name)) and amount.milli_value() % 1000:
        errors.invalid(path, value, "must be an integer")


def validate_positive_quantity(value: str, path: str, errors: ErrorList) -> None:
    """An amount is greater than zero."""
    if quantity.parse(value).sign <= 0:
        errors.invalid(path, value, "must be greater than zero")
