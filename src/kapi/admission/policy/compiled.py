"""Policies as programs, compiled once for each version of a stored policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapi.admission.policy.constraints import Constraint
from kapi.cel.admission import admission_environment
from kapi.cel.syntax import CompileError
from kapi.cel.values import BudgetSpent, CelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kapi.apimachinery.types import JSONObject
    from kapi.cel.environment import Environment, Program
    from kapi.cel.types import Type

__all__ = [
    "CompiledPolicy",
    "Expression",
    "Validation",
    "Variables",
    "compile_conditions",
    "compile_expression",
    "compile_policy",
    "compile_variables",
]


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression with its source; one that does not compile fails whenever it is needed."""

    source: str
    program: Program | None
    problem: str = ""

    def evaluate(self, scope: Mapping[str, Any], budget: list[int]) -> Any:
        """Its value; raises CelError."""
        if self.program is None:
            raise CelError(self.problem)
        return self.program.evaluate_within(scope, budget)


@dataclass(frozen=True, slots=True)
class Validation:
    """What must be true, and what is told if it is not."""

    expression: Expression
    message: str
    message_expression: Expression | None
    reason: str


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy ready to be evaluated."""

    name: str
    constraint: Constraint
    conditions: list[Expression]
    variables: dict[str, Expression]
    validations: list[Validation]
    annotations: list[tuple[str, Expression]]
    ignores_failures: bool
    param_kind: JSONObject | None


class Variables(dict[str, Any]):
    """Variables of a policy: each is evaluated when it is first asked for."""

    __slots__ = ("_budget", "_errors", "_expressions", "_scope")

    def __init__(
        self, expressions: Mapping[str, Expression], scope: Mapping[str, Any], budget: list[int]
    ) -> None:
        super().__init__()
        self._expressions = expressions
        self._scope = scope
        self._budget = budget
        self._errors: dict[str, CelError] = {}

    def __contains__(self, name: object) -> bool:
        if name not in self._expressions:
            return False
        self[str(name)]  # one that fails is neither there nor missing
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self._expressions)

    def __missing__(self, name: str) -> Any:
        if name in self._errors:
            raise self._errors[name]
        try:
            value = self[name] = self._expressions[name].evaluate(self._scope, self._budget)
        except BudgetSpent:
            raise
        except CelError as error:
            failed = self._errors[name] = CelError(
                f'composited variable "{name}" fails to evaluate: {error}'
            )
            raise failed from error
        return value


def compile_policy(policy: JSONObject) -> CompiledPolicy:
    """The programs of a stored ValidatingAdmissionPolicy."""
    spec: JSONObject = policy.get("spec") or {}
    params = spec.get("paramKind") is not None
    variables, known = compile_variables(spec)
    full = admission_environment(known, params=params)
    messages = admission_environment(known, params=params, authorizer=False)
    return CompiledPolicy(
        name=policy["metadata"]["name"],
        constraint=Constraint(spec.get("matchConstraints") or {}),
        conditions=compile_conditions(spec),
        variables=variables,
        validations=[_validation(full, messages, each) for each in spec.get("validations") or ()],
        annotations=[
            (each["key"], compile_expression(full, each.get("valueExpression") or ""))
            for each in spec.get("auditAnnotations") or ()
        ],
        ignores_failures=spec.get("failurePolicy") == "Ignore",
        param_kind=spec.get("paramKind"),
    )


def compile_variables(
    spec: JSONObject,
) -> tuple[dict[str, Expression], dict[str, Type] | None]:
    """The variables of a policy and their types, None for a policy without any."""
    params = spec.get("paramKind") is not None
    types: dict[str, Type] = {}
    variables: dict[str, Expression] = {}
    for variable in spec.get("variables") or ():
        environment = admission_environment(types, params=params)
        compiled = compile_expression(environment, variable.get("expression") or "")
        variables[variable["name"]] = compiled
        if compiled.program is not None:
            types = {**types, variable["name"]: compiled.program.type}
    return variables, types if variables else None


def compile_conditions(spec: JSONObject) -> list[Expression]:
    """The match conditions of a policy, which do not see its variables."""
    environment = admission_environment(params=spec.get("paramKind") is not None)
    return [
        compile_expression(environment, each.get("expression") or "")
        for each in spec.get("matchConditions") or ()
    ]


def _validation(
    environment: Environment, messages: Environment, validation: JSONObject
) -> Validation:
    text = validation.get("messageExpression") or ""
    return Validation(
        compile_expression(environment, validation.get("expression") or ""),
        (validation.get("message") or "").strip(),
        compile_expression(messages, text) if text else None,
        validation.get("reason") or "Invalid",
    )


def compile_expression(environment: Environment, source: str) -> Expression:
    """The program of a stored expression, or why it has none."""
    try:
        return Expression(source, environment.compile(source))
    except CompileError as error:
        return Expression(source, None, f"compilation error: {error.stage}: {error}")
