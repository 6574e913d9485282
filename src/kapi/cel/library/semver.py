"""Semantic versions: the library of ``semver()`` and ``isSemver()``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.apimachinery.field import quote
from kapi.cel.types import opaque
from kapi.cel.values import CelError
from kapi.util.integers import parse_uint64

if TYPE_CHECKING:
    from kapi.cel.functions import Functions

__all__ = ["declare_semver"]

_NUMBER = r"(0|[1-9]\d*)"
_IDENTIFIER = r"(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
).fullmatch
_LOOSE = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+].*)?", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Semver:
    """A version without what it says about its build."""

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...]

    def order(self) -> tuple[object, ...]:
        """What versions are ordered by: a release follows its candidates."""
        # Numbers by their length first: they have no leading zeros, and may be of any size.
        parts = tuple((0, len(p), p) if p.isdigit() else (1, 0, p) for p in self.pre)
        return (self.major, self.minor, self.patch, not self.pre, parts)

    def compare(self, other: Semver) -> int:
        """Less than, equal to, or greater than zero."""
        a, b = self.order(), other.order()
        return -1 if a < b else int(a > b)


def _semver(text: str, normalize: bool = False) -> Semver:
    given = _normal(text) if normalize else text
    match = _VERSION(given)
    if match is None:
        raise CelError(f"No Major.Minor.Patch elements found: {text}")
    pre = tuple(match[4].split(".")) if match[4] else ()
    return Semver(_number(match[1]), _number(match[2]), _number(match[3]), pre)


def _number(text: str) -> int:
    try:
        return parse_uint64(text)
    except ValueError as error:
        raise CelError(f"strconv.ParseUint: parsing {quote(text)}: {error}") from error


def _normal(text: str) -> str:
    match = _LOOSE(text)
    if match is None:
        return text
    major, minor, patch, rest = match.groups()
    parts = [(part or "0").lstrip("0") or "0" for part in (major, minor, patch)]
    return f"{'.'.join(parts)}{rest or ''}"


def _is_semver(text: str, normalize: bool = False) -> bool:
    try:
        _semver(text, normalize)
    except CelError:
        return False
    return True


def declare_semver(functions: Functions) -> None:
    """Declare the functions of versions."""
    opaque("kubernetes.Semver", Semver)
    declare = functions.declare
    kind = "kubernetes.Semver"
    declare("semver", f"(string) -> {kind}", _semver)
    declare("semver", f"(string, bool) -> {kind}", _semver)
    declare("isSemver", "(string) -> bool", _is_semver)
    declare("isSemver", "(string, bool) -> bool", _is_semver)
    declare("major", f"{kind}.() -> int", lambda version: version.major)
    declare("minor", f"{kind}.() -> int", lambda version: version.minor)
    declare("patch", f"{kind}.() -> int", lambda version: version.patch)
    declare("isGreaterThan", f"{kind}.({kind}) -> bool", lambda a, b: a.compare(b) > 0)
    declare("isLessThan", f"{kind}.({kind}) -> bool", lambda a, b: a.compare(b) < 0)
    declare("compareTo", f"{kind}.({kind}) -> int", lambda a, b: a.compare(b))
