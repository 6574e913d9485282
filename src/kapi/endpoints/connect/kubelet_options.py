"""KubeletOptions: how the API server talks to kubelets; the ``--kubelet-…`` flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KubeletOptions"]


@dataclass(frozen=True, slots=True)
class KubeletOptions:
    """The first of the preferred address types that a node has is where its kubelet is.

    Without a certificate authority kubelets are not verified, as by kube-apiserver.
    """

    client_certificate: Path | None = None
    client_key: Path | None = None
    certificate_authority: Path | None = None
    preferred_address_types: tuple[str, ...] = (
        "Hostname",
        "InternalDNS",
        "InternalIP",
        "ExternalDNS",
        "ExternalIP",
    )
    timeout_seconds: float = 5.0
