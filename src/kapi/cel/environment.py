"""Environments: the variables and functions that expressions of one kind may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapi.cel.checker import Checker
from kapi.cel.library import kubernetes_functions
from kapi.cel.parser import parse
from kapi.cel.program import BUDGET, build, weight
from kapi.cel.syntax import CompileError
from kapi.cel.values import CelError, CostExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kapi.cel.functions import Functions
    from kapi.cel.program import Step
    from kapi.cel.syntax import Node
    from kapi.cel.types import Type

__all__ = ["CALL_LIMIT", "Environment", "Program"]

# The cost that one evaluation may have.
CALL_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression: its type, the variables it names, and its tree."""

    type: Type
    names: frozenset[str]
    tree: Node
    types: Mapping[int, Type]
    cost: int
    _step: Step

    def evaluate(self, variables: Mapping[str, Any], limit: int = CALL_LIMIT) -> Any:
        """The value of the expression; raises CelError."""
        try:
            return self._step({**variables, BUDGET: [limit]})
        except RecursionError as error:
            raise CelError("evaluation exceeded the recursion limit") from error

    def evaluate_within(self, variables: Mapping[str, Any], budget: list[int]) -> Any:
        """The same, paid from a budget that is shared with other expressions."""
        own = [min(CALL_LIMIT, budget[0]) - self.cost]
        start = own[0]
        if start < 0:
            raise CostExceeded
        try:
            return self._step({**variables, BUDGET: own})
        except RecursionError as error:
            raise CelError("evaluation exceeded the recursion limit") from error
        finally:
            budget[0] -= start - own[0] + self.cost


class Environment:
    """Compiles expressions over declared variables; ``structs`` knows types that have literals.

    ``functions`` are those of Kubernetes if none are given.
    """

    def __init__(
        self,
        variables: Mapping[str, Type],
        structs: Callable[[str], Type | None] = lambda _name: None,
        functions: Functions | None = None,
    ) -> None:
        self._variables = variables
        self._structs = structs
        self._functions = functions or kubernetes_functions()

    def compile(self, source: str) -> Program:
        """The program of an expression; raises CompileError."""
        tree = parse(source)
        checker = Checker(self._functions, self._variables, self._structs)
        kind = checker.check(tree)
        if checker.issues:
            raise CompileError(source, checker.issues)
        step = build(tree, checker)
        return Program(kind, frozenset(checker.names), tree, checker.types, weight(tree), step)
