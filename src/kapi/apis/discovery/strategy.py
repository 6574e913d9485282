"""Strategy of EndpointSlice."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery.addresses import ip_warnings
from kapi.apis.discovery.validation import (
    validate_endpoint_slice,
    validate_endpoint_slice_update,
)
from kapi.registry.strategy import WHOLE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["EndpointSliceStrategy"]


class EndpointSliceStrategy(Strategy):
    """EndpointSlice: labels count as a change of its meaning."""

    metadata_rules = (WHOLE,)
    has_generation: ClassVar[bool] = True
    generation_fields: ClassVar[tuple[str, ...]] = (
        "endpoints",
        "ports",
        "addressType",
        "metadata.labels",
    )

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """The topology of beta versions cannot be written any more."""
        for endpoint in obj.get("endpoints") or ():
            endpoint.pop("deprecatedTopology", None)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Changed endpoints lose the topology of beta versions."""
        if obj.get("endpoints") != old.get("endpoints"):
            self.prepare_for_create(context, obj)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Address type, endpoints and ports."""
        validate_endpoint_slice(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The address type is fixed."""
        validate_endpoint_slice_update(obj, old, errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Deprecated types and spellings of addresses."""
        if obj.get("addressType") == "FQDN":
            context.warn("spec.addressType: FQDN endpoints are deprecated")
        self._warn_of_addresses(context, obj)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Spellings of addresses."""
        self._warn_of_addresses(context, obj)

    @staticmethod
    def _warn_of_addresses(context: RequestContext, obj: JSONObject) -> None:
        if obj.get("addressType") == "FQDN":
            return
        for i, endpoint in enumerate(obj.get("endpoints") or ()):
            for j, address in enumerate(endpoint.get("addresses") or ()):
                for warning in ip_warnings(f"endpoints[{i}].addresses[{j}]", address):
                    context.warn(warning)
