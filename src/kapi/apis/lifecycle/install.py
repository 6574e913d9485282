"""Registers the kinds of lifecycle.k8s.io."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.rules import KindRules, Rules
from kapi.registry.status_strategies import SpecStrategy, StatusStrategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["install"]

_INTENTS = ("Eviction", "Withdrawn")


class EvictionStrategy(SpecStrategy):
    """Eviction: what is evicted is fixed."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """There is one target."""
        if not (obj.get("spec") or {}).get("target"):
            errors.required("spec.target")

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The target stays."""
        self.validate(context, obj, errors)
        target = (obj.get("spec") or {}).get("target")
        if target != (old.get("spec") or {}).get("target"):
            errors.invalid("spec.target", target, "field is immutable")


class EvictionRequestStrategy(EvictionStrategy):
    """EvictionRequest: who asks, and whether he still does."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Target, requester and intent."""
        super().validate(context, obj, errors)
        spec = obj.get("spec") or {}
        if not spec.get("requester"):
            errors.required("spec.requester")
        intent = spec.get("intent")
        if not intent:
            errors.required("spec.intent")
        elif intent not in _INTENTS:
            errors.not_supported("spec.intent", intent, _INTENTS)


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    for resource, strategy in (
        ("evictions", EvictionStrategy()),
        ("evictionrequests", EvictionRequestStrategy()),
    ):
        status = {"status": StatusStrategy()}
        rules.add("lifecycle.k8s.io", resource, KindRules(strategy=strategy, subresources=status))
