"""DeviceTaintRule and ResourcePoolStatusRequest: what administrators say and ask of devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import names
from kapi.apis.resource.name_validation import validate_driver_name, validate_pool_name
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns, KindRules
from kapi.registry.standard_columns import AGE, NAME
from kapi.registry.status_strategies import SpecStrategy, StatusStrategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = ["DEVICE_TAINT_RULE", "RESOURCE_POOL_STATUS_REQUEST"]

_EFFECTS = ("NoSchedule", "NoExecute", "None")
_POOLS = 100
_MOST_POOLS = 1000
_NAMES_OF_SELECTOR = ("pool", "device")


class DeviceTaintRuleStrategy(SpecStrategy):
    """DeviceTaintRule."""

    delete_returns_object: ClassVar[bool] = True

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """A taint is as old as its rule unless it says otherwise."""
        super().prepare_for_create(context, obj)
        taint = (obj.get("spec") or {}).get("taint")
        if taint and not taint.get("timeAdded"):
            taint["timeAdded"] = context.now

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Another effect begins now."""
        taint = (obj.get("spec") or {}).get("taint") or {}
        old_taint = (old.get("spec") or {}).get("taint") or {}
        if taint and taint.get("effect") != old_taint.get("effect"):
            if taint.get("timeAdded") == old_taint.get("timeAdded"):
                taint["timeAdded"] = context.now
        elif taint and not taint.get("timeAdded") and old_taint.get("timeAdded"):
            taint["timeAdded"] = old_taint["timeAdded"]

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Selector and taint."""
        spec = obj.get("spec") or {}
        selector = spec.get("deviceSelector") or {}
        if selector.get("driver") is not None:
            validate_driver_name(selector["driver"], "spec.deviceSelector.driver", errors)
        for member in _NAMES_OF_SELECTOR:
            if selector.get(member) == "":
                errors.required(f"spec.deviceSelector.{member}")
        if selector.get("pool"):
            validate_pool_name(selector["pool"], "spec.deviceSelector.pool", errors)
        taint = spec.get("taint") or {}
        if not taint.get("key"):
            errors.required("spec.taint.key")
        else:
            errors.invalid_each("spec.taint.key", taint["key"], names.qualified_name(taint["key"]))
        if taint.get("value"):
            errors.invalid_each(
                "spec.taint.value", taint["value"], names.label_value(taint["value"])
            )
        effect = taint.get("effect", "")
        if not effect:
            errors.required("spec.taint.effect")
        elif effect not in _EFFECTS:
            errors.not_supported("spec.taint.effect", effect, _EFFECTS)


class ResourcePoolStatusRequestStrategy(SpecStrategy):
    """ResourcePoolStatusRequest: asked once, answered once."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Driver, pool and limit."""
        spec = obj.get("spec") or {}
        if not spec.get("driver"):
            errors.required("spec.driver")
        else:
            validate_driver_name(spec["driver"], "spec.driver", errors)
        if spec.get("poolName") is not None:
            validate_pool_name(spec["poolName"], "spec.poolName", errors)
        limit = spec.get("limit")
        if limit is not None and limit < 1:
            errors.invalid("spec.limit", limit, "must be greater than or equal to 1")
        elif limit is not None and limit > _MOST_POOLS:
            errors.invalid("spec.limit", limit, f"must be less than or equal to {_MOST_POOLS}")

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The question stays."""
        if obj.get("spec") != old.get("spec"):
            errors.invalid("spec", obj.get("spec"), "field is immutable")


def _default_pool_request(obj: JSONObject) -> None:
    spec = obj.setdefault("spec", {})
    if spec.get("limit") is None:
        spec["limit"] = _POOLS


def _taint_rule_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, taint = obj["metadata"], (obj.get("spec") or {}).get("taint") or {}
    return [
        meta["name"],
        taint.get("key", ""),
        taint.get("value", ""),
        taint.get("effect", ""),
        taint.get("timeAdded") or "",
        age(meta.get("creationTimestamp"), now),
    ]


def _pool_request_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    pools = status.get("pools") or ()
    counts = [
        str(sum(pool.get(member) or 0 for pool in pools))
        for member in ("totalDevices", "availableDevices", "allocatedDevices", "unavailableDevices")
    ]
    mistakes = sum(1 for pool in pools if pool.get("validationError"))
    held = {c["type"] for c in status.get("conditions") or () if c.get("status") == "True"}
    state = next((name for name in ("Complete", "Failed") if name in held), "Pending")
    return [
        meta["name"],
        spec.get("driver", ""),
        *counts,
        str(mistakes),
        status.get("poolCount") or 0,
        state,
        "<none>",
    ]


DEVICE_TAINT_RULE = KindRules(
    strategy=DeviceTaintRuleStrategy(),
    subresources={"status": StatusStrategy()},
    columns=Columns(
        (NAME, *(Column(name) for name in ("Key", "Value", "Effect", "TimeAdded")), AGE),
        _taint_rule_cells,
    ),
)
_POOL_COLUMNS = ("Driver", "Total", "Available", "Allocated", "Unavailable", "Errors")
RESOURCE_POOL_STATUS_REQUEST = KindRules(
    strategy=ResourcePoolStatusRequestStrategy(),
    subresources={"status": StatusStrategy()},
    defaults={"v1alpha3": _default_pool_request},
    columns=Columns(
        (
            NAME,
            *(Column(name) for name in _POOL_COLUMNS),
            Column("Pools", "integer"),
            Column("Status"),
            Column("Completed"),
        ),
        _pool_request_cells,
    ),
)
