"""MutatingAdmissionPolicies as programs, compiled once for each version of a stored policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.admission.policy.compiled import (
    Expression,
    compile_conditions,
    compile_expression,
    compile_variables,
)
from kapi.admission.policy.constraints import Constraint
from kapi.admission.policy.mutations import Mutation
from kapi.cel.admission import admission_environment

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.cel.environment import Environment

__all__ = ["CompiledMutatingPolicy", "compile_mutating_policy"]


@dataclass(frozen=True, slots=True)
class CompiledMutatingPolicy:
    """A policy ready to be evaluated."""

    name: str
    constraint: Constraint
    conditions: list[Expression]
    variables: dict[str, Expression]
    mutations: list[Mutation]
    ignores_failures: bool
    reinvocable: bool
    param_kind: JSONObject | None


def compile_mutating_policy(policy: JSONObject) -> CompiledMutatingPolicy:
    """The programs of a stored MutatingAdmissionPolicy."""
    spec: JSONObject = policy.get("spec") or {}
    variables, types = compile_variables(spec)
    params = spec.get("paramKind") is not None
    environment = admission_environment(types, params=params, patches=True)
    return CompiledMutatingPolicy(
        name=policy["metadata"]["name"],
        constraint=Constraint(spec.get("matchConstraints") or {}),
        conditions=compile_conditions(spec),
        variables=variables,
        mutations=[_mutation(environment, each) for each in spec.get("mutations") or ()],
        ignores_failures=spec.get("failurePolicy") == "Ignore",
        reinvocable=spec.get("reinvocationPolicy") == "IfNeeded",
        param_kind=spec.get("paramKind"),
    )


def _mutation(environment: Environment, mutation: JSONObject) -> Mutation:
    patches = mutation.get("patchType") == "JSONPatch"
    source = mutation.get("jsonPatch" if patches else "applyConfiguration") or {}
    return Mutation(compile_expression(environment, source.get("expression") or ""), patches)
