"""Validation of Lease and LeaseCandidate.

Implements "Leases" and "Coordinated Leader Election" of the documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kapi.apimachinery import names

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_lease", "validate_lease_candidate", "validate_lease_candidate_update"]

_SEMVER = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
)
_STRATEGIES = ("OldestEmulationVersion",)


def validate_lease(obj: JSONObject, errors: ErrorList) -> None:
    """A Lease: its duration and its count of transitions."""
    spec = obj.get("spec") or {}
    duration = spec.get("leaseDurationSeconds")
    if duration is not None and duration <= 0:
        errors.invalid("spec.leaseDurationSeconds", duration, "must be greater than 0")
    transitions = spec.get("leaseTransitions")
    if transitions is not None and transitions < 0:
        errors.invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0")


def validate_lease_candidate(obj: JSONObject, errors: ErrorList) -> None:
    """A LeaseCandidate: which lease it wants, and the versions it speaks."""
    spec = obj.get("spec") or {}
    if not spec.get("leaseName"):
        errors.required("spec.leaseName")
    emulation = _version(spec.get("emulationVersion", ""), "spec.emulationVersion", errors)
    binary_text = spec.get("binaryVersion", "")
    if not binary_text:
        errors.required("spec.binaryVersion")
    binary = _version(binary_text, "spec.binaryVersion", errors)
    if emulation and binary and emulation > binary:
        errors.invalid(
            "spec.emulationVersion",
            spec["emulationVersion"],
            "must be less than or equal to `binaryVersion`",
        )
    if "preferredStrategies" in spec:  # v1alpha1
        for index, strategy in enumerate(spec["preferredStrategies"]):
            _validate_strategy(strategy, f"spec.preferredStrategies[{index}]", errors)
    else:
        _validate_strategy(spec.get("strategy", ""), "spec.strategy", errors)


def _validate_strategy(strategy: str, path: str, errors: ErrorList) -> None:
    if not strategy:
        errors.required(path)
        return
    domain, slash, _ = strategy.partition("/")
    if slash:
        errors.invalid_each(path, strategy, names.qualified_name(strategy))
    elif domain not in _STRATEGIES:
        errors.not_supported(path, strategy, _STRATEGIES)


def _version(text: str, path: str, errors: ErrorList) -> tuple[int, int, int] | None:
    if not text:
        return None
    match = _SEMVER.fullmatch(text)
    if match is None:
        errors.invalid(path, text, "No Major.Minor.Patch elements found")
        return None
    return int(match[1]), int(match[2]), int(match[3])


def validate_lease_candidate_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """A candidate stands for one lease."""
    name = (obj.get("spec") or {}).get("leaseName", "")
    if name != (old.get("spec") or {}).get("leaseName", ""):
        errors.invalid("spec.leaseName", name, "field is immutable")
