"""Strategies of FlowSchema and PriorityLevelConfiguration."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apis.flowcontrol.flow_schema_validation import validate_flow_schema
from kapi.apis.flowcontrol.priority_level_validation import validate_priority_level
from kapi.registry.strategy import CLIENT_METADATA, WHOLE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = [
    "FlowSchemaStatusStrategy",
    "FlowSchemaStrategy",
    "PriorityLevelConfigurationStatusStrategy",
    "PriorityLevelConfigurationStrategy",
]


class FlowSchemaStrategy(Strategy):
    """FlowSchema."""

    metadata_rules = (WHOLE,)
    has_generation: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """The server itself writes the conditions."""
        obj["status"] = {}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Precedence, level and rules."""
        validate_flow_schema(obj, errors)


class FlowSchemaStatusStrategy(FlowSchemaStrategy):
    """flowschemas/status."""

    reset_metadata = CLIENT_METADATA
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)


class PriorityLevelConfigurationStrategy(Strategy):
    """PriorityLevelConfiguration."""

    metadata_rules = (WHOLE,)
    has_generation: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """The server itself writes the conditions."""
        obj["status"] = {}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Shares and queues."""
        validate_priority_level(obj, errors)


class PriorityLevelConfigurationStatusStrategy(PriorityLevelConfigurationStrategy):
    """prioritylevelconfigurations/status."""

    reset_metadata = CLIENT_METADATA
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
