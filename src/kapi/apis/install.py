"""Registers the rules of every built-in kind."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.registry.rules import Rules

__all__ = ["install"]

_MODULES = (
    "core.install_pods",
    "core.install_rest",
    "admissionregistration.install",
    "apiregistration.install",
    "apiserverinternal.install",
    "apps.install",
    "authorization.install",
    "autoscaling.install",
    "batch.install",
    "certificates.install",
    "coordination.install",
    "discovery.install",
    "events.install",
    "flowcontrol.install",
    "lifecycle.install",
    "networking.install",
    "node.install",
    "policy.install",
    "rbac.install",
    "resource.install",
    "scheduling.install",
    "storage.install",
    "storagemigration.install",
)


def install(rules: Rules) -> None:
    """Register the rules of all groups."""
    for name in _MODULES:
        importlib.import_module(f"kapi.apis.{name}").install(rules)
