"""The expressions of matchConditions: their variables, and compiling them.

Implements "Matching requests: matchConditions" of the documentation: ``object``, ``oldObject`` and
``request``, the AdmissionRequest without its objects. A result must be a boolean.
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
    from kapi.cel.types import BOOL, DYN  # noqa: PLC0415

    try:
        program = _environment().compile(expression)
    except CompileError as error:
        raise ExpressionError(f"compilation failed: {error}") from error
    if program.type not in (BOOL, DYN):
        raise ExpressionError(f"must evaluate to bool but got {program.type}")
    return program


@cache
def _environment() -> Environment:
    from kapi.cel.environment import Environment  # noqa: PLC0415
    from kapi.cel.types import BOOL, DYN, STRING, list_of, map_of, object_type  # noqa: PLC0415

    names = ("group", "version")
    kind = object_type("kubernetes.GroupVersionKind", {n: (n, STRING) for n in (*names, "kind")})
    resource = object_type(
        "kubernetes.GroupVersionResource", {n: (n, STRING) for n in (*names, "resource")}
    )
    user = object_type(
        "kubernetes.UserInfo",
        {
            "username": ("username", STRING),
            "uid": ("uid", STRING),
            "groups": ("groups", list_of(STRING)),
            "extra": ("extra", map_of(STRING, list_of(STRING))),
        },
    )
    texts = ("subResource", "requestSubResource", "name", "namespace", "operation")
    request = object_type(
        "kubernetes.AdmissionRequest",
        {
            "kind": ("kind", kind),
            "resource": ("resource", resource),
            "requestKind": ("requestKind", kind),
            "requestResource": ("requestResource", resource),
            "userInfo": ("userInfo", user),
            "dryRun": ("dryRun", BOOL),
            "options": ("options", DYN),
            **{name: (name, STRING) for name in texts},
        },
    )
    return Environment({"object": DYN, "oldObject": DYN, "request": request})
