"""Limits of what the rules of a definition may be estimated to cost, one by one and together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kapi.cel.costs.sizes import MOST

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList

__all__ = ["RULE_LIMIT", "SCHEMA_LIMIT", "TotalCost", "exceeds"]

RULE_LIMIT, SCHEMA_LIMIT = 10_000_000, 100_000_000
_MOST_TOLD = 4
_ADVICE = (
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, "
    "maps, and strings are declared)"
)


def exceeds(what: str, cost: int, limit: int) -> str:
    """That a cost is above a limit; the factor is more exact the closer it is to one."""
    factor = cost / limit
    shown = "more than 100x"
    if factor <= 100:
        shown = f"{factor:.6f}x" if factor < 1.5 else f"{factor:.1f}x"
    return f"{what} exceeds budget by factor of {shown} {_ADVICE}"


@dataclass(slots=True)
class TotalCost:
    """The cost of all expressions of a schema, and which of them cost the most."""

    total: int = 0
    expensive: list[tuple[int, str]] = field(default_factory=list)

    def observe(self, path: str, cost: int) -> None:
        """Count an expression."""
        self.total = min(self.total + cost, MOST)
        if cost >= SCHEMA_LIMIT // 100:
            self.expensive.append((cost, path))
            self.expensive.sort(key=lambda each: -each[0])
            del self.expensive[_MOST_TOLD:]

    def report(self, path: str, errors: ErrorList) -> None:
        """Refuse a schema whose expressions cost too much together."""
        if self.total <= SCHEMA_LIMIT:
            return
        why = (
            "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 "
            "schema"
        )
        for _, place in self.expensive:
            errors.forbidden(place, why)
        what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
        errors.forbidden(path, exceeds(what, self.total, SCHEMA_LIMIT))
