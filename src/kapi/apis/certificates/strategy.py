"""Strategies of the kinds of certificates.k8s.io: what a client may set, and where."""

from __future__ import annotations

from typing import ClassVar

from kapi.apimachinery import names
from kapi.registry.strategy import Strategy

__all__ = [
    "CertificateSigningRequestApprovalStrategy",
    "CertificateSigningRequestStatusStrategy",
    "CertificateSigningRequestStrategy",
]


class CertificateSigningRequestStrategy(Strategy):
    """CertificateSigningRequest."""

    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Names are path segments."""
        return names.path_segment_name(name, prefix=prefix)


class CertificateSigningRequestStatusStrategy(Strategy):
    """CertificateSigningRequest/status."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Names are path segments."""
        return names.path_segment_name(name, prefix=prefix)


class CertificateSigningRequestApprovalStrategy(Strategy):
    """CertificateSigningRequest/approval."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Names are path segments."""
        return names.path_segment_name(name, prefix=prefix)
