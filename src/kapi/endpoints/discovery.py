"""Discovery: which groups, versions and resources are served.

Implements "Discovery API" of the documentation: the aggregated form (``apidiscovery.k8s.io/v2``)
at ``/api`` and ``/apis``, and the unaggregated one at every level. Documents are built from the
catalogue once per catalogue generation.
"""

from __future__ import annotations

import hashlib
import importlib.resources
from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import MethodNotSupported, NotAcceptable, NotFound
from kapi.apimachinery.serializer.protobuf import MEDIA_TYPE
from kapi.endpoints.negotiation import ACCEPTED, JSON, Representation, parse_accept
from kapi.endpoints.request import Response
from kapi.endpoints.writer import encode
from kapi.registry.priorities import group_priority, version_priority
from kapi.registry.versions import priority as kube_aware

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import GroupVersionKind, JSONObject
    from kapi.endpoints.aggregation import AggregatedVersion, Aggregation
    from kapi.endpoints.negotiation import Negotiator
    from kapi.endpoints.request import Request
    from kapi.registry.catalogue import Catalogue, Resource, Subresource

__all__ = ["Discovery"]

# Media types that ask for the unaggregated form when they name no other.
_PLAIN = frozenset({"application/json", "application/yaml", MEDIA_TYPE, "*/*"})
_REGISTRATION = "apiregistration.k8s.io"
_FIRST = 1 << 31
_GROUP_PARTS = 3  # of a path like /apis/apps
_AGGREGATED = b"application/%b;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class Discovery:
    """The discovery documents of one server."""

    def __init__(
        self,
        catalogue: Catalogue,
        negotiator: Negotiator,
        address: str = "",
        aggregation: Aggregation | None = None,
    ) -> None:
        self._aggregation = aggregation
        self._catalogue = catalogue
        self._negotiator = negotiator
        self._address = address
        order = orjson.loads(
            importlib.resources.files("kapi.facts").joinpath("groups.json").read_bytes()
        )
        self._order = {group: index for index, (group, _) in enumerate(order)}
        self._generation = (-1, -1)
        self._documents: dict[str, JSONObject] = {}

    def respond(self, request: Request) -> Response | None:
        """The answer to a discovery path, or None when the path is none of them.

        Raises NotFound for an unknown version of a known group, MethodNotSupported for any verb
        but GET where kube-apiserver looks at the verb: at ``/api`` and lists of resources.
        """
        path = request.info.path.rstrip("/")
        parts = path.split("/")
        root = parts[1] if len(parts) > 1 else ""
        if root not in {"api", "apis"} or len(parts) > (3 if root == "api" else 4):
            return None
        if root == "apis" and len(parts) > 2 and not self._is_served(parts[2], parts[3:]):
            return None
        # Two parts of kube-apiserver are at work: one looks at the verb, the other does not.
        by_verb = root == "api" or len(parts) > _GROUP_PARTS
        if by_verb and request.method != "GET":
            self._document(path)  # an unknown version is told first
            raise MethodNotSupported
        if len(parts) == 2:
            aggregated = self._aggregated(request, root)
            if aggregated is not None:
                return aggregated
        accept = request.headers.get(b"accept")
        try:
            representation = self._negotiator.choose(accept, other_kinds=False)
        except NotAcceptable:
            if by_verb:
                raise
            raise NotAcceptable(
                f"only the following media types are accepted: {ACCEPTED}"
            ) from None
        document = self._document(path)
        return Response(200, encode(document, representation), representation.content_type)

    def _is_served(self, group: str, version: list[str]) -> bool:
        """Whether a path is one of a group's; only built-in groups answer for other versions."""
        versions = self._versions(group)
        if not version or version[0] in versions:
            return bool(versions)
        return self._catalogue.is_builtin(group)

    def _document(self, path: str) -> JSONObject:
        remote = self._aggregation.generation if self._aggregation is not None else 0
        if self._generation != (self._catalogue.generation, remote):
            self._documents = {}
            self._generation = (self._catalogue.generation, remote)
        found = self._documents.get(path)
        if found is None:
            found = self._documents[path] = self._build(path.split("/")[1:])
        return found

    def _build(self, parts: list[str]) -> JSONObject:
        if not parts[-1]:  # "/api/" and "/apis/" stand for the aggregated documents
            return self.aggregated_document(parts[0])
        if parts == ["api"]:
            addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": self._address}]
            return {
                "kind": "APIVersions",
                "versions": self._catalogue.versions(""),
                "serverAddressByClientCIDRs": addresses,
            }
        if parts == ["apis"]:
            groups = [self._group(name) for name in self._group_names()]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        if parts[0] == "apis" and len(parts) == 2:
            return {"kind": "APIGroup", "apiVersion": "v1", **self._group(parts[1])}
        group, version = ("", parts[1]) if parts[0] == "api" else (parts[1], parts[2])
        if version not in self._catalogue.versions(group):
            raise NotFound.path()
        return self._resource_list(group, version)

    def _group_names(self) -> list[str]:
        """Groups by priority, those of one priority in kube-apiserver's order, or by name."""
        names = {name for name in self._catalogue.groups() if name}
        priorities = {name: self._group_priority(name) for name in names}
        for remote in self._remote().values():
            known = priorities.get(remote.group, 0)
            priorities[remote.group] = max(known, remote.group_priority)
        last = len(self._order)
        return sorted(
            priorities, key=lambda name: (-priorities[name], self._order.get(name, last), name)
        )

    def _group_priority(self, group: str) -> int:
        if group == _REGISTRATION:  # comes before all that is registered
            return _FIRST
        return group_priority(group, custom=not self._catalogue.is_builtin(group))

    def _remote(self) -> Mapping[tuple[str, str], AggregatedVersion]:
        return self._aggregation.versions() if self._aggregation is not None else {}

    def _versions(self, group: str) -> list[str]:
        """The versions of a group, those of other servers included, preferred one first."""
        own = self._catalogue.versions(group)
        remote = {v: each for (g, v), each in self._remote().items() if g == group}
        if not remote:
            return own
        custom = not self._catalogue.is_builtin(group)
        priorities = {v: version_priority(group, v, custom=custom) for v in own}
        priorities.update({v: each.version_priority for v, each in remote.items()})
        return sorted(priorities, key=lambda v: (-priorities[v], kube_aware(v)))

    def _group(self, name: str) -> JSONObject:
        versions = [
            {"groupVersion": f"{name}/{version}", "version": version}
            for version in self._versions(name)
        ]
        return {"name": name, "versions": versions, "preferredVersion": versions[0]}

    def _resource_list(self, group: str, version: str) -> JSONObject:
        entries: list[JSONObject] = []
        for resource in self._catalogue.resources(group, version):
            entries.append(_resource_entry(resource))
            entries.extend(_subresource_entry(resource, sub) for sub in _subresources(resource))
        document: JSONObject = {"kind": "APIResourceList"}
        if group:
            document["apiVersion"] = "v1"
        document["groupVersion"] = f"{group}/{version}" if group else version
        document["resources"] = entries
        return document

    # -- aggregated ---------------------------------------------------------------------------

    def _aggregated(self, request: Request, root: str) -> Response | None:
        accept = request.header(b"accept")
        for wanted in parse_accept(accept):
            if wanted.parameters.get("as") == "APIGroupDiscoveryList":
                parameters = (wanted.parameters.get("g"), wanted.parameters.get("v"))
                if parameters != ("apidiscovery.k8s.io", "v2"):
                    continue
                if wanted.media_type in {"application/json", "application/yaml"}:
                    return self._aggregated_response(request, root, wanted.media_type)
            elif wanted.media_type in _PLAIN:
                return None
        return None

    def _aggregated_response(self, request: Request, root: str, media_type: str) -> Response:
        document = self._document(f"/{root}/")
        etag = f'"{hashlib.sha512(orjson.dumps(document)).hexdigest().upper()}"'
        headers = [(b"etag", etag.encode()), (b"vary", b"Accept"), (b"cache-control", b"public")]
        encoding = media_type.rpartition("/")[2]
        content_type = _AGGREGATED % encoding.encode()
        if request.header(b"if-none-match") == etag:
            return Response(304, b"", b"", headers)
        representation = JSON if encoding == "json" else Representation("yaml")
        return Response(200, encode(document, representation), content_type, headers)

    def aggregated_document(self, root: str) -> JSONObject:
        """The APIGroupDiscoveryList of ``api`` or ``apis``."""
        names = [""] if root == "api" else self._group_names()
        items: list[JSONObject] = []
        for name in names:
            versions = [self._aggregated_version(name, v) for v in self._versions(name)]
            metadata = {"name": name} if name else {}
            items.append({"metadata": metadata, "versions": versions})
        return {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {},
            "items": items,
        }

    def _aggregated_version(self, group: str, version: str) -> JSONObject:
        remote = self._remote().get((group, version))
        if remote is None:
            resources = self._catalogue.resources(group, version)
            entries = [_aggregated_entry(resource) for resource in resources]
            return {"version": version, "resources": entries, "freshness": "Current"}
        entry: JSONObject = {"version": version}
        if remote.resources:
            entry["resources"] = remote.resources
        entry["freshness"] = "Current" if remote.fresh else "Stale"
        return entry


def _resource_entry(resource: Resource) -> JSONObject:
    entry: JSONObject = {
        "name": resource.resource,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.storage_version_hash:
        entry["storageVersionHash"] = resource.storage_version_hash
    return entry


def _subresources(resource: Resource) -> list[Subresource]:
    """Subresources by name; those of custom resources in the order of their definition."""
    if resource.custom:
        return list(resource.subresources.values())
    return [sub for _, sub in sorted(resource.subresources.items())]


def _subresource_entry(resource: Resource, sub: Subresource) -> JSONObject:
    entry: JSONObject = {
        "name": f"{resource.resource}/{sub.name}",
        "singularName": "",
        "namespaced": resource.namespaced,
    }
    if (sub.kind.group, sub.kind.version) != (resource.group, resource.version):
        entry["group"] = sub.kind.group
        entry["version"] = sub.kind.version
    entry["kind"] = sub.kind.kind
    entry["verbs"] = list(sub.verbs)
    return entry


def _response_kind(resource: Resource, kind: GroupVersionKind) -> JSONObject:
    """Group and version are left empty where they are those of a built-in parent."""
    if not resource.custom and kind.group_version == resource.gvk.group_version:
        return {"group": "", "version": "", "kind": kind.kind}
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _aggregated_entry(resource: Resource) -> JSONObject:
    entry: JSONObject = {
        "resource": resource.resource,
        "responseKind": _response_kind(resource, resource.gvk),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": _response_kind(resource, sub.kind),
                "verbs": list(sub.verbs),
            }
            for sub in _subresources(resource)
        ]
    return entry
