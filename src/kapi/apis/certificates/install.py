"""Registers the kinds of certificates.k8s.io."""

from __future__ import annotations

from kapi.apis.certificates import columns, strategy
from kapi.apis.certificates.trust_bundles import CLUSTER_TRUST_BUNDLE, POD_CERTIFICATE_REQUEST
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        "certificates.k8s.io",
        "certificatesigningrequests",
        KindRules(
            strategy=strategy.CertificateSigningRequestStrategy(),
            subresources={
                "status": strategy.CertificateSigningRequestStatusStrategy(),
                "approval": strategy.CertificateSigningRequestApprovalStrategy(),
            },
            columns=columns.CERTIFICATE_SIGNING_REQUEST,
            selectable_fields=("spec.signerName",),
        ),
    )
    rules.add("certificates.k8s.io", "clustertrustbundles", CLUSTER_TRUST_BUNDLE)
    rules.add("certificates.k8s.io", "podcertificaterequests", POD_CERTIFICATE_REQUEST)
