"""What the store asks of admission: a protocol, so that the registry knows no plugin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext

__all__ = ["Admission", "AdmitAll", "Attributes", "Reinvocation"]


@dataclass(slots=True)
class Reinvocation:
    """What the second round of mutating plugins knows of the first.

    A plugin that changed the object on behalf of somebody outside asks for it with ``wanted``;
    ``again`` is true in the second round, after which there is none. ``states`` are the plugins'
    own, by plugin name.
    """

    wanted: bool = False
    again: bool = False
    states: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Attributes:
    """One operation on one object, as admission plugins judge it.

    ``obj`` is what will be stored (None for DELETE), ``old`` what is stored (None for CREATE),
    both at the hub version of ``resource``. ``options`` is the request's options object.
    ``reinvocation`` is made by the first plugin that needs it.
    """

    context: RequestContext
    resource: Resource
    operation: str
    subresource: str
    obj: JSONObject | None
    old: JSONObject | None
    options: JSONObject
    reinvocation: Reinvocation | None = None


class Admission(Protocol):
    """The chain of admission plugins."""

    async def mutate(self, attributes: Attributes) -> None:
        """Run the mutating plugins; they may change ``attributes.obj``.

        Raises StatusError to refuse the operation.
        """
        ...

    async def validate(self, attributes: Attributes) -> None:
        """Run the validating plugins; raises StatusError to refuse the operation."""
        ...


class AdmitAll:
    """No admission at all."""

    async def mutate(self, attributes: Attributes) -> None:
        """Change nothing."""

    async def validate(self, attributes: Attributes) -> None:
        """Refuse nothing."""
