"""Environments: the variables and functions that expressions of one kind may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapi.cel.checker import Checker
from kapi.cel.depth import with_more_stack
from kapi.cel.library import kubernetes_functions
from kapi.cel.metering import BUDGET
from kapi.cel.parser import parse
from kapi.cel.program import build
from kapi.cel.syntax import CompileError
from kapi.cel.values import BudgetSpent, CelError, CostExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kapi.cel.functions import Functions
    from kapi.cel.metering import Step
    from kapi.cel.syntax import Node
    from kapi.cel.types import Type

__all__ = ["CALL_LIMIT", "Environment", "Program"]

# The cost that one evaluation may have.
CALL_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression: its type, the variables it names, its tree, and its fixed cost."""

    type: Type
    names: frozenset[str]
    tree: Node
    checked: Checker
    cost: int
    _step: Step

    def evaluate(self, variables: Mapping[str, Any], limit: int = CALL_LIMIT) -> Any:
        """The value of the expression; raises CelError."""
        return self._run(variables, [limit - self.cost])

    def evaluate_within(self, variables: Mapping[str, Any], budget: list[int]) -> Any:
        """The same, paid from a budget that is shared with other expressions.

        Raises BudgetSpent where it costs more than is left, even if it would have failed.
        """
        meter = [CALL_LIMIT - self.cost]
        try:
            value = self._run(variables, meter)
        except CelError:
            self._pay(budget, meter)
            raise
        self._pay(budget, meter)
        return value

    def _run(self, variables: Mapping[str, Any], meter: list[int]) -> Any:
        left = meter[0]
        try:
            value = self._step({**variables, BUDGET: meter})
        except RecursionError:
            meter[0] = left
            value = self._run_deeply({**variables, BUDGET: meter})
        if meter[0] < 0:
            raise CostExceeded
        return value

    def _run_deeply(self, variables: dict[str, Any]) -> Any:
        try:
            return with_more_stack(lambda: self._step(variables))
        except RecursionError as error:
            raise CelError("evaluation exceeded the recursion limit") from error

    @staticmethod
    def _pay(budget: list[int], meter: list[int]) -> None:
        spent = CALL_LIMIT - meter[0]
        if spent > budget[0]:
            raise BudgetSpent
        budget[0] -= spent


class Environment:
    """Compiles expressions over declared variables; ``structs`` knows types that have literals.

    ``functions`` are those of Kubernetes if none are given, where literals are ``homogeneous``:
    the items of a list or map that an expression writes are of one type.
    """

    def __init__(
        self,
        variables: Mapping[str, Type],
        structs: Callable[[str], Type | None] = lambda _name: None,
        functions: Functions | None = None,
        *,
        homogeneous: bool = True,
    ) -> None:
        self._variables = variables
        self._structs = structs
        self._functions = functions or kubernetes_functions()
        self._homogeneous = homogeneous

    def compile(self, source: str) -> Program:
        """The program of an expression; raises CompileError."""
        try:
            return self._compile(source)
        except RecursionError:
            return with_more_stack(lambda: self._compile(source))

    def _compile(self, source: str) -> Program:
        tree = parse(source)
        checker = Checker(
            self._functions, self._variables, self._structs, homogeneous=self._homogeneous
        )
        kind = checker.check(tree)
        if checker.issues:
            raise CompileError(source, checker.issues)
        step, cost = build(tree, checker)
        return Program(kind, frozenset(checker.names), tree, checker, cost, step)
