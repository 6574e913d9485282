"""ResourceQuota: defaults, strategies and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import quantity
from kapi.apis.core.pod_defaults import default_resource_list
from kapi.apis.core.resource_quota_validation import (
    validate_resource_quota,
    validate_resource_quota_status,
)
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = [
    "RESOURCE_QUOTA_COLUMNS",
    "ResourceQuotaStatusStrategy",
    "ResourceQuotaStrategy",
    "default_resource_quota",
]


def default_resource_quota(obj: JSONObject) -> None:
    """Round amounts up to thousandths."""
    status = obj.get("status") or {}
    for amounts in (
        (obj.get("spec") or {}).get("hard"),
        status.get("hard"),
        status.get("used"),
    ):
        if amounts:
            default_resource_list(amounts)


# A minor version that is known to compare requests with limits.
_COMPARED_MINOR = 36


class ResourceQuotaStrategy(Strategy):
    """Quotas."""

    metadata_rules = (CHANGE,)
    delete_returns_object: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start without a status."""
        obj["status"] = {}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check resources and scopes."""
        validate_resource_quota(obj, errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Warn about requests that may be more than the limits, which they cannot be in pods."""
        hard = (obj.get("spec") or {}).get("hard") or {}
        if context.minor < _COMPARED_MINOR:
            return
        for name in ("cpu", "memory", "storage", "ephemeral-storage"):
            limited = f"limits.{name}"
            asked = f"requests.{name}"
            if asked not in hard and name in ("cpu", "memory"):
                asked = name
            if asked not in hard or limited not in hard:
                continue
            if quantity.parse(hard[asked]) > quantity.parse(hard[limited]):
                context.warn(
                    f"ResourceQuota {asked} ({hard[asked]}) should be less than "
                    f"{limited} ({hard[limited]})"
                )

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The scopes never change."""
        validate_resource_quota(obj, errors)
        scopes = (obj.get("spec") or {}).get("scopes")
        if set(scopes or ()) != set((old.get("spec") or {}).get("scopes") or ()):
            errors.invalid("spec.scopes", scopes, "field is immutable")


class ResourceQuotaStatusStrategy(ResourceQuotaStrategy):
    """``resourcequotas/status``."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the amounts."""
        validate_resource_quota_status(obj, errors)


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata = obj["metadata"]
    status = obj.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    requests: list[str] = []
    limits: list[str] = []
    for name in sorted(hard):
        column = limits if name.startswith("limits.") else requests
        column.append(f"{name}: {used.get(name, '0')}/{hard[name]}")
    return [
        metadata.get("name", ""),
        ", ".join(requests),
        ", ".join(limits),
        age(metadata.get("creationTimestamp"), now),
    ]


RESOURCE_QUOTA_COLUMNS = Columns(
    (
        NAME,
        Column(
            "Request",
            description="Request represents a minimum amount of cpu/memory that a container may"
            " consume.",
        ),
        Column(
            "Limit",
            description="Limits control the maximum amount of cpu/memory that a container may use"
            " independent of contention on the node.",
        ),
        AGE,
    ),
    _cells,
)
