"""Strategies of APIService."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import names
from kapi.apis.apiregistration.validation import (
    validate_api_service,
    validate_api_service_status,
)
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["APIServiceStatusStrategy", "APIServiceStrategy"]


class APIServiceStrategy(Strategy):
    """APIService."""

    allow_unconditional_update: ClassVar[bool] = False
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """``v1.`` is the name of the core group's: a path segment; the spec says which."""
        return names.path_segment_name(name, prefix=prefix)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Local API services are available at once, of others nothing is known yet."""
        obj["status"] = {}
        if (obj.get("spec") or {}).get("service") is None:
            obj["status"]["conditions"] = [_local_condition(context.now)]

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Group, version, priorities and service."""
        validate_api_service(obj, errors)


class APIServiceStatusStrategy(APIServiceStrategy):
    """apiservices/status."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The conditions."""
        validate_api_service_status(obj, errors)


def _local_condition(now: str) -> JSONObject:
    return {
        "type": "Available",
        "status": "True",
        "lastTransitionTime": now,
        "reason": "Local",
        "message": "Local APIServices are always available",
    }
