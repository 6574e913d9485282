"""Registers the kinds of admissionregistration.k8s.io."""

from __future__ import annotations

from kapi.apis.admissionregistration import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "admissionregistration.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "mutatingwebhookconfigurations",
        KindRules(
            strategy=strategy.MutatingWebhookConfigurationStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "validatingwebhookconfigurations",
        KindRules(
            strategy=strategy.ValidatingWebhookConfigurationStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "validatingadmissionpolicies",
        KindRules(
            strategy=strategy.ValidatingAdmissionPolicyStrategy(),
            subresources={"status": strategy.ValidatingAdmissionPolicyStatusStrategy()},
        ),
    )
    rules.add(
        _GROUP,
        "validatingadmissionpolicybindings",
        KindRules(
            strategy=strategy.ValidatingAdmissionPolicyBindingStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "mutatingadmissionpolicies",
        KindRules(
            strategy=strategy.MutatingAdmissionPolicyStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "mutatingadmissionpolicybindings",
        KindRules(
            strategy=strategy.MutatingAdmissionPolicyBindingStrategy(),
        ),
    )
