"""Paths: members selected from variables and values.

A path costs one for what it begins with and one for each of its steps, but as an alternative of a
conditional only its steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.cel.metering import charge
from kapi.cel.operators import select, select_optional
from kapi.cel.syntax import Call, Ident, Node, Select
from kapi.cel.values import CelError, Optional

if TYPE_CHECKING:
    from kapi.cel.metering import Scope, Step

__all__ = ["has_step", "is_path", "present_step", "select_step", "starts_plainly", "variable_step"]


def is_path(node: Node) -> bool:
    """Whether a part is a variable, or members selected from something, or one of two such."""
    if isinstance(node, Select):
        return True
    if isinstance(node, Call):
        return node.function in ("_[_]", "_[?_]", "_?_:_")
    return isinstance(node, Ident)


def starts_plainly(node: Node) -> bool:
    """Whether a path begins with a value, not with a choice, and is not a test for its end."""
    if isinstance(node, Select) and node.test:
        return False
    while True:
        if isinstance(node, Select):
            node = node.operand
        elif isinstance(node, Call) and node.function in ("_[_]", "_[?_]"):
            node = node.args[0]
        else:
            return not (isinstance(node, Call) and node.function == "_?_:_")


def variable_step(name: str) -> Step:
    """A variable."""

    def step(scope: Scope) -> Any:
        try:
            return scope[name]
        except KeyError:
            raise CelError(f"no such attribute(s): {name}") from None

    return step


def select_step(operand: Step, name: str) -> Step:
    """A member."""

    def step(scope: Scope) -> Any:
        value = operand(scope)
        if value.__class__ is dict and name in value:
            return value[name]
        return select(value, name)

    return step


def has_step(operand: Step, name: str) -> Step:
    """Whether there is a member."""

    def step(scope: Scope) -> bool:
        value = operand(scope)
        if isinstance(value, dict):
            return name in value
        if isinstance(value, Optional):
            return value.present and isinstance(value.value, dict) and name in value.value
        if hasattr(value, "keys"):
            return name in value
        return False

    return step


def present_step(operand: Step, key: Step) -> Step:
    """An optional member or item, which costs one if it is there."""

    def step(scope: Scope) -> Any:
        found = select_optional(operand(scope), key(scope))
        if found.present:
            charge(scope, 1)
        return found

    return step
