"""Registers the kinds of admissionregistration.k8s.io."""

from __future__ import annotations

from kapi.apis.admissionregistration import columns, defaults, strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "admissionregistration.k8s.io"
_POLICY_VERSIONS = ("v1", "v1beta1", "v1alpha1")


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "validatingwebhookconfigurations",
        KindRules(
            strategy=strategy.ValidatingWebhookConfigurationStrategy(),
            defaults={"v1": defaults.default_validating_webhooks},
            columns=columns.WEBHOOK_CONFIGURATION,
        ),
    )
    rules.add(
        _GROUP,
        "mutatingwebhookconfigurations",
        KindRules(
            strategy=strategy.MutatingWebhookConfigurationStrategy(),
            defaults={"v1": defaults.default_mutating_webhooks},
            columns=columns.WEBHOOK_CONFIGURATION,
        ),
    )
    rules.add(
        _GROUP,
        "validatingadmissionpolicies",
        KindRules(
            strategy=strategy.ValidatingAdmissionPolicyStrategy(),
            subresources={"status": strategy.ValidatingAdmissionPolicyStatusStrategy()},
            defaults=dict.fromkeys(_POLICY_VERSIONS, defaults.default_policy),
            columns=columns.VALIDATING_POLICY,
        ),
    )
    rules.add(
        _GROUP,
        "mutatingadmissionpolicies",
        KindRules(
            strategy=strategy.MutatingAdmissionPolicyStrategy(),
            defaults=dict.fromkeys(_POLICY_VERSIONS, defaults.default_policy),
            columns=columns.MUTATING_POLICY,
        ),
    )
    rules.add(
        _GROUP,
        "validatingadmissionpolicybindings",
        KindRules(
            strategy=strategy.ValidatingAdmissionPolicyBindingStrategy(),
            defaults=dict.fromkeys(_POLICY_VERSIONS, defaults.default_policy_binding),
            columns=columns.POLICY_BINDING,
        ),
    )
    rules.add(
        _GROUP,
        "mutatingadmissionpolicybindings",
        KindRules(
            strategy=strategy.MutatingAdmissionPolicyBindingStrategy(),
            defaults=dict.fromkeys(_POLICY_VERSIONS, defaults.default_policy_binding),
            columns=columns.POLICY_BINDING,
        ),
    )
