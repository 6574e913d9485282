"""The syntax tree of an expression, and the errors found in its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Call",
    "CompileError",
    "Comprehension",
    "Ident",
    "Issue",
    "ListLiteral",
    "Literal",
    "MapLiteral",
    "Node",
    "ProgramError",
    "Select",
    "StructLiteral",
]


@dataclass(slots=True)
class Node:
    """Any part of an expression; ``position`` is its offset in the source."""

    position: int


@dataclass(slots=True)
class Literal(Node):
    """A constant."""

    value: Any


@dataclass(slots=True)
class Ident(Node):
    """A variable, or the start of a qualified name."""

    name: str


@dataclass(slots=True)
class Select(Node):
    """A member of a value; ``test`` asks whether it is there."""

    operand: Node
    name: str
    optional: bool = False
    test: bool = False


@dataclass(slots=True)
class Call(Node):
    """A function, method or operator."""

    function: str
    target: Node | None
    args: list[Node]


@dataclass(slots=True)
class ListLiteral(Node):
    """A list; the items at the positions in ``optionals`` may be absent."""

    items: list[Node]
    optionals: set[int] = field(default_factory=set)


@dataclass(slots=True)
class MapLiteral(Node):
    """A map: key, value, and whether the value may be absent."""

    entries: list[tuple[Node, Node, bool]]


@dataclass(slots=True)
class StructLiteral(Node):
    """An object of a named type."""

    name: str
    fields: list[tuple[str, Node, bool]]


@dataclass(slots=True)
class Comprehension(Node):
    """A macro over the items of a value, by its name."""

    macro: str
    target: Node
    names: list[str]
    args: list[Node]


@dataclass(frozen=True, slots=True)
class Issue:
    """One error of the source; at position -1 it is one of all of it."""

    position: int
    text: str


class CompileError(Exception):
    """The source is no valid expression; the text shows every error where it is."""

    # What did not succeed, as errors of the API begin.
    stage = "compilation failed"

    def __init__(self, source: str, issues: list[Issue]) -> None:
        issues = sorted(issues, key=lambda issue: issue.position)
        super().__init__("\n".join(_shown(source, issue) for issue in issues))


class ProgramError(CompileError):
    """The expression is valid, but not something that it is made of."""

    stage = "program instantiation failed"

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)


def _shown(source: str, issue: Issue) -> str:
    if issue.position < 0:
        return f"ERROR: <input>:-1:0: {issue.text}"
    if not source:
        return f"ERROR: <input>:1:0: {issue.text}"
    start = source.rfind("\n", 0, issue.position) + 1
    line = source.count("\n", 0, issue.position) + 1
    column = issue.position - start
    text = source[start:].partition("\n")[0]
    return f"ERROR: <input>:{line}:{column + 1}: {issue.text}\n | {text}\n | {'.' * column}^"
