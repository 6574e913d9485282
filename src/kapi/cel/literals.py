"""Steps that make lists, maps and objects, and parts that are made when the program is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.cel.types import type_name
from kapi.cel.values import CelError, ObjectValue, Uint

if TYPE_CHECKING:
    from kapi.cel.metering import Scope, Step

__all__ = ["folded", "list_step", "map_step", "object_step"]

_KEYS = frozenset({str, int, bool, Uint})


def folded(step: Step) -> Step:
    """What a part without variables is, found out now; its error is told when it is evaluated."""
    try:
        value = step({})
    except CelError:
        return step
    return lambda _scope: value


def list_step(steps: list[Step], optionals: set[int]) -> Step:
    """A list; the items at the positions in ``optionals`` may be absent."""
    if not optionals:
        return lambda scope: [step(scope) for step in steps]
    items = [(step, at in optionals) for at, step in enumerate(steps)]

    def build(scope: Scope) -> list[Any]:
        found = []
        for step, optional in items:
            value = step(scope)
            if not optional:
                found.append(value)
            elif value.present:
                found.append(value.value)
        return found

    return build


def map_step(entries: list[tuple[Step, Step, bool]]) -> Step:
    """A map: the steps of each key and value, and whether the value may be absent."""

    def build(scope: Scope) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_step, value_step, optional in entries:
            key, value = key_step(scope), value_step(scope)
            if optional:
                if not value.present:
                    continue
                value = value.value
            if key.__class__ not in _KEYS:
                raise CelError(f"unsupported key type: {type_name(key)}")
            if key in found:
                raise CelError(f"duplicate map key: {key}")
            found[key] = value
        return found

    return build


# What must be texts, though an expression may promise just anything.
_TEXTS = {"JSONPatch": ("op", "from", "path")}
_GO_TYPES = {int: "int64", Uint: "uint64", float: "float64"}


def object_step(kind: str, fields: list[tuple[str, Step, bool]]) -> Step:
    """An object of a named type: each field, and whether it may be absent."""
    texts = _TEXTS.get(kind, ())

    def build(scope: Scope) -> ObjectValue:
        found: dict[str, Any] = {}
        for name, step, optional in fields:
            value = step(scope)
            if optional:
                if not value.present:
                    continue
                value = value.value
            if name in texts and not isinstance(value, str):
                found_type = _GO_TYPES.get(value.__class__) or type_name(value)
                raise CelError(f"unexpected type {found_type} for {kind}Type '{name}' field")
            found[name] = value
        return ObjectValue(kind, found)

    return build
