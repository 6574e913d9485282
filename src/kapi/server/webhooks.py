"""Webhooks of one server: the client that calls them, and the versions that they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.types import GroupVersion
from kapi.apis.autoscaling.scale import WorkloadScale
from kapi.endpoints.conversion import from_hub, to_hub

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.catalogue import Catalogue, Resource
    from kapi.registry.scale import ScaleView

__all__ = ["CatalogueVersions"]


class CatalogueVersions:
    """Implements ``admission.webhook.versions.Versions`` over the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._generation = -1
        self._equivalents: dict[Resource, list[Resource]] = {}

    def equivalents(self, resource: Resource) -> Sequence[Resource]:
        """The same objects at other versions or in other groups; found once for each catalogue."""
        if self._generation != self._catalogue.generation:
            self._generation = self._catalogue.generation
            self._equivalents = {}
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
