"""Webhooks of one server: the client that calls them, and the versions that they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.admission.webhook.versions import reviewed_kind
from kapi.apimachinery.types import GroupVersion, GroupVersionKind
from kapi.apis.autoscaling.scale import WorkloadScale
from kapi.endpoints.conversion import from_hub, to_hub

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.managedfields import TypeConverter
    from kapi.apimachinery.scheme import Decoded, Scheme
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.catalogue import Catalogue, Resource
    from kapi.registry.scale import ScaleView
    from kapi.structuredmerge.typed import TypedSchema

__all__ = ["CatalogueVersions"]

_SCALE = "scale"
_SCALE_KIND = GroupVersionKind("autoscaling", "v1", "Scale")


class CatalogueVersions:
    """Implements ``admission.webhook.versions.Versions`` over the catalogue."""

    def __init__(self, catalogue: Catalogue, scheme: Scheme, converter: TypeConverter) -> None:
        self._catalogue = catalogue
        self._scheme = scheme
        self._converter = converter
        self._generation = -1
        self._equivalents: dict[Resource, list[Resource]] = {}
        self._typed: dict[tuple[Resource, str], TypedSchema | None] = {}

    def _forget_changed(self) -> None:
        if self._generation != self._catalogue.generation:
            self._generation = self._catalogue.generation
            self._equivalents = {}
            self._typed = {}

    def equivalents(self, resource: Resource) -> Sequence[Resource]:
        """The same objects at other versions or in other groups; found once for each catalogue."""
        self._forget_changed()
        found = self._equivalents.get(resource)
        if found is None:
            found = [
                other
                for other in self._catalogue.all()
                if other.storage == resource.storage and other is not resource
            ]
            self._equivalents[resource] = found
        return found

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """The resource of a kind, if it is served."""
        group, _, version = api_version.rpartition("/")
        return self._catalogue.for_kind(GroupVersion(group, version), kind)

    def from_hub(self, resource: Resource, obj: JSONObject) -> JSONObject:
        """An object at a resource's version; may reuse and change its argument."""
        return from_hub(resource, obj)

    def to_hub(self, resource: Resource, obj: JSONObject) -> JSONObject:
        """An object of a resource's version at the hub version; may reuse its argument."""
        return to_hub(resource, obj)

    def scale_view(self, resource: Resource) -> ScaleView:
        """How objects of the resource are scaled."""
        return resource.rules.scale or WorkloadScale(
            resource.group, resource.resource, resource.api_version
        )

    def decode_scale(self, scale: JSONObject) -> Decoded:
        """A Scale with what Scales have."""
        kind = self._scheme.type(_SCALE_KIND)
        assert kind is not None
        return self._scheme.decode(kind, scale)

    def restored(self, resource: Resource, obj: JSONObject) -> JSONObject:
        """A merged object with the numbers that its fields can hold."""
        kind = None if resource.custom else self._scheme.type(resource.gvk)
        if kind is None:
            return obj
        found = self._scheme.restore(kind, obj)
        assert isinstance(found, dict)
        return found

    def typed(self, resource: Resource, subresource: str) -> TypedSchema | None:
        """By what schema objects are merged; found once for each catalogue."""
        self._forget_changed()
        key = resource, subresource
        if key not in self._typed:
            self._typed[key] = self._find_typed(resource, subresource)
        return self._typed[key]

    def _find_typed(self, resource: Resource, subresource: str) -> TypedSchema | None:
        if subresource == _SCALE:  # which nobody applies, and no schema describes
            return None
        kind = reviewed_kind(resource, subresource)
        if kind == resource.gvk:
            return resource.codec.typed(self._converter)
        found = self._scheme.type(kind)
        return None if found is None else self._converter.typed(found)
