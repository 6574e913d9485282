"""Custom resources that operators and client libraries are tried with."""

from __future__ import annotations

from pathlib import Path

OPERATORS = Path(__file__).parent / "operators"


def define_cafes(kubectl):
    """Create the definition of cafes and those of kopf's peerings."""
    kubectl("apply", "-f", str(OPERATORS / "cafes.yaml"))
    kubectl("wait", "--for=condition=Established", "crd/cafes.example.com")
