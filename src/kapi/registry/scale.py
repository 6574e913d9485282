"""ScaleView: how the size of a kind's objects is read and written as ``autoscaling/v1`` Scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import JSONObject

__all__ = ["ScaleView"]


class ScaleView(Protocol):
    """The scale subresource of one kind."""

    def replicas_paths(self) -> Mapping[str, str]:
        """Where the wanted replicas are, as dotted path for each API version."""
        ...

    def read(self, obj: JSONObject, *, sized: bool = True) -> JSONObject:
        """The Scale of an object; ``sized`` raises InternalError when it has no size."""
        ...

    def write(self, obj: JSONObject, scale: JSONObject) -> JSONObject:
        """A copy of the object with the size and the resourceVersion that the Scale asks for."""
        ...
