"""Node: defaults and strategies.

A node may be created with its status, as the kubelet does; later the main resource does not
change it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import addresses
from kapi.apis.core.node_validation import validate_node, validate_node_update
from kapi.apis.core.pod_defaults import default_resource_list
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["NodeStatusStrategy", "NodeStrategy", "default_node"]


def default_node(obj: JSONObject) -> None:
    """Mirror podCIDR and podCIDRs; all of the capacity is allocatable unless told otherwise."""
    spec = obj.get("spec")
    if spec:
        _mirror_pod_cidrs(spec)
    status = obj.get("status")
    if not status:
        return
    capacity = status.get("capacity")
    if capacity:
        default_resource_list(capacity)
        if not status.get("allocatable"):
            status["allocatable"] = dict(capacity)
    if status.get("allocatable"):
        default_resource_list(status["allocatable"])


def _mirror_pod_cidrs(spec: JSONObject) -> None:
    first, cidrs = spec.get("podCIDR"), spec.get("podCIDRs")
    if first and (not cidrs or cidrs[0] != first):
        # Clients that only know the single field have the last word.
        spec["podCIDRs"] = [first]
    elif cidrs and not first:
        spec["podCIDR"] = cidrs[0]


class NodeStrategy(Strategy):
    """Nodes."""

    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Dynamic kubelet configuration is no longer supported."""
        (obj.get("spec") or {}).pop("configSource", None)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Judge a new node."""
        validate_node(obj, errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Warn about deprecated fields and unusual CIDRs."""
        spec = obj.get("spec") or {}
        if spec.get("externalID"):
            context.warn("spec.externalID: this field is deprecated, and is unused by Kubernetes")
        for index, cidr in enumerate(spec.get("podCIDRs") or ()):
            for text in addresses.cidr_warnings(f"spec.podCIDRs[{index}]", cidr):
                context.warn(text)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Dynamic kubelet configuration stays only where it is stored already."""
        if not (old.get("spec") or {}).get("configSource"):
            (obj.get("spec") or {}).pop("configSource", None)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Judge a change."""
        validate_node(obj, errors)
        validate_node_update(obj, old, errors)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Warn about deprecated fields and unusual CIDRs."""
        self.warnings_on_create(context, obj)

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """What field selectors may ask for."""
        unschedulable = (obj.get("spec") or {}).get("unschedulable")
        return {"spec.unschedulable": "true" if unschedulable else "false"}


class NodeStatusStrategy(NodeStrategy):
    """``nodes/status``."""

    metadata_rules = (CHANGE,)
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Spec is kept by ``reset_fields``."""

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Judge what a kubelet reports."""
        validate_node_update(obj, old, errors)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """A status has nothing to warn about."""
