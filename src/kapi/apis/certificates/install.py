"""Registers the kinds of certificates.k8s.io."""

from __future__ import annotations

from kapi.apis.certificates import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "certificates.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "certificatesigningrequests",
        KindRules(
            strategy=strategy.CertificateSigningRequestStrategy(),
            subresources={
                "status": strategy.CertificateSigningRequestStatusStrategy(),
                "approval": strategy.CertificateSigningRequestApprovalStrategy(),
            },
        ),
    )
