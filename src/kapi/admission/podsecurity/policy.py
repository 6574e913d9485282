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

__all__ = [
    "LEVELS",
    "MODES",
    "Level",
    "Policy",
    "described",
    "is_version",
    "policy_of",
    "validate_labels",
    "violations",
]

_PREFIX = "pod-security.kubernetes.io/"
MODES = ("enforce", "audit", "warn")
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
    """What is refused, what is warned about, and what is only noted."""

    enforce: Level = Level()
    warn: Level = Level()
    audit: Level = Level()

    @property
    def allows_all(self) -> bool:
        """Whether nothing is refused or told."""
        return all(each.name == LEVELS[0] for each in (self.enforce, self.warn, self.audit))


_ALLOW_ALL = Policy()


def policy_of(labels: Mapping[str, str], defaults: Policy = _ALLOW_ALL) -> Policy:
    """The policy that a namespace's labels choose; what they spell wrong means restricted.

    Without a level to warn about, what labels enforce is warned about where it is stricter.
    """
    enforce, warn, audit = (
        _level(labels, mode, default)
        for mode, default in (
            ("enforce", defaults.enforce),
            ("warn", defaults.warn),
            ("audit", defaults.audit),
        )
    )
    is_chosen = f"{_PREFIX}enforce" in labels and f"{_PREFIX}warn" not in labels
    if is_chosen and enforce.strictness > warn.strictness:
        warn = enforce
    return Policy(enforce, warn, audit)


def described(labels: Mapping[str, str], policy: Policy) -> str:
    """The parts of a policy that labels have chosen."""
    levels = zip(MODES, (policy.enforce, policy.audit, policy.warn), strict=True)
    return ", ".join(
        f"{mode}={level}"
        for mode, level in levels
        if level.name != LEVELS[0]
        and (f"{_PREFIX}{mode}" in labels or f"{_PREFIX}{mode}-version" in labels)
    )


def is_version(text: str) -> bool:
    """Whether a text names a version of the standards."""
    return text == "latest" or _VERSION.fullmatch(text) is not None


def _level(labels: Mapping[str, str], mode: str, default: Level) -> Level:
    name = labels.get(f"{_PREFIX}{mode}", default.name)
    version = labels.get(f"{_PREFIX}{mode}-version", default.version)
    return Level(
        name if name in LEVELS else LEVELS[-1], version if is_version(version) else "latest"
    )


def validate_labels(labels: Mapping[str, str], errors: ErrorList) -> None:
    """Check the labels that choose a policy."""
    for mode in MODES:
        level, version = f"{_PREFIX}{mode}", f"{_PREFIX}{mode}-version"
        if level in labels and labels[level] not in LEVELS:
            why = f"must be one of {', '.join(LEVELS)}"
            errors.invalid(f"metadata.labels[{level}]", labels[level], why)
        given = labels.get(version, "latest")
        if not is_version(given):
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
