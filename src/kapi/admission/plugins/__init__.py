"""The built-in admission plugins, one file each, and their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.admission.plugins.default_storage_class import DefaultStorageClass
from kapi.admission.plugins.default_toleration_seconds import DefaultTolerationSeconds
from kapi.admission.plugins.namespace_lifecycle import NamespaceLifecycle
from kapi.admission.plugins.priority import Priority
from kapi.admission.plugins.storage_object_in_use_protection import StorageObjectInUseProtection
from kapi.admission.plugins.taint_nodes_by_condition import TaintNodesByCondition

if TYPE_CHECKING:
    from collections.abc import Collection

    from kapi.admission.chain import Plugin
    from kapi.admission.lookup import Lookup

__all__ = ["builtin_plugins"]


def builtin_plugins(
    lookup: Lookup, *, enabled: Collection[str] = (), disabled: Collection[str] = ()
) -> list[Plugin]:
    """The plugins that are on by default or asked for, without those switched off, in order."""
    plugins: list[Plugin] = [
        NamespaceLifecycle(lookup),
        TaintNodesByCondition(),
        Priority(lookup),
        DefaultTolerationSeconds(),
        DefaultStorageClass(lookup),
        StorageObjectInUseProtection(),
    ]
    return [plugin for plugin in plugins if plugin.name not in disabled]
