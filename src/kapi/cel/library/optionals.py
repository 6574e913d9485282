"""Optional values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.cel.values import CelError, Optional

if TYPE_CHECKING:
    from kapi.cel.functions import Functions

__all__ = ["declare_optionals"]

_NONE = Optional(present=False)


def _value(optional: Optional) -> Any:
    if not optional.present:
        raise CelError("optional.none() dereference")
    return optional.value


def _non_zero(value: Any) -> Optional:
    return Optional(value) if value else _NONE


def declare_optionals(functions: Functions) -> None:
    """Declare how optional values are made and read."""
    declare = functions.declare
    declare("optional.of", "(A) -> optional_type<A>", Optional)
    declare("optional.none", "() -> optional_type<A>", lambda: _NONE)
    declare("optional.ofNonZeroValue", "(A) -> optional_type<A>", _non_zero)
    declare("hasValue", "optional_type<A>.() -> bool", lambda optional: optional.present)
    declare("value", "optional_type<A>.() -> A", _value)
    declare(
        "orValue",
        "optional_type<A>.(A) -> A",
        lambda optional, other: optional.value if optional.present else other,
    )
    declare(
        "or",
        "optional_type<A>.(optional_type<A>) -> optional_type<A>",
        lambda optional, other: optional if optional.present else other,
    )
    declare(
        "optional.unwrap",
        "(list<optional_type<A>>) -> list<A>",
        lambda items: [item.value for item in items if item.present],
    )
    declare(
        "unwrapOpt",
        "list<optional_type<A>>.() -> list<A>",
        lambda items: [item.value for item in items if item.present],
    )
