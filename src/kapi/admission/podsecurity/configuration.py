"""PodSecurityConfiguration: the policy of namespaces without labels, and who is exempt.

Implements "Configure the Admission Controller" of "Enforce Pod Security Standards by Configuring
the Built-in Admission Controller".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kapi.admission.podsecurity.policy import LEVELS, MODES, Level, Policy, is_version

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["PodSecurityConfiguration", "PodSecurityConfigurationError", "read_pod_security"]

_KIND = "PodSecurityConfiguration"
_GROUP = "pod-security.admission.config.k8s.io"
_VERSIONS = tuple(f"{_GROUP}/{version}" for version in ("v1", "v1beta1", "v1alpha1"))
_EXEMPTIONS = ("usernames", "runtimeClasses", "namespaces")


class PodSecurityConfigurationError(Exception):
    """The configuration cannot be used; the text is one line and names the place."""


@dataclass(frozen=True, slots=True)
class PodSecurityConfiguration:
    """``defaults`` hold where a namespace has no labels; exemptions are names."""

    defaults: Policy = field(default_factory=Policy)
    usernames: AbstractSet[str] = frozenset()
    runtime_classes: AbstractSet[str] = frozenset()
    namespaces: AbstractSet[str] = frozenset()


def read_pod_security(document: JSONObject) -> PodSecurityConfiguration:
    """The configuration as it stands in a file; raises PodSecurityConfigurationError."""
    if document.get("apiVersion") not in _VERSIONS or document.get("kind") != _KIND:
        raise PodSecurityConfigurationError(f"it is no {_KIND} of {_VERSIONS[0]}")
    _members(document, {"apiVersion", "kind", "defaults", "exemptions"}, "")
    allowed = {name for mode in MODES for name in (mode, f"{mode}-version")}
    defaults = _members(document.get("defaults") or {}, allowed, "defaults")
    exemptions = _members(document.get("exemptions") or {}, set(_EXEMPTIONS), "exemptions")
    enforce, audit, warn = (_level(defaults, mode) for mode in MODES)
    return PodSecurityConfiguration(
        Policy(enforce, warn, audit), *(_names(exemptions, each) for each in _EXEMPTIONS)
    )


def _members(value: JSONValue, allowed: set[str], where: str) -> JSONObject:
    if not isinstance(value, dict):
        raise PodSecurityConfigurationError(f"{where}: it must be a mapping")
    unknown = value.keys() - allowed
    if unknown:
        raise PodSecurityConfigurationError(f"{where}: unknown field {min(unknown)!r}".lstrip(": "))
    return value


def _level(defaults: JSONObject, mode: str) -> Level:
    name, version = defaults.get(mode) or LEVELS[0], defaults.get(f"{mode}-version") or "latest"
    if name not in LEVELS:
        raise PodSecurityConfigurationError(
            f"defaults.{mode}: {name!r} is none of {', '.join(LEVELS)}"
        )
    if not isinstance(version, str) or not is_version(version):
        raise PodSecurityConfigurationError(
            f'defaults.{mode}-version: {version!r} is neither "latest" nor "v1.x"'
        )
    return Level(name, version)


def _names(exemptions: JSONObject, kind: str) -> frozenset[str]:
    names = exemptions.get(kind) or []
    if not isinstance(names, list):
        raise PodSecurityConfigurationError(f"exemptions.{kind}: it must be a list")
    for index, name in enumerate(names):
        if not isinstance(name, str) or not name:
            raise PodSecurityConfigurationError(f"exemptions.{kind}[{index}]: a name is required")
        if name in names[:index]:
            raise PodSecurityConfigurationError(
                f"exemptions.{kind}[{index}]: Duplicate value: {name!r}"
            )
    return frozenset(names)
