"""Members that the server sets by itself, and that some minor versions do not have or have off.

Defaulting functions are written for the newest version. Where a served version lacks one of the
members below, or has its feature gate off, it is taken away again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.scheme import Type
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.rules import Default

__all__ = ["default_of_version"]

# Paths by group and resource; lists on the way mean each of their items.
_MEMBERS: dict[tuple[str, str], tuple[tuple[str, ...], ...]] = {
    ("", "services"): (("status", "loadBalancer", "ingress", "ipMode"),),
    ("apps", "statefulsets"): (("spec", "persistentVolumeClaimRetentionPolicy"),),
    ("batch", "jobs"): (("spec", "podReplacementPolicy"),),
    ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"): (
        ("spec", "limited", "lendablePercent"),
    ),
    ("storage.k8s.io", "csidrivers"): (("spec", "seLinuxMount"),),
}


def default_of_version(
    group: str, resource: str, kind: Type, default: Default | None
) -> Default | None:
    """The defaulting function of a kind as one minor version has it."""
    missing = [path for path in _MEMBERS.get((group, resource), ()) if not _has(kind, path)]
    if default is None or not missing:
        return default

    def trimmed(obj: JSONObject) -> None:
        default(obj)
        for path in missing:
            _take(obj, path)

    return trimmed


def _has(kind: Type, path: Sequence[str]) -> bool:
    for name in path:
        while kind.kind in {"list", "map"} and kind.element is not None:
            kind = kind.element
        field = kind.fields.get(name)
        if field is None or field.gated:
            return False
        kind = field.type
    return True


def _take(value: JSONValue, path: Sequence[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _take(item, path)
    elif isinstance(value, dict):
        if len(path) == 1:
            value.pop(path[0], None)
        else:
            _take(value.get(path[0]), path[1:])
