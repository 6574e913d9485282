"""JSONPath as printer columns and selectable fields write it.

Implements the part of "JSONPath Support" that definitions may use: members, indexes, slices,
wildcards, recursive descent and filters by comparison.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONValue

    # From the values so far to those one step further.
    Step: TypeAlias = Callable[[list[JSONValue]], list[JSONValue]]

__all__ = ["JSONPathError", "compile_path", "simple_path"]

_NAME = re.compile(r"(?:[^.\[\]\\'\"{}()@?*\s]|\\.)+")
_INDEX = re.compile(r"\[(-?\d+)\]")
_SLICE = re.compile(r"\[(-?\d*):(-?\d*)(?::(-?\d*))?\]")
_QUOTED = re.compile(r"\[(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")\]")
_FILTER = re.compile(r"\[\?\(\s*@((?:[^()=!<>]|\\.)*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.*?))?\s*\)\]")
_SIMPLE = re.compile(r"(?:\.[A-Za-z0-9_$-]+)+").fullmatch


# Of a place in a list.
_MOST_DIGITS, _FAR = 18, 1 << 60


class JSONPathError(ValueError):
    """The text is no JSONPath."""


def simple_path(path: str) -> tuple[str, ...] | None:
    """The members that a path without indexes or filters names; None for any other."""
    return tuple(path.split(".")[1:]) if _SIMPLE(path) else None


def compile_path(path: str) -> Callable[[JSONValue], list[JSONValue]]:
    """A function that finds all values of a path; raises JSONPathError."""
    steps: list[Step] = []
    position = 0
    text = path.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1].strip()
    if text.startswith("$"):
        position = 1
    while position < len(text):
        step, position = _step(text, position)
        # A second descent right after another one finds nothing new, though each value often.
        if step is not _descendants or not steps or steps[-1] is not _descendants:
            steps.append(step)

    def find(value: JSONValue) -> list[JSONValue]:
        found = [value]
        for step in steps:
            found = step(found)
        return found

    return find


def _step(text: str, position: int) -> tuple[Step, int]:
    if text.startswith("..", position):
        name = _NAME.match(text, position + 2)
        if name is None:
            return _descendants, position + 2
        return _recursive(_unescaped(name[0])), name.end()
    if text.startswith((".*", "[*]"), position):
        return _wildcard, position + (2 if text[position] == "." else 3)
    if text[position] == ".":
        name = _NAME.match(text, position + 1)
        if name is not None:
            return _member(_unescaped(name[0])), name.end()
        if position + 1 == len(text) or text[position + 1] == "[":
            return list, position + 1
    if text[position] == "[":
        for pattern, build in _BRACKETS:
            found = pattern.match(text, position)
            if found is not None:
                return build(found), found.end()
    raise JSONPathError(f"unrecognized character in {text!r} at {position}")


def _unescaped(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


def _member(name: str) -> Step:
    def step(values: list[JSONValue]) -> list[JSONValue]:
        return [v[name] for v in values if v.__class__ is dict and name in v]

    return step


def _recursive(name: str) -> Step:
    def step(values: list[JSONValue]) -> list[JSONValue]:
        return [v[name] for v in _descendants(values) if v.__class__ is dict and name in v]

    return step


def _children(value: JSONValue) -> list[JSONValue]:
    if value.__class__ is dict:
        return list(value.values())
    return value if value.__class__ is list else []


def _wildcard(values: list[JSONValue]) -> list[JSONValue]:
    return [child for value in values for child in _children(value)]


def _descendants(values: list[JSONValue]) -> list[JSONValue]:
    found: list[JSONValue] = []
    for value in values:
        found.append(value)
        found.extend(_descendants(_children(value)))
    return found


def _position(text: str) -> int:
    """A place in a list; one with too many digits is beyond the end of any."""
    if len(text) > _MOST_DIGITS:
        return -_FAR if text.startswith("-") else _FAR
    return int(text)


def _index(found: re.Match[str]) -> Step:
    index = _position(found[1])

    def step(values: list[JSONValue]) -> list[JSONValue]:
        return [v[index] for v in values if v.__class__ is list and -len(v) <= index < len(v)]

    return step


def _slice(found: re.Match[str]) -> Step:
    bounds = slice(*(_position(group) if group else None for group in found.groups()))

    def step(values: list[JSONValue]) -> list[JSONValue]:
        return [item for v in values if v.__class__ is list for item in v[bounds]]

    return step


def _quoted(found: re.Match[str]) -> Step:
    return _member(_unescaped(found[1] if found[1] is not None else found[2]))


def _filter(found: re.Match[str]) -> Step:
    path, operator, literal = found.groups()
    find = compile_path(path or "")
    wanted = _literal(literal) if operator else None

    def step(values: list[JSONValue]) -> list[JSONValue]:
        return [
            item
            for value in values
            for item in _children(value)
            if any(_compare(operator, left, wanted) for left in find(item))
        ]

    return step


def _literal(text: str) -> JSONValue:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return _unescaped(text[1:-1])
    if text in {"true", "false"}:
        return text == "true"
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        raise JSONPathError(f"unrecognized literal {text!r}") from None


def _compare(operator: str | None, left: JSONValue, right: JSONValue) -> bool:
    if operator is None:
        return True
    if operator == "==":
        return bool(left == right)
    if operator == "!=":
        return bool(left != right)
    if isinstance(left, str) is not isinstance(right, str) or isinstance(left, (dict, list)):
        return False
    if left is None:
        return False
    if operator in {"<", "<="}:
        return bool(left < right) or (operator == "<=" and bool(left == right))
    return bool(left > right) or (operator == ">=" and bool(left == right))


_BRACKETS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Step]], ...] = (
    (_INDEX, _index),
    (_SLICE, _slice),
    (_QUOTED, _quoted),
    (_FILTER, _filter),
)
