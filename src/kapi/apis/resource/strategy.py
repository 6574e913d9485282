"""Strategies of the dynamic resource allocation kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apis.resource.claim_status_validation import validate_resource_claim_status_update
from kapi.apis.resource.claim_validation import (
    validate_resource_claim,
    validate_resource_claim_template,
    validate_resource_claim_template_update,
    validate_resource_claim_update,
)
from kapi.apis.resource.device_validation import (
    validate_device_class,
    validate_resource_slice,
    validate_resource_slice_update,
)
from kapi.registry.strategy import CHANGE, CLIENT_METADATA, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = [
    "DeviceClassStrategy",
    "ResourceClaimStatusStrategy",
    "ResourceClaimStrategy",
    "ResourceClaimTemplateStrategy",
    "ResourceSliceStrategy",
]

# Versions of other designs, up to Kubernetes 1.30: their schemas are all that is checked.
_FORMER = ("v1alpha1", "v1alpha2")


class DeviceClassStrategy(Strategy):
    """DeviceClass."""

    has_generation: ClassVar[bool] = True
    delete_returns_object: ClassVar[bool] = True

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Selectors and configuration."""
        validate_device_class(obj, errors)


class ResourceClaimStrategy(Strategy):
    """ResourceClaim."""

    delete_returns_object: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Nothing is allocated yet."""
        obj["status"] = {}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Requests, constraints and configuration."""
        if context.version not in _FORMER:
            validate_resource_claim(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The spec is fixed."""
        if context.version not in _FORMER:
            validate_resource_claim_update(obj, old, errors)


class ResourceClaimStatusStrategy(Strategy):
    """resourceclaims/status."""

    reset_metadata = CLIENT_METADATA
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Allocation, reservations and devices."""
        if context.version not in _FORMER:
            validate_resource_claim_status_update(obj, old, errors)


class ResourceClaimTemplateStrategy(Strategy):
    """ResourceClaimTemplate."""

    delete_returns_object: ClassVar[bool] = True

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Metadata and spec of the claims to be."""
        if context.version not in _FORMER:
            validate_resource_claim_template(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """A template is fixed."""
        if context.version not in _FORMER:
            validate_resource_claim_template_update(obj, old, errors)


class ResourceSliceStrategy(Strategy):
    """ResourceSlice."""

    metadata_rules = (CHANGE,)
    has_generation: ClassVar[bool] = True
    delete_returns_object: ClassVar[bool] = True

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Date the taints."""
        for device in (obj.get("spec") or {}).get("devices") or ():
            for taint in device.get("taints") or ():
                if taint.get("timeAdded") is None:
                    taint["timeAdded"] = context.now

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Date the taints that are new."""
        self.prepare_for_create(context, obj)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Driver, pool and devices."""
        if context.version not in _FORMER:
            validate_resource_slice(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Driver, pool and node are fixed."""
        if context.version not in _FORMER:
            validate_resource_slice_update(obj, old, errors)

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """Node and driver."""
        spec = obj.get("spec") or {}
        return {
            "spec.nodeName": spec.get("nodeName") or "",
            "spec.driver": spec.get("driver", ""),
        }
