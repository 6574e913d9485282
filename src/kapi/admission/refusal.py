"""How admission plugins refuse: 403, naming the object of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["aggregate", "refused"]


def refused(attributes: Attributes, why: str, causes: Sequence[JSONObject] = ()) -> Forbidden:
    """The refusal of an operation.

    An object whose name is still to be generated is called by its prefix.
    """
    name = attributes.context.name
    if not name:
        meta = (attributes.obj or {}).get("metadata") or {}
        name = meta.get("name") or meta.get("generateName") or "Unknown"
    resource = attributes.resource
    return Forbidden.resource(resource.group, resource.resource, name, why, causes)


def aggregate(texts: Sequence[str]) -> str:
    """Several reasons as one text, each once."""
    distinct = list(dict.fromkeys(texts))
    return distinct[0] if len(distinct) == 1 else f"[{', '.join(distinct)}]"
