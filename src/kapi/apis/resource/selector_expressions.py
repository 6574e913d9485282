"""The expressions that select devices: what they see, and compiling them.

Implements "Device selectors" of the documentation of dynamic resource allocation: ``device`` with
its driver, attributes and capacity. A result must be a boolean. Nothing is selected here: that is
the scheduler's work.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.cel.environment import Environment

__all__ = ["selector_error"]

# A macro that this server does not expand; it leaves such expressions to the scheduler.
_BIND = "cel.bind("


def selector_error(expression: str) -> str:
    """Why an expression cannot select devices, or nothing."""
    # Only now: a server without such expressions starts without the expression language.
    from kapi.cel.syntax import CompileError  # noqa: PLC0415
    from kapi.cel.types import BOOL, DYN  # noqa: PLC0415

    if _BIND in expression:
        return ""
    try:
        program = _environment().compile(expression)
    except CompileError as error:
        return f"{error.stage}: {error}"
    if program.type not in (BOOL, DYN):
        return f"must evaluate to bool or the unknown type, not {program.type}"
    return ""


@cache
def _environment() -> Environment:
    from kapi.cel.environment import Environment  # noqa: PLC0415
    from kapi.cel.types import (  # noqa: PLC0415
        BOOL,
        DYN,
        STRING,
        map_of,
        object_type,
        read_type,
    )

    members = {
        "driver": STRING,
        "allowMultipleAllocations": BOOL,
        "attributes": map_of(STRING, map_of(STRING, DYN)),
        "capacity": map_of(STRING, map_of(STRING, read_type("kubernetes.Quantity"))),
    }
    device = object_type(
        "kubernetes.DRADevice", {name: (name, kind) for name, kind in members.items()}
    )
    return Environment({"device": device})
