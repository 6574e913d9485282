"""Functions of expressions: their overloads, and which one suits the arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapi.cel.types import Type, fits, read_type
from kapi.cel.values import CelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Functions", "Overload", "dispatch"]

_SIGNATURE = re.compile(r"(?:([^()]+)\.)?\((.*)\)->(.+)")


@dataclass(frozen=True, slots=True)
class Overload:
    """One form of a function; a method's receiver is its first parameter.

    ``bind`` makes a function of the receiver where the only argument is known beforehand.
    """

    params: tuple[Type, ...]
    result: Type
    method: bool
    call: Callable[..., Any]
    bind: Callable[[Any], Callable[[Any], Any]] | None = None


class Functions:
    """A library: names of functions and their overloads."""

    def __init__(self, *parts: Mapping[str, Sequence[Overload]]) -> None:
        self.overloads: dict[str, list[Overload]] = {}
        for part in parts:
            for name, overloads in part.items():
                self.overloads.setdefault(name, []).extend(overloads)

    def declare(
        self,
        name: str,
        signature: str,
        call: Callable[..., Any],
        bind: Callable[[Any], Callable[[Any], Any]] | None = None,
    ) -> None:
        """Add ``receiver.(parameters)->result``, or the same without a receiver."""
        match = _SIGNATURE.fullmatch(signature.replace(" ", ""))
        assert match is not None, signature
        receiver, listed, result = match.groups()
        params = [read_type(text) for text in _split(listed)]
        if receiver:
            params.insert(0, read_type(receiver))
        overload = Overload(tuple(params), read_type(result), bool(receiver), call, bind)
        self.overloads.setdefault(name, []).append(overload)


def _split(listed: str) -> list[str]:
    """Parts between the commas that are in no brackets."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(listed):
        depth += (letter == "<") - (letter == ">")
        if letter == "," and depth == 0:
            parts.append(listed[start:at])
            start = at + 1
    return [*parts, listed[start:]] if listed else []


def dispatch(overloads: Sequence[Overload]) -> Callable[..., Any]:
    """A function that picks the overload by the values it is given."""

    def call(*args: Any) -> Any:
        for overload in overloads:
            if all(map(fits, overload.params, args)):
                return overload.call(*args)
        raise CelError("no such overload")

    return call
