"""Strategies of the kinds of admissionregistration.k8s.io: what a client may set, and where."""

from __future__ import annotations

from typing import ClassVar

from kapi.registry.strategy import Strategy

__all__ = [
    "MutatingAdmissionPolicyBindingStrategy",
    "MutatingAdmissionPolicyStrategy",
    "MutatingWebhookConfigurationStrategy",
    "ValidatingAdmissionPolicyBindingStrategy",
    "ValidatingAdmissionPolicyStatusStrategy",
    "ValidatingAdmissionPolicyStrategy",
    "ValidatingWebhookConfigurationStrategy",
]


class MutatingWebhookConfigurationStrategy(Strategy):
    """MutatingWebhookConfiguration."""

    allow_unconditional_update: ClassVar[bool] = False
    has_generation: ClassVar[bool] = True
    generation_fields: ClassVar[tuple[str, ...]] = ("webhooks",)


class ValidatingWebhookConfigurationStrategy(Strategy):
    """ValidatingWebhookConfiguration."""

    allow_unconditional_update: ClassVar[bool] = False
    has_generation: ClassVar[bool] = True
    generation_fields: ClassVar[tuple[str, ...]] = ("webhooks",)


class ValidatingAdmissionPolicyStrategy(Strategy):
    """ValidatingAdmissionPolicy."""

    allow_unconditional_update: ClassVar[bool] = False
    has_generation: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)


class ValidatingAdmissionPolicyStatusStrategy(Strategy):
    """ValidatingAdmissionPolicy/status."""

    allow_unconditional_update: ClassVar[bool] = False
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)


class ValidatingAdmissionPolicyBindingStrategy(Strategy):
    """ValidatingAdmissionPolicyBinding."""

    allow_unconditional_update: ClassVar[bool] = False
    has_generation: ClassVar[bool] = True


class MutatingAdmissionPolicyStrategy(Strategy):
    """MutatingAdmissionPolicy."""

    allow_unconditional_update: ClassVar[bool] = False
    has_generation: ClassVar[bool] = True


class MutatingAdmissionPolicyBindingStrategy(Strategy):
    """MutatingAdmissionPolicyBinding."""

    allow_unconditional_update: ClassVar[bool] = False
    has_generation: ClassVar[bool] = True
