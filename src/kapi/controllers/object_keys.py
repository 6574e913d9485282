"""ObjectKeys: from a key of the store to the resource, namespace and name of its object.

Follows the catalogue: custom resources come and go while the server runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.apimachinery.types import GroupVersion, GroupVersionResource

if TYPE_CHECKING:
    from kapi.endpoints.api import API
    from kapi.registry.catalogue import Resource

__all__ = ["ObjectKeys", "ObjectReference"]


class ObjectReference(NamedTuple):
    """Which object a key holds, at the preferred version of its resource."""

    resource: Resource
    namespace: str
    name: str

    @property
    def gvr(self) -> GroupVersionResource:
        """What a client asks for."""
        resource = self.resource
        return GroupVersionResource(resource.group, resource.version, resource.resource)


class ObjectKeys:
    """Both directions between keys and objects."""

    def __init__(self, api: API) -> None:
        self._api = api
        self._generation = -1
        self._prefixes: dict[str, Resource] = {}
        self._kinds: dict[tuple[str, str], Resource | None] = {}

    def _refresh(self) -> None:
        catalogue = self._api.catalogue
        if self._generation == catalogue.generation:
            return
        self._generation = catalogue.generation
        self._kinds = {}
        self._prefixes = {}
        for resource in catalogue.all():
            store = self._api.stores.get(resource.storage)
            if store is None or resource.group_resource != resource.storage:
                continue  # events of the other group are found under their first name
            preferred = catalogue.preferred(resource.group_resource)
            self._prefixes[store.storage.prefix] = preferred or resource

    def parse(self, key: str) -> ObjectReference | None:
        """The object of a key; None when no served resource has it."""
        self._refresh()
        slash = key.rfind("/")
        resource = self._prefixes.get(key[: slash + 1])
        if resource is not None:
            return ObjectReference(resource, "", key[slash + 1 :])
        before = key.rfind("/", 0, slash)
        resource = self._prefixes.get(key[: before + 1])
        if resource is None:
            return None
        return ObjectReference(resource, key[before + 1 : slash], key[slash + 1 :])

    def for_kind(self, api_version: str, kind: str) -> Resource | None:
        """The resource that serves a kind; None when nobody does, now."""
        self._refresh()
        try:
            return self._kinds[api_version, kind]
        except KeyError:
            group_version = GroupVersion.parse(api_version)
            found = self._api.catalogue.for_kind(group_version, kind)
            self._kinds[api_version, kind] = found
            return found

    def key(self, resource: Resource, namespace: str, name: str) -> str:
        """The key of an object; the namespace counts for namespaced resources only."""
        return self._api.store(resource).key(namespace if resource.namespaced else "", name)
