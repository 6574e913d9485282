"""InProcessClient: reads and writes objects without HTTP, by the same rules.

What the server's own parts (bootstrap, controllers, allocation) use. Decoding, defaulting,
admission and validation are those of any client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import NotFound
from kapi.apimachinery.types import GroupResource
from kapi.apimachinery.user import PRIVILEGED_GROUP, UserInfo
from kapi.endpoints.body import decode_object
from kapi.endpoints.conversion import from_hub, to_hub
from kapi.endpoints.handlers.namespaces import namespace_deletion
from kapi.registry.before_delete import DeleteOptions
from kapi.registry.context import RequestContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import GroupVersionResource, JSONObject
    from kapi.endpoints.api import API
    from kapi.registry.catalogue import Resource

__all__ = ["InProcessClient"]

_OPTIONS: JSONObject = {}
_NAMESPACES = GroupResource("", "namespaces")


class InProcessClient:
    """Acts as one user, by default the server itself."""

    def __init__(
        self,
        api: API,
        user: str = "system:apiserver",
        manager: str = "kube-apiserver",
        groups: tuple[str, ...] = (PRIVILEGED_GROUP, "system:authenticated"),
    ) -> None:
        self._api = api
        self._user = UserInfo(user, groups=groups)
        self._manager = manager

    def _resource(self, gvr: GroupVersionResource) -> Resource:
        resource = self._api.catalogue.get(*gvr)
        if resource is None:
            raise NotFound.path()
        return resource

    async def _at_rest(self, resource: Resource, namespace: str, name: str) -> Resource:
        """The resource at the version in which an object is stored, where that matters."""
        if resource.conversion is None:
            return resource
        entry = await self._api.store(resource).entry(resource, namespace, name)
        return resource.conversion.at_rest(entry)

    @property
    def minor(self) -> int:
        """The minor version of Kubernetes that is served."""
        return self._api.minor

    def serves(self, gvr: GroupVersionResource) -> bool:
        """Whether this server has the resource at all."""
        return self._api.catalogue.get(*gvr) is not None

    def context(
        self, resource: Resource, namespace: str, name: str, operation: str, subresource: str = ""
    ) -> RequestContext:
        """A request of this client's user, as rules see it."""
        return RequestContext(
            user=self._user,
            namespace=namespace,
            name=name,
            now_seconds=self._api.clock.now(),
            minor=self._api.minor,
            version=resource.version,
            operation=operation,
            subresource=subresource,
        )

    async def get(self, gvr: GroupVersionResource, namespace: str, name: str) -> JSONObject:
        """One object; raises NotFound."""
        resource = self._resource(gvr)
        store = self._api.store(resource)
        entry = await store.entry(resource, namespace, name)
        if resource.conversion is not None:
            (entry,) = await resource.conversion.views((entry,))
        return self._api.writer.versioned(resource, entry.body)

    async def list(self, gvr: GroupVersionResource, namespace: str = "") -> list[JSONObject]:
        """All objects of a resource, or of one namespace."""
        resource = self._resource(gvr)
        store = self._api.store(resource)
        scope = store.key(namespace, "") if namespace else ""
        entries = (await store.storage.list(scope)).entries
        if resource.conversion is not None:
            entries = await resource.conversion.views(entries)
        return [self._api.writer.versioned(resource, entry.body) for entry in entries]

    async def create(
        self, gvr: GroupVersionResource, namespace: str, obj: JSONObject
    ) -> JSONObject:
        """Create an object; raises AlreadyExists and whatever any client gets."""
        resource = self._resource(gvr)
        decoded = self._decoded(resource, obj)
        context = self.context(resource, namespace, obj["metadata"].get("name", ""), "CREATE")
        if resource.namespaced:
            decoded["metadata"]["namespace"] = namespace
        manager = self._api.field_manager(resource, "")
        manager.update(None, decoded, self._manager, context.now)
        store = self._api.store(resource)
        written = await store.create(context, resource, to_hub(resource, decoded), _OPTIONS)
        return self._api.writer.versioned(resource, written.body)

    def _decoded(self, resource: Resource, obj: JSONObject) -> JSONObject:
        return decode_object(resource.codec, resource.gvk, obj).obj

    async def update(
        self,
        gvr: GroupVersionResource,
        namespace: str,
        name: str,
        change: Callable[[JSONObject], JSONObject],
        subresource: str = "",
    ) -> JSONObject:
        """Change an object through a function of the current one, retried on conflict.

        Where a webhook converts objects, the function is given the stored form, and managedFields
        stay: what the server's own parts change there is metadata, the same at every version.
        """
        resource = await self._at_rest(self._resource(gvr), namespace, name)
        context = self.context(resource, namespace, name, "UPDATE", subresource)
        rules = resource.rules
        strategy = rules.subresources[subresource] if subresource else rules.strategy
        fields = self._api.field_manager(resource, subresource)

        async def make_new(live: JSONObject | None) -> JSONObject:
            assert live is not None
            current = from_hub(resource, self._api.copy(live, resource))
            obj = self._decoded(resource, change(orjson.loads(orjson.dumps(current))))
            if resource.conversion is None:
                fields.update(current, obj, self._manager, context.now)
            return to_hub(resource, obj)

        store = self._api.store(resource)
        written = await store.update(context, resource, strategy, name, make_new, _OPTIONS)
        return self._api.writer.versioned(resource, written.body)

    async def delete(
        self,
        gvr: GroupVersionResource,
        namespace: str,
        name: str,
        options: DeleteOptions | None = None,
    ) -> None:
        """Delete an object; raises NotFound."""
        resource = await self._at_rest(self._resource(gvr), namespace, name)
        context = self.context(resource, namespace, name, "DELETE")
        store = self._api.store(resource)
        how = options or DeleteOptions()
        mark = None
        if resource.storage == _NAMESPACES:
            mark = namespace_deletion(context, resource.rules.strategy, how)
        await store.delete(context, resource, name, how, _OPTIONS, mark)
