"""Which built-in APIs a server serves: the defaults of its version and ``--runtime-config``.

Implements "Enabling or disabling API groups" of the documentation. Settings are applied from the
general to the particular whatever their order: ``api/all``, then ``api/ga``, ``api/beta`` and
``api/alpha``, then ``group/version`` (``v1`` or ``api/v1`` for the core group), then
``group/version/resource``. ``api/legacy`` is accepted and means nothing, as kube-apiserver has
it. What is switched off is not served; stored objects stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.versions import is_enabled_by_default, stage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["ResourceConfig", "RuntimeConfigError"]

# Selectors of many versions in the order in which they are applied, with the stage they select.
_SELECTORS = {"api/all": "", "api/ga": "ga", "api/beta": "beta", "api/alpha": "alpha"}
_IGNORED = "api/legacy"
_VERSION_PARTS = 2
_RESOURCE_PARTS = 3


class RuntimeConfigError(Exception):
    """A setting that names nothing; the text is one line for the user."""


class ResourceConfig:
    """Tells for each resource of one Kubernetes version whether it is served.

    ``known`` are all (group, version, resource) that the version could serve.
    """

    def __init__(
        self, settings: Mapping[str, bool], minor: int, known: Collection[tuple[str, str, str]]
    ) -> None:
        self._minor = minor
        self._stages: dict[str, bool] = {}
        self._versions: dict[tuple[str, str], bool] = {}
        self._resources: dict[tuple[str, str, str], bool] = {}
        for key, value in settings.items():
            self._set(key, known, value=value)
        if settings.get("api/all") is False and len(settings) == 1:
            raise RuntimeConfigError("api/all=false alone leaves nothing to serve")

    def _set(self, key: str, known: Collection[tuple[str, str, str]], *, value: bool) -> None:
        if key == _IGNORED:
            return
        if key in _SELECTORS:
            self._stages[_SELECTORS[key]] = value
            return
        group, version, resource = _parse(key)
        if group not in {name for name, _, _ in known}:
            raise RuntimeConfigError(f"unknown api groups {group}")
        if (group, version) not in {found[:2] for found in known}:
            name = f"{group}/{version}" if group else version
            raise RuntimeConfigError(
                f"group version {name} that has not been registered in 1.{self._minor}"
            )
        if not resource:
            self._versions[group, version] = value
        elif (group, version, resource) in known:
            self._resources[group, version, resource] = value
        else:
            raise RuntimeConfigError(f"{key} names no resource of 1.{self._minor}")

    def enabled(self, group: str, version: str, resource: str) -> bool:
        """Whether a resource is served."""
        setting = self._resources.get((group, version, resource))
        if setting is None:
            setting = self._versions.get((group, version))
        if setting is None:
            setting = self._stages.get(stage(version), self._stages.get(""))
        if setting is None:
            return is_enabled_by_default(group, version, resource, self._minor)
        return setting


def _parse(key: str) -> tuple[str, str, str]:
    """Group, version and resource (empty for all) of a key."""
    parts = key.split("/")
    if parts == ["v1"] or parts[:2] == ["api", "v1"]:
        return "", "v1", "/".join(parts[2:])
    if len(parts) == _VERSION_PARTS and all(parts):
        return parts[0], parts[1], ""
    if len(parts) == _RESOURCE_PARTS and all(parts):
        return parts[0], parts[1], parts[2]
    raise RuntimeConfigError(f"invalid key {key}")
