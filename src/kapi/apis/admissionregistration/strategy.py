"""Strategies of webhook configurations, admission policies and their bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apis.admissionregistration.mutating_policy_validation import validate_mutating_policy
from kapi.apis.admissionregistration.policy_validation import (
    validate_policy_binding,
    validate_policy_status,
    validate_validating_policy,
)
from kapi.apis.admissionregistration.webhook_validation import validate_webhooks
from kapi.registry.strategy import CLIENT_METADATA, WHOLE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = [
    "MutatingAdmissionPolicyBindingStrategy",
    "MutatingAdmissionPolicyStrategy",
    "MutatingWebhookConfigurationStrategy",
    "ValidatingAdmissionPolicyBindingStrategy",
    "ValidatingAdmissionPolicyStatusStrategy",
    "ValidatingAdmissionPolicyStrategy",
    "ValidatingWebhookConfigurationStrategy",
]


class _ConfigurationStrategy(Strategy):
    """What all six kinds share."""

    standard_finalizers = False
    metadata_rules = (WHOLE,)
    allow_unconditional_update: ClassVar[bool] = False
    has_generation: ClassVar[bool] = True


class ValidatingWebhookConfigurationStrategy(_ConfigurationStrategy):
    """ValidatingWebhookConfiguration."""

    generation_fields: ClassVar[tuple[str, ...]] = ("webhooks",)
    _mutating: ClassVar[bool] = False

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """All webhooks."""
        validate_webhooks(obj, errors, mutating=self._mutating)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """All webhooks, by the rules that the old ones kept."""
        validate_webhooks(obj, errors, mutating=self._mutating, old=old)


class MutatingWebhookConfigurationStrategy(ValidatingWebhookConfigurationStrategy):
    """MutatingWebhookConfiguration."""

    _mutating: ClassVar[bool] = True


# The first minor version in which policies have a status and bindings say what happens.
_STATUS_MINOR = 27


class ValidatingAdmissionPolicyStrategy(_ConfigurationStrategy):
    """ValidatingAdmissionPolicy."""

    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Nothing is type-checked yet."""
        if context.minor >= _STATUS_MINOR:
            obj["status"] = {}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """What is matched, and the validations."""
        validate_validating_policy(obj, errors)


class ValidatingAdmissionPolicyStatusStrategy(_ConfigurationStrategy):
    """validatingadmissionpolicies/status."""

    reset_metadata = CLIENT_METADATA
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The result of type checking, and conditions."""
        validate_policy_status(obj, errors)


class MutatingAdmissionPolicyStrategy(_ConfigurationStrategy):
    """MutatingAdmissionPolicy."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """What is matched, and the mutations."""
        validate_mutating_policy(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The same, but for expressions that stay as they are."""
        validate_mutating_policy(obj, errors, old)


class ValidatingAdmissionPolicyBindingStrategy(_ConfigurationStrategy):
    """ValidatingAdmissionPolicyBinding."""

    _mutating: ClassVar[bool] = False

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Policy, parameters, matching and actions."""
        actions = not self._mutating and context.minor >= _STATUS_MINOR
        validate_policy_binding(obj, errors, actions=actions, mutating=self._mutating)


class MutatingAdmissionPolicyBindingStrategy(ValidatingAdmissionPolicyBindingStrategy):
    """MutatingAdmissionPolicyBinding."""

    _mutating: ClassVar[bool] = True
