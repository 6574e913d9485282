"""Check: one rule of the Pod Security Standards, and how its findings are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kapi.apimachinery.types import JSONObject

__all__ = [
    "Check",
    "Violation",
    "containers_of",
    "quoted",
    "security_context",
    "setters",
    "some",
]


class Violation(NamedTuple):
    """What a pod violates: the rule, and where."""

    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


# Judges a pod's metadata and spec at a minor version of the standards.
Judge: TypeAlias = "Callable[[JSONObject, JSONObject, int], Violation | None]"


@dataclass(frozen=True, slots=True)
class Check:
    """One rule: its name gives its place, ``since`` the first version of the standards with it.

    ``overrides`` names the baseline rule that a restricted one makes superfluous.
    """

    name: str
    judge: Judge
    since: int = 0
    overrides: str = ""


def containers_of(spec: JSONObject) -> Iterator[JSONObject]:
    """All containers of a pod, in the order in which they are told."""
    for member in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(member) or ()


def security_context(holder: JSONObject) -> JSONObject:
    """The security context of a pod's spec or a container, empty when there is none."""
    context: JSONObject = holder.get("securityContext") or {}
    return context


def quoted(names: Iterable[str]) -> str:
    """Names as messages list them: ``"a", "b"``."""
    return ", ".join(f'"{name}"' for name in names)


def some(noun: str, names: Sequence[str]) -> str:
    """A noun with names: ``container "a"`` or ``containers "a", "b"``."""
    return f"{noun if len(names) == 1 else noun + 's'} {quoted(names)}"


def setters(spec: JSONObject, sets: Callable[[JSONObject], bool]) -> str:
    """Who sets something: ``pod and containers "a", "b"``; empty when nobody does."""
    parts = ["pod"] if sets(security_context(spec)) else []
    names = [c["name"] for c in containers_of(spec) if sets(security_context(c))]
    if names:
        parts.append(some("container", names))
    return " and ".join(parts)
