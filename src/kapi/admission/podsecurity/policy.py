"""The policy of a namespace: which level, at which version, is enforced and warned about.

Implements "Enforce Pod Security Standards with Namespace Labels" of the documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.admission.podsecurity.baseline import BASELINE
from kapi.admission.podsecurity.restricted import RESTRICTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.admission.podsecurity.check import Check, Violation
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["LEVELS", "Level", "Policy", "policy_of", "validate_labels", "violations"]

_PREFIX = "pod-security.kubernetes.io/"
_MODES = ("enforce", "audit", "warn")
# From what allows most to what allows least.
LEVELS = ("privileged", "baseline", "restricted")
_VERSION = re.compile(r"v1\.(0|[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the standards at a version: ``latest``, or ``v1.24``."""

    name: str = "privileged"
    version: str = "latest"

    @property
    def strictness(self) -> int:
        """The place among the levels."""
        return LEVELS.index(self.name)

    def minor(self, served: int) -> int:
        """The minor version whose rules hold."""
        match = _VERSION.fullmatch(self.version)
        return served if match is None else min(int(match[1]), served)

    def __str__(self) -> str:
        return f"{self.name}:{self.version}"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is refused and what is warned about."""

    enforce: Level
    warn: Level


def policy_of(labels: Mapping[str, str]) -> Policy:
    """The policy that a namespace's labels choose; what they spell wrong means restricted.

    Without a level to warn about, what is enforced is warned about where it is not refused.
    """
    enforce = _level(labels, "enforce")
    warn = _level(labels, "warn")
    if f"{_PREFIX}warn" not in labels and enforce.strictness > warn.strictness:
        warn = enforce
    return Policy(enforce, warn)


def _level(labels: Mapping[str, str], mode: str) -> Level:
    name = labels.get(f"{_PREFIX}{mode}", LEVELS[0])
    version = labels.get(f"{_PREFIX}{mode}-version", "latest")
    valid = version == "latest" or _VERSION.fullmatch(version) is not None
    return Level(name if name in LEVELS else LEVELS[-1], version if valid else "latest")


def validate_labels(labels: Mapping[str, str], errors: ErrorList) -> None:
    """Check the labels that choose a policy."""
    for mode in _MODES:
        level, version = f"{_PREFIX}{mode}", f"{_PREFIX}{mode}-version"
        if level in labels and labels[level] not in LEVELS:
            why = f"must be one of {', '.join(LEVELS)}"
            errors.invalid(f"metadata.labels[{level}]", labels[level], why)
        given = labels.get(version, "latest")
        if given != "latest" and _VERSION.fullmatch(given) is None:
            path = f"metadata.labels[{version}]"
            errors.invalid(path, given, 'must be "latest" or "v1.x"')


def violations(meta: JSONObject, spec: JSONObject, level: Level, served: int) -> list[Violation]:
    """What a pod does that a level forbids, baseline rules first."""
    if level.name == LEVELS[0]:
        return []
    version = level.minor(served)
    checks: list[Check] = [check for check in BASELINE if check.since <= version]
    if level.name == LEVELS[-1]:
        more = [check for check in RESTRICTED if check.since <= version]
        replaced = {check.overrides for check in more}
        checks = [check for check in checks if check.name not in replaced] + more
    found = (check.judge(meta, spec, version) for check in checks)
    return [violation for violation in found if violation is not None]
