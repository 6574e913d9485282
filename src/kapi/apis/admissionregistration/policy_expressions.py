"""Type checking of the expressions of admission policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.cel.environment import Environment
    from kapi.cel.types import Type

__all__ = ["check_expression", "validate_policy_expressions"]

# The types that an expression may have; none for any.
_ANY: tuple[str, ...] = ()
_BOOL, _TEXT = ("bool",), ("string",)
_TEXT_OR_NULL = ("string", "null_type")


def validate_policy_expressions(spec: JSONObject, errors: ErrorList) -> None:
    """Compile every expression of a ValidatingAdmissionPolicy."""
    from kapi.cel.admission import admission_environment  # noqa: PLC0415 - loads CEL

    params = spec.get("paramKind") is not None
    plain = admission_environment(params=params)
    for i, condition in enumerate(spec.get("matchConditions") or ()):
        path = f"spec.matchConditions[{i}].expression"
        check_expression(plain, condition.get("expression"), _BOOL, path, errors)
    variables: dict[str, Type] = {}
    for i, variable in enumerate(spec.get("variables") or ()):
        at = admission_environment(variables, params=params)
        path = f"spec.variables[{i}].expression"
        kind = check_expression(at, variable.get("expression"), _ANY, path, errors)
        if kind is not None:
            variables[variable.get("name", "")] = kind
    known = variables if spec.get("variables") else None
    environment = admission_environment(known, params=params)
    messages = admission_environment(known, params=params, authorizer=False)
    for i, validation in enumerate(spec.get("validations") or ()):
        path = f"spec.validations[{i}]"
        check_expression(
            environment, validation.get("expression"), _BOOL, f"{path}.expression", errors
        )
        text = validation.get("messageExpression")
        check_expression(messages, text, _TEXT, f"{path}.messageExpression", errors)
    for i, annotation in enumerate(spec.get("auditAnnotations") or ()):
        path = f"spec.auditAnnotations[{i}].valueExpression"
        check_expression(
            environment, annotation.get("valueExpression"), _TEXT_OR_NULL, path, errors
        )


def check_expression(
    environment: Environment,
    text: str | None,
    wanted: tuple[str, ...],
    path: str,
    errors: ErrorList,
) -> Type | None:
    """The type of an expression, which must be one of those wanted exactly; None if it is blank.

    One that does not compile may be anything, so that who uses it is not refused as well.
    """
    if not text or not text.strip():
        return None
    from kapi.cel.syntax import CompileError  # noqa: PLC0415 - loads CEL
    from kapi.cel.types import DYN  # noqa: PLC0415 - loads CEL

    try:
        kind = environment.compile(text).type
    except CompileError as error:
        errors.invalid(path, text, f"{error.stage}: {error}")
        return DYN
    found = "null_type" if kind.name == "null" else str(kind)
    if wanted and found not in wanted:
        shown = wanted[0] if len(wanted) == 1 else f"one of [{' '.join(wanted)}]"
        errors.invalid(path, text, f"must evaluate to {shown} but got {found}")
    return kind
