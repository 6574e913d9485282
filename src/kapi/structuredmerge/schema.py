"""The schema of server-side apply: which values are merged by their parts and which as a whole.

Implements the "merge strategy" part of "Server-Side Apply": a value is a scalar, a map (a struct
has named fields, a map has one element schema) or a list. Maps are granular or atomic, lists are
atomic, sets, or maps with keys. API types refer to themselves, so the parts are looked up when
first used, through :class:`SchemaRef`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

__all__ = ["DEDUCED", "ListSchema", "MapSchema", "ScalarSchema", "Schema", "SchemaRef", "Untyped"]


@dataclass(frozen=True, slots=True, eq=False)
class ScalarSchema:
    """A value without parts. ``untyped`` takes text, numbers and booleans alike."""

    scalar: Literal["string", "numeric", "boolean", "untyped"]


@dataclass(slots=True, eq=False)
class MapSchema:
    """A JSON object: named ``fields``, any other member is an ``element`` (None: unknown)."""

    fields: Mapping[str, SchemaRef] = field(default_factory=dict)
    element: SchemaRef | None = None
    atomic: bool = False


@dataclass(slots=True, eq=False)
class ListSchema:
    """A JSON list. ``keys`` name the members that identify an item of a ``map`` list.

    ``defaults`` are the values of key members that an item leaves out.
    """

    element: SchemaRef
    type: Literal["atomic", "set", "map"] = "atomic"
    keys: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Untyped:
    """A value without a schema: its form is that of the value at hand.

    Maps are granular (or the value is ``atomic`` as a whole), lists are atomic.
    """

    atomic: bool = False


Schema: TypeAlias = ScalarSchema | MapSchema | ListSchema | Untyped
SchemaRef: TypeAlias = Callable[[], Schema]

DEDUCED: Final = Untyped()
