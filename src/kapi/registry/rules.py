"""Rules: where each API group registers what its kinds add to the generic machinery.

``apis/<group>/install.py`` calls ``Rules.add`` once per kind. The catalogue looks rules up when
it builds a resource; a kind without rules gets the defaults of :class:`Strategy`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from kapi.apimachinery.types import JSONObject, JSONValue
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from kapi.registry.scale import ScaleView

__all__ = ["Column", "Columns", "Convert", "Default", "KindRules", "Rules"]

# Sets the default values of one API version of a kind, in place.
Default = Callable[[JSONObject], None]
# Turns an object of one version into another; may reuse and change its argument, sets neither
# apiVersion nor kind.
Convert = Callable[[JSONObject], JSONObject]


class Cells(Protocol):
    """Computes one Table row."""

    def __call__(self, obj: JSONObject, now: float) -> list[JSONValue]:
        """The cells of an object at the hub version, at a Unix time (for ages)."""
        ...


@dataclass(frozen=True, slots=True)
class Column:
    """One TableColumnDefinition.

    ``describes`` names the schema field whose description is shown, as definition name and
    JSON field (``io.k8s.api.core.v1.ConfigMap.data``); ``description`` is text of our own.
    ``priority`` 1 is shown by ``-o wide`` only.
    """

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    describes: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Columns:
    """The Table of a kind."""

    columns: tuple[Column, ...]
    cells: Cells
    # The row's TableRowConditions, for kinds that have them (a completed Pod).
    conditions: Callable[[JSONObject], list[JSONObject]] | None = None


@dataclass(slots=True)
class KindRules:
    """All that one kind adds.

    ``strategy`` rules the main resource, ``subresources`` the writable ones by name (``status``,
    ``approval`` ...). ``defaults`` maps an API version to its defaulting function, ``to_hub`` and
    ``from_hub`` map a version that differs from the hub's form to its conversions.
    """

    strategy: Strategy = field(default_factory=Strategy)
    subresources: Mapping[str, Strategy] = field(default_factory=dict)
    defaults: Mapping[str, Default] = field(default_factory=dict)
    columns: Columns | None = None
    to_hub: Mapping[str, Convert] = field(default_factory=dict)
    from_hub: Mapping[str, Convert] = field(default_factory=dict)
    # Custom resources: these change the form of objects, not only what a version knows of them.
    converts: bool = False
    # The scale subresource, for kinds that are not scaled as built-in workloads are.
    scale: ScaleView | None = None
    # The names that field selectors may use besides metadata.name and metadata.namespace.
    selectable_fields: tuple[str, ...] = ()
    # Numbers in spec that are optional in the API and plain in Kubernetes' own form of the kind:
    # an empty object, as bookmarks carry it, shows them as 0.
    plain_numbers: tuple[str, ...] = ()
    # Annotations that stand for a field: metadata-only views and Tables do not show them.
    hidden_annotations: tuple[str, ...] = ()


class Rules:
    """The rules of all kinds of one server, by API group and resource."""

    def __init__(self) -> None:
        self._rules: dict[tuple[str, str], KindRules] = {}
        self._default = KindRules()

    def add(self, group: str, resource: str, rules: KindRules) -> None:
        """Register a kind; a second registration of the same resource is a mistake."""
        if (group, resource) in self._rules:
            raise ValueError(f"rules for {resource}.{group} are registered twice")
        self._rules[group, resource] = rules

    def get(self, group: str, resource: str) -> KindRules:
        """The rules of a resource, or those of a kind without rules."""
        return self._rules.get((group, resource), self._default)
