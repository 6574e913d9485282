"""LimitRange: defaults, validation and strategy.

Implements the LimitRange API reference; enforcement is an admission plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import names, quantity
from kapi.apis.core.pod_defaults import default_resource_list
from kapi.apis.core.resource_names import (
    validate_container_resource_name,
    validate_resource_name,
)
from kapi.registry.strategy import WHOLE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["LimitRangeStrategy", "default_limit_range"]

_STANDARD_TYPES = frozenset(("Pod", "Container", "PersistentVolumeClaim"))
_LISTS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
# Beyond this, thousandths no longer fit 64 bits and ratios are computed in whole units.
_MAX_MILLI_SCALE = (2**63 - 1) // 1000


def default_limit_range(obj: JSONObject) -> None:
    """Containers: the maximum is the default limit, that (or the minimum) the default request."""
    for limit in (obj.get("spec") or {}).get("limits") or ():
        for name in _LISTS:
            if limit.get(name):
                default_resource_list(limit[name])
        if limit.get("type") == "Container":
            default = {**(limit.get("max") or {}), **(limit.get("default") or {})}
            request = {
                **(limit.get("min") or {}),
                **default,
                **(limit.get("defaultRequest") or {}),
            }
            if default:
                limit["default"] = default
            if request:
                limit["defaultRequest"] = request


class LimitRangeStrategy(Strategy):
    """Limit ranges."""

    metadata_rules = (WHOLE,)
    allow_create_on_update: ClassVar[bool] = True

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check each entry."""
        seen: set[str] = set()
        for index, limit in enumerate((obj.get("spec") or {}).get("limits") or ()):
            path = f"spec.limits[{index}]"
            kind = limit.get("type") or ""
            messages = names.qualified_name(kind)
            errors.invalid_each(f"{path}.type", kind, messages)
            if not messages and "/" not in kind and kind not in _STANDARD_TYPES:
                errors.invalid(
                    f"{path}.type", kind, "must be a standard limit type or fully qualified"
                )
            if kind in seen:
                errors.duplicate(f"{path}.type", kind)
            seen.add(kind)
            _validate_names(limit, kind, path, errors)
            _validate_values(limit, path, errors)


def _validate_names(limit: JSONObject, kind: str, path: str, errors: ErrorList) -> None:
    check = (
        validate_container_resource_name if kind in ("Pod", "Container") else validate_resource_name
    )
    for name in _LISTS:
        amounts = limit.get(name) or {}
        if kind == "Pod" and amounts and name in ("default", "defaultRequest"):
            errors.forbidden(f"{path}.{name}", "may not be specified when `type` is 'Pod'")
            continue
        if name == "maxLimitRequestRatio" and kind == "PersistentVolumeClaim":
            _require_storage(limit, path, errors)
        for resource in amounts:
            check(resource, f"{path}.{name}[{resource}]", errors)


def _require_storage(limit: JSONObject, path: str, errors: ErrorList) -> None:
    if "storage" not in (limit.get("min") or ()) and "storage" not in (limit.get("max") or ()):
        errors.required(
            f"{path}.limits",
            "either minimum or maximum storage value is required, but neither was provided",
        )


# What must not be greater than what: (greater, lesser, field blamed, value shown, message).
_ORDER = (
    ("min", "max", "min", "min", "min value {0} is greater than max value {1}"),
    (
        "min",
        "defaultRequest",
        "defaultRequest",
        "defaultRequest",
        "min value {0} is greater than default request value {1}",
    ),
    (
        "defaultRequest",
        "max",
        "defaultRequest",
        "defaultRequest",
        "default request value {0} is greater than max value {1}",
    ),
    (
        "defaultRequest",
        "default",
        "defaultRequest",
        "defaultRequest",
        "default request value {0} is greater than default limit value {1}",
    ),
    ("min", "default", "default", "min", "min value {0} is greater than default value {1}"),
    ("default", "max", "default", "max", "default value {0} is greater than max value {1}"),
)


def _validate_values(limit: JSONObject, path: str, errors: ErrorList) -> None:
    lists = {name: limit.get(name) or {} for name in _LISTS}
    resources = dict.fromkeys(key for amounts in lists.values() for key in amounts)
    for key in resources:
        texts = {name: amounts[key] for name, amounts in lists.items() if key in amounts}
        values = {name: quantity.parse(text) for name, text in texts.items()}
        for greater, lesser, blamed, shown, message in _ORDER:
            if greater in values and lesser in values and values[lesser] < values[greater]:
                errors.invalid(
                    f"{path}.{blamed}[{key}]",
                    texts[shown],
                    message.format(texts[greater], texts[lesser]),
                )
        ratio = texts.get("maxLimitRequestRatio")
        if ratio is not None:
            _validate_ratio(values, ratio, f"{path}.maxLimitRequestRatio[{key}]", errors)
        if (
            not _may_overcommit(key)
            and "default" in values
            and "defaultRequest" in values
            and values["default"] != values["defaultRequest"]
        ):
            errors.invalid(
                f"{path}.defaultRequest[{key}]",
                texts["defaultRequest"],
                f"default value {texts['default']} must equal to defaultRequest value "
                f"{texts['defaultRequest']} in {key}",
            )


def _may_overcommit(resource: str) -> bool:
    return ("/" not in resource or "kubernetes.io/" in resource) and not resource.startswith(
        "hugepages-"
    )


def _validate_ratio(
    values: dict[str, quantity.Quantity], text: str, path: str, errors: ErrorList
) -> None:
    ratio = values["maxLimitRequestRatio"]
    if ratio < quantity.parse("1"):
        errors.invalid(path, text, f"ratio {text} is less than 1")
    if "min" not in values or "max" not in values:
        return
    least, most, allowed = values["min"].value(), values["max"].value(), float(ratio.value())
    if max(least, most, ratio.value()) < _MAX_MILLI_SCALE:
        least, most = values["min"].milli_value(), values["max"].milli_value()
        allowed = ratio.milli_value() / 1000
    bound = most / least if least else float("inf")
    if allowed > bound:
        errors.invalid(path, text, f"ratio {text} is greater than max/min = {bound:f}")
