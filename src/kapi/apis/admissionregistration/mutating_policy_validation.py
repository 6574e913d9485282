"""Validation of mutating admission policies.

Implements "Mutating Admission Policy" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.admissionregistration.mutation_expressions import MutatingExpressions
from kapi.apis.admissionregistration.policy_validation import (
    validate_constraints,
    validate_failure_policy,
    validate_variables,
)
from kapi.apis.admissionregistration.rule_validation import (
    validate_match_conditions,
    validate_mutating_operations,
)

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_mutating_policy"]

_REINVOCATION_POLICIES = ("IfNeeded", "Never")
_PATCHES = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}


def validate_mutating_policy(
    obj: JSONObject, errors: ErrorList, old: JSONObject | None = None
) -> None:
    """A MutatingAdmissionPolicy; of an update only what is new is compiled.

    An expression that was accepted before must not hinder a change of something else.
    """
    spec, old_spec = obj.get("spec") or {}, (old or {}).get("spec")
    same_conditions = _same(spec, old_spec, "paramKind", "matchConditions")
    same_mutations = _same(spec, old_spec, "paramKind", "variables", "mutations")
    expressions = MutatingExpressions(spec)
    validate_failure_policy(spec, errors)
    validate_constraints(spec, errors)
    if spec.get("matchConstraints") is not None:
        rules = spec["matchConstraints"].get("resourceRules") or []
        validate_mutating_operations(
            rules, "spec.matchConstraints.resourceRules.operations", errors
        )
    if not same_conditions:
        conditions = spec.get("matchConditions") or []
        validate_match_conditions(conditions, "spec.matchConditions", errors)
        expressions.check_conditions(errors)
    validate_variables(spec, errors)
    if not same_mutations:
        expressions.check_variables(errors)
    mutations = spec.get("mutations") or []
    if not mutations:
        errors.required("spec.mutations", "mutations must contain at least one item")
    for i, mutation in enumerate(mutations):
        checked = None if same_mutations else expressions
        _validate_mutation(mutation, f"spec.mutations[{i}]", errors, checked)
    reinvocation = spec.get("reinvocationPolicy", "")
    if not reinvocation:
        errors.required("spec.reinvocationPolicy")
    elif reinvocation not in _REINVOCATION_POLICIES:
        errors.not_supported("spec.reinvocationPolicy", reinvocation, _REINVOCATION_POLICIES)


def _same(spec: JSONObject, old: JSONObject | None, *members: str) -> bool:
    return old is not None and all(spec.get(name) == old.get(name) for name in members)


def _validate_mutation(
    mutation: JSONObject, path: str, errors: ErrorList, expressions: MutatingExpressions | None
) -> None:
    """``expressions`` is None for what was checked before."""
    patch_type = mutation.get("patchType", "")
    if not patch_type:
        errors.required(f"{path}.patchType")
        return
    wanted = _PATCHES.get(patch_type)
    if wanted is None:
        errors.not_supported(f"{path}.patchType", patch_type, sorted(_PATCHES))
        return
    patch, where = mutation.get(wanted), f"{path}.{wanted}"
    if patch is None:
        errors.required(where, f"must be specified when patchType is {patch_type}")
    else:
        text, where = patch.get("expression", "").strip(), f"{where}.expression"
        if not text:
            errors.required(where)
        elif expressions is not None:
            expressions.check_mutation(patch_type, text, where, errors)
    for member in _PATCHES.values():
        if member != wanted and mutation.get(member) is not None:
            message = f"must not be specified when patchType is {patch_type}"
            errors.invalid(f"{path}.{member}", f"{{{member}}}", message)
