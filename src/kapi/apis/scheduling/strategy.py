"""Strategy of PriorityClass."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apis.scheduling.validation import (
    validate_priority_class,
    validate_priority_class_update,
)
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["PriorityClassStrategy"]


class PriorityClassStrategy(Strategy):
    """PriorityClass: its generation never rises, for nothing that counts may change."""

    metadata_rules = (CHANGE,)
    has_generation: ClassVar[bool] = True
    generation_fields: ClassVar[tuple[str, ...]] = ()

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Name, value and policy."""
        validate_priority_class(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Value and policy are fixed."""
        validate_priority_class_update(obj, old, errors)
