"""Strategies of the networking kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import names
from kapi.apis.networking.address_validation import (
    validate_ip_address,
    validate_ip_address_update,
    validate_service_cidr,
    validate_service_cidr_update,
)
from kapi.apis.networking.ingress_validation import (
    CLASS_ANNOTATION,
    validate_ingress,
    validate_ingress_class,
    validate_ingress_class_update,
    validate_ingress_create,
    validate_ingress_status,
)
from kapi.apis.networking.network_policy_validation import (
    network_policy_warnings,
    validate_network_policy,
)
from kapi.registry.strategy import CHANGE, CLIENT_METADATA, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = [
    "IPAddressStrategy",
    "IngressClassStrategy",
    "IngressStatusStrategy",
    "IngressStrategy",
    "NetworkPolicyStrategy",
    "ServiceCIDRStatusStrategy",
    "ServiceCIDRStrategy",
]


class IngressStrategy(Strategy):
    """Ingress."""

    has_generation: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """A new Ingress has no addresses yet."""
        obj["status"] = {"loadBalancer": {}}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """The spec and the old class annotation."""
        validate_ingress_create(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The spec; the class annotation is not looked at."""
        validate_ingress(obj, errors, old=old)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """The class annotation is deprecated."""
        annotations = obj["metadata"].get("annotations") or {}
        if CLASS_ANNOTATION in annotations and obj["spec"].get("ingressClassName") is None:
            context.warn(
                f'annotation "{CLASS_ANNOTATION}" is deprecated, '
                "please use 'spec.ingressClassName' instead"
            )


class IngressStatusStrategy(Strategy):
    """ingresses/status."""

    metadata_rules = (CHANGE,)
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The load balancer's addresses."""
        validate_ingress_status(obj, errors)


class IngressClassStrategy(Strategy):
    """IngressClass."""

    has_generation: ClassVar[bool] = True

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Controller and parameters."""
        validate_ingress_class(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The controller is fixed."""
        validate_ingress_class_update(obj, old, errors)


class NetworkPolicyStrategy(Strategy):
    """NetworkPolicy; it had a status up to Kubernetes 1.27."""

    metadata_rules = (CHANGE,)
    has_generation: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Rules, peers and ports."""
        validate_network_policy(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Rules, peers and ports."""
        validate_network_policy(obj, errors, old=old)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Ambiguous CIDR values."""
        for warning in network_policy_warnings(obj):
            context.warn(warning)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Ambiguous CIDR values."""
        self.warnings_on_create(context, obj)


class IPAddressStrategy(Strategy):
    """IPAddress."""

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """The name is the address."""
        return names.ip(name)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """The object that holds the address."""
        validate_ip_address(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The object that holds the address is fixed."""
        validate_ip_address(obj, errors)
        validate_ip_address_update(obj, old, errors)


class ServiceCIDRStrategy(Strategy):
    """ServiceCIDR."""

    metadata_rules = (CHANGE,)
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """A new range is not ready yet."""
        obj["status"] = {}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """The ranges."""
        validate_service_cidr(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Ranges are fixed."""
        validate_service_cidr(obj, errors)
        validate_service_cidr_update(obj, old, errors)


class ServiceCIDRStatusStrategy(Strategy):
    """servicecidrs/status."""

    reset_metadata = CLIENT_METADATA
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
