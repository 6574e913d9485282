"""The expressions of matchConditions: their variables, and compiling them.

Implements "Matching requests: matchConditions" of the documentation: ``object``, ``oldObject``,
``request``, the AdmissionRequest without its objects, and ``authorizer``. A result must be a
boolean.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.cel.environment import Environment, Program

__all__ = ["ExpressionError", "compile_match_condition"]


class ExpressionError(Exception):
    """An expression that cannot be used; the text says why."""


def compile_match_condition(expression: str) -> Program:
    """The program of an expression; raises ExpressionError."""
    # Only now: a server without match conditions starts without the expression language.
    from kapi.cel.syntax import CompileError  # noqa: PLC0415
    from kapi.cel.types import BOOL  # noqa: PLC0415

    try:
        program = _environment().compile(expression)
    except CompileError as error:
        raise ExpressionError(f"{error.stage}: {error}") from error
    if program.type != BOOL:
        raise ExpressionError(f"must evaluate to bool but got {program.type}")
    return program


@cache
def _environment() -> Environment:
    from kapi.cel.admission import authorizer_types, request_type  # noqa: PLC0415
    from kapi.cel.environment import Environment  # noqa: PLC0415
    from kapi.cel.types import DYN  # noqa: PLC0415

    declared = {"object": DYN, "oldObject": DYN, "request": request_type(), **authorizer_types()}
    return Environment(declared)
