"""Between the version of a request and the hub version that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.catalogue import Resource

__all__ = ["from_hub", "to_hub"]


def to_hub(resource: Resource, obj: JSONObject) -> JSONObject:
    """An object of the request's version in the form that rules and storage use."""
    if resource.is_hub:
        return obj
    convert = resource.rules.to_hub.get(resource.version)
    if convert is not None:
        obj = convert(obj)
    obj["apiVersion"] = resource.hub.api_version
    obj["kind"] = resource.hub.kind
    return obj


def from_hub(resource: Resource, obj: JSONObject) -> JSONObject:
    """A stored object in the form of the request's version; may reuse its argument."""
    if resource.is_hub:
        return obj
    convert = resource.rules.from_hub.get(resource.version)
    if convert is not None:
        obj = convert(obj)
    obj["apiVersion"] = resource.api_version
    obj["kind"] = resource.kind
    return obj
