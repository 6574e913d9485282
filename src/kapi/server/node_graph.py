"""StoredNodeGraph: what belongs to which node, found in the watch caches of a server.

Nothing is kept until the first request of a kubelet. Then the pods are sorted by node, by what
their entries hold anyway, and the changes of them are taken from the cache when a question comes:
a write costs nothing here, and the question after it sees it. Only the pods of nodes that ask are
parsed, once for each version of them; of the volumes only those with secrets.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

import orjson

from kapi.apimachinery.types import GroupResource
from kapi.apis.core import pod_references as references
from kapi.authorization.node import NodeAuthorizer
from kapi.server.bootstrap_policy import cluster_role_rules
from kapi.storage.errors import RevisionCompacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.catalogue import Catalogue
    from kapi.registry.store import ResourceStore
    from kapi.storage.cacher.cacher import Cacher
    from kapi.storage.cacher.entry import Entry

# Resource, namespace and name of what a pod refers to.
_Reference: TypeAlias = tuple[GroupResource, str, str]

__all__ = ["StoredNodeGraph", "node_authorizer"]

_PODS = GroupResource("", "pods")
_VOLUMES = GroupResource("", "persistentvolumes")
_CLAIMS = GroupResource("", "persistentvolumeclaims")
_SECRETS = GroupResource("", "secrets")
_CONFIG_MAPS = GroupResource("", "configmaps")
_SERVICE_ACCOUNTS = GroupResource("", "serviceaccounts")
_RESOURCE_CLAIMS = GroupResource("resource.k8s.io", "resourceclaims")
_RESOURCE_SLICES = GroupResource("resource.k8s.io", "resourceslices")
_VOLUME_ATTACHMENTS = GroupResource("storage.k8s.io", "volumeattachments")
_READ = (_PODS, _VOLUMES, _VOLUME_ATTACHMENTS, _RESOURCE_SLICES)
_NODE_NAME = "spec.nodeName"
# The minor version since which authorizers look at selectors.
_SELECTORS_SINCE = 32
# Entries looked at before others get a turn: 1 ms for pods.
_AT_ONCE = 2000
# Parts of every volume that has a secret.
_SECRET_MARKS = (b'ecretRef":', b'ecretName":')


def node_authorizer(
    stores: Mapping[GroupResource, ResourceStore], catalogue: Catalogue, minor: int
) -> NodeAuthorizer:
    """The authorizer of the mode Node for the stores of a server, which may be filled later."""
    return NodeAuthorizer(
        StoredNodeGraph(stores, catalogue),
        cluster_role_rules("system:node"),
        with_selectors=minor >= _SELECTORS_SINCE,
    )


class StoredNodeGraph:
    """Implements ``authorization.node.NodeGraph`` over the stores, which may be filled later."""

    def __init__(self, stores: Mapping[GroupResource, ResourceStore], catalogue: Catalogue) -> None:
        self._stores = stores
        self._catalogue = catalogue
        self._loading = asyncio.Lock()
        self._pods: _Pods | None = None
        self._cachers: dict[GroupResource, Cacher] = {}
        self._nodes_of: dict[GroupResource, Callable[[Entry], str]] = {}
        self._volumes: _Volumes | None = None

    @property
    def is_loaded(self) -> bool:
        """See the protocol; not while the store is lost, nor after too many changes."""
        pods, volumes = self._pods, self._volumes
        if pods is None or volumes is None:
            return False
        if not all(cacher.is_loaded for cacher in self._cachers.values()):
            return False
        return pods.catch_up() and volumes.catch_up()

    async def load(self) -> None:
        """See the protocol."""
        async with self._loading:
            for resource in _READ:
                if resource in self._stores:
                    storage = self._stores[resource].storage
                    await storage.ready()
                    self._cachers[resource] = storage.cacher
            if self.is_loaded:
                return
            self._nodes_of = {each: self._node_of(each) for each in (_PODS, _RESOURCE_SLICES)}
            pods, volumes = _Pods(self._nodes_of[_PODS]), _Volumes()
            await pods.follow(self._cachers.get(_PODS))
            await volumes.follow(self._cachers.get(_VOLUMES))
            self._pods, self._volumes = pods, volumes

    def reaches(self, node: str, resource: GroupResource, namespace: str, name: str) -> bool:
        """See the protocol."""
        if resource in (_PODS, _RESOURCE_SLICES):
            entry = self._entry(resource, namespace, name)
            return entry is not None and self._nodes_of[resource](entry) == node
        if resource == _VOLUME_ATTACHMENTS:
            spec = self._spec(resource, name)
            return spec is not None and spec.get("nodeName") == node
        if resource == _VOLUMES:
            spec = self._spec(resource, name)
            return spec is not None and self._uses(node, _claim_of(spec))
        return self._refers(node, resource, namespace, name)

    def _refers(self, node: str, resource: GroupResource, namespace: str, name: str) -> bool:
        assert self._pods is not None, "not loaded"
        assert self._volumes is not None
        if self._pods.reach(node, resource, namespace, name):
            return True
        if resource != _SECRETS:
            return False
        claims = self._volumes.claims_with_secret(namespace, name)
        return any(self._pods.reach(node, _CLAIMS, *claim) for claim in claims)

    def _uses(self, node: str, claim: tuple[str, str] | None) -> bool:
        return claim is not None and self._refers(node, _CLAIMS, *claim)

    # -- reading ------------------------------------------------------------------------------

    def _entry(self, resource: GroupResource, namespace: str, name: str) -> Entry | None:
        store = self._stores.get(resource)
        return None if store is None else store.storage.cacher.get(store.key(namespace, name))

    def _spec(self, resource: GroupResource, name: str) -> JSONObject | None:
        entry = self._entry(resource, "", name)
        return None if entry is None else orjson.loads(entry.body).get("spec") or {}

    def _node_of(self, resource: GroupResource) -> Callable[[Entry], str]:
        """Reads the node that an object names off its entry."""
        for each in self._catalogue.all():
            if each.storage == resource:
                index = each.rules.selectable_fields.index(_NODE_NAME)
                return lambda entry: entry.fields[index]
        return lambda _entry: ""


class _Followed:
    """An index of the entries of a watch cache, brought up to date when it is asked."""

    def __init__(self) -> None:
        self._cacher: Cacher | None = None
        self._revision = 0

    async def follow(self, cacher: Cacher | None) -> None:
        """Index what there is, letting others have their turns."""
        if cacher is None:
            return
        revision, entries = cacher.last_change, cacher.list().entries
        for start in range(0, len(entries), _AT_ONCE):
            self.add(entries[start : start + _AT_ONCE])
            await asyncio.sleep(0)
        self._cacher, self._revision = cacher, revision

    def catch_up(self) -> bool:
        """Take in what has changed; False if the cache does not know that any more."""
        cacher = self._cacher
        if cacher is None or cacher.last_change == self._revision:
            return True
        try:
            changes = cacher.changes_since(self._revision)
        except RevisionCompacted:
            return False
        for change in changes:
            if change.previous is not None:
                self.remove(change.previous)
            if change.entry is not None:
                self.add((change.entry,))
        self._revision = cacher.last_change
        return True

    def add(self, entries: Iterable[Entry]) -> None:
        """Take in what there is now."""
        raise NotImplementedError

    def remove(self, entry: Entry) -> None:
        """Forget what there was; no error if it is not known."""
        raise NotImplementedError


class _Pods(_Followed):
    """Pods by their node, and what those of asking nodes refer to."""

    def __init__(self, node_of: Callable[[Entry], str]) -> None:
        super().__init__()
        self._node_of = node_of
        self._keys: dict[str, set[str]] = {}  # by node; entries would outlive their pods here
        self._parsed: dict[str, frozenset[_Reference]] = {}  # by key
        self._reached: dict[str, set[_Reference]] = {}  # by node, until its pods change

    def add(self, entries: Iterable[Entry]) -> None:
        """See the base."""
        node_of, by_node, reached = self._node_of, self._keys, self._reached
        for entry in entries:
            node = node_of(entry)
            if not node:
                continue
            keys = by_node.get(node)
            if keys is None:
                keys = by_node[node] = set()
            keys.add(entry.key)
            if reached:
                reached.pop(node, None)

    def remove(self, entry: Entry) -> None:
        """See the base."""
        node = self._node_of(entry)
        keys = self._keys.get(node)
        if keys is None:
            return
        keys.discard(entry.key)
        self._parsed.pop(entry.key, None)
        self._reached.pop(node, None)
        if not keys:
            del self._keys[node]

    def reach(self, node: str, resource: GroupResource, namespace: str, name: str) -> bool:
        """Whether a pod of the node refers to an object."""
        reached = self._reached.get(node)
        if reached is None:
            keys = self._keys.get(node)
            if keys is None:
                return False
            reached = self._reached[node] = set()
            reached.update(*map(self._read, keys))
        return (resource, namespace, name) in reached

    def _read(self, key: str) -> frozenset[_Reference]:
        found = self._parsed.get(key)
        if found is None:
            entry = self._cacher.get(key) if self._cacher is not None else None
            found = self._parsed[key] = frozenset() if entry is None else _references(entry)
        return found


class _Volumes(_Followed):
    """The claims of volumes by the secrets that it takes to mount them."""

    def __init__(self) -> None:
        super().__init__()
        # By namespace and name of the secret: claims by key of their volume.
        self._claims: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}

    def add(self, entries: Iterable[Entry]) -> None:
        """See the base."""
        for entry in entries:
            for secret, claim in _mounting_secrets(entry):
                self._claims.setdefault(secret, {})[entry.key] = claim

    def remove(self, entry: Entry) -> None:
        """See the base."""
        for secret, _ in _mounting_secrets(entry):
            claims = self._claims.get(secret)
            if claims is not None:
                claims.pop(entry.key, None)
                if not claims:
                    del self._claims[secret]

    def claims_with_secret(self, namespace: str, name: str) -> Iterable[tuple[str, str]]:
        """The claims, as namespace and name, of the volumes with a secret."""
        return self._claims.get((namespace, name), {}).values()


def _references(entry: Entry) -> frozenset[_Reference]:
    """What a pod gives its node; nothing if the node may have made it up."""
    pod = orjson.loads(entry.body)
    if references.is_mirror(pod):
        return frozenset()
    spec = pod.get("spec") or {}
    found = {(_SERVICE_ACCOUNTS, references.service_account(spec))}
    found.update((_SECRETS, name) for name in references.secrets(spec))
    found.update((_CONFIG_MAPS, name) for name in references.config_maps(spec))
    found.update((_CLAIMS, name) for name in references.claims(pod))
    found.update((_RESOURCE_CLAIMS, name) for name in references.resource_claims(pod))
    return frozenset((resource, entry.namespace, name) for resource, name in found)


def _mounting_secrets(entry: Entry) -> Iterable[tuple[tuple[str, str], tuple[str, str]]]:
    """Each secret of a volume, with the claim that the volume belongs to."""
    body = entry.body
    if not any(mark in body for mark in _SECRET_MARKS):
        return ()
    spec = orjson.loads(body).get("spec") or {}
    claim = _claim_of(spec)
    return () if claim is None else ((each, claim) for each in references.volume_secrets(spec))


def _claim_of(spec: JSONObject) -> tuple[str, str] | None:
    claim = spec.get("claimRef")
    return None if claim is None else (claim.get("namespace") or "", claim.get("name") or "")
