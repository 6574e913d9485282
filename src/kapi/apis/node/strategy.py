"""Strategy of RuntimeClass."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apis.node.deprecated_labels import deprecated_label_message
from kapi.apis.node.validation import validate_runtime_class, validate_runtime_class_update
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["RuntimeClassStrategy"]


class RuntimeClassStrategy(Strategy):
    """RuntimeClass."""

    standard_finalizers = False
    allow_create_on_update: ClassVar[bool] = True
    allow_unconditional_update: ClassVar[bool] = False

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Handler, overhead and scheduling."""
        validate_runtime_class(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The handler is fixed."""
        validate_runtime_class_update(obj, old, errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Node labels with newer names."""
        selector = (obj.get("scheduling") or {}).get("nodeSelector") or {}
        for key in sorted(selector):
            message = deprecated_label_message(key)
            if message:
                context.warn(f"scheduling.nodeSelector: {message}")

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Node labels with newer names."""
        self.warnings_on_create(context, obj)
