"""The catalogue: every resource that a server serves, as data, looked up per request.

Built-in resources come from the table in ``facts/resources.json`` for the chosen version; custom
and aggregated resources are added and removed while the server runs. Each change raises
``generation``, so documents derived from the catalogue (discovery, OpenAPI) know when to rebuild.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.types import GroupResource, GroupVersion, GroupVersionKind
from kapi.registry.codec import TypeCodec
from kapi.registry.deprecations import deprecation_warning
from kapi.registry.resource_config import ResourceConfig
from kapi.registry.server_members import default_of_version
from kapi.registry.versions import hub_version, priority, storage_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from kapi.apimachinery.scheme import Scheme, Type
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.codec import ObjectCodec
    from kapi.registry.conversion import Conversion
    from kapi.registry.rules import KindRules, Rules

__all__ = ["Catalogue", "Resource", "Subresource", "builtin_resources", "resource_table"]


@dataclass(frozen=True, slots=True)
class Subresource:
    """What may be done below an object's path; ``kind`` is what the endpoint reads and writes.

    ``body`` and ``result`` are the schemas of what a function of an extension takes and answers,
    empty for any JSON; None where the kind says it.
    """

    name: str
    kind: GroupVersionKind
    verbs: tuple[str, ...]
    body: JSONObject | None = None
    result: JSONObject | None = None


@dataclass(slots=True, eq=False)
class Resource:
    """One resource at one version.

    ``hub`` is the kind in whose form objects are stored and rules see them; all versions of a
    resource (and events of both groups) share ``storage``, the name under which they are kept.
    With a ``conversion`` rules see objects at the resource's own version, which is its ``hub``;
    the store has them in another form.
    """

    group: str
    version: str
    resource: str
    kind: str
    singular: str
    namespaced: bool
    verbs: tuple[str, ...]
    short_names: tuple[str, ...]
    categories: tuple[str, ...]
    subresources: dict[str, Subresource]
    type: Type
    codec: ObjectCodec
    hub: GroupVersionKind
    storage: GroupResource
    rules: KindRules
    storage_version_hash: str = ""
    # JSON members that open every object and list of this kind on the wire.
    object_head: bytes = b""
    list_kind: str = ""
    deprecation: str = ""
    # Defined by a CustomResourceDefinition: written as it is, never as protobuf.
    custom: bool = False
    # Stored objects may be in the form of other versions than the hub, too.
    stored_in_many: bool = False
    conversion: Conversion | None = None
    gvk: GroupVersionKind = field(init=False)
    api_version: str = field(init=False)

    def __post_init__(self) -> None:
        self.gvk = GroupVersionKind(self.group, self.version, self.kind)
        self.api_version = self.gvk.api_version
        self.list_kind = self.list_kind or f"{self.kind}List"
        self.object_head = f'{{"kind":"{self.kind}","apiVersion":"{self.api_version}",'.encode()

    @property
    def group_resource(self) -> GroupResource:
        """The resource without its version."""
        return GroupResource(self.group, self.resource)

    @property
    def is_hub(self) -> bool:
        """Whether stored bytes are served as they are."""
        return self.gvk == self.hub and not self.stored_in_many


class Catalogue:
    """All resources by group, version and name."""

    def __init__(self) -> None:
        self.generation = 0
        # Called after each change; must not block.
        self.on_change: Callable[[], None] | None = None
        self._resources: dict[tuple[str, str, str], Resource] = {}
        self._versions: dict[str, list[str]] = {}

    def get(self, group: str, version: str, resource: str) -> Resource | None:
        """The resource that a path names, or None."""
        return self._resources.get((group, version, resource))

    def add(self, resources: Iterable[Resource]) -> None:
        """Serve more resources; one that exists is replaced."""
        for resource in resources:
            self._resources[resource.group, resource.version, resource.resource] = resource
            versions = self._versions.setdefault(resource.group, [])
            if resource.version not in versions:
                versions.append(resource.version)
                versions.sort(key=priority)
        self._changed()

    def remove(self, resources: Iterable[Resource]) -> None:
        """Stop serving resources; versions and groups without any vanish."""
        for resource in resources:
            self._resources.pop((resource.group, resource.version, resource.resource), None)
        self._versions = {}
        for group, version, _ in self._resources:
            versions = self._versions.setdefault(group, [])
            if version not in versions:
                versions.append(version)
                versions.sort(key=priority)
        self._changed()

    def _changed(self) -> None:
        self.generation += 1
        if self.on_change is not None:
            self.on_change()

    def is_builtin(self, group: str) -> bool:
        """Whether a group has a resource that is part of the server."""
        return group in self._versions and any(
            resource.group == group and not resource.custom for resource in self._resources.values()
        )

    def groups(self) -> Iterator[str]:
        """Every group that has a resource; the core group is the empty string."""
        return iter(self._versions)

    def versions(self, group: str) -> list[str]:
        """The versions of a group, preferred one first; empty for an unknown group."""
        return self._versions.get(group, [])

    def resources(self, group: str, version: str) -> list[Resource]:
        """The resources of one group version, by name."""
        found = [r for r in self._resources.values() if (r.group, r.version) == (group, version)]
        return sorted(found, key=lambda r: r.resource)

    def all(self) -> Iterator[Resource]:
        """Every resource at every version."""
        return iter(self._resources.values())

    def for_kind(self, group_version: GroupVersion, kind: str) -> Resource | None:
        """The resource that serves a kind, or None."""
        for resource in self._resources.values():
            if resource.kind == kind and (resource.group, resource.version) == group_version:
                return resource
        return None

    def preferred(self, group_resource: GroupResource) -> Resource | None:
        """A resource at the most preferred version that serves it, or None."""
        for version in self._versions.get(group_resource.group, ()):
            found = self._resources.get((group_resource.group, version, group_resource.resource))
            if found is not None:
                return found
        return None


def builtin_resources(
    scheme: Scheme, rules: Rules, runtime_config: Mapping[str, bool] | None = None
) -> list[Resource]:
    """The built-in resources that Kubernetes 1.``scheme.minor`` serves.

    ``runtime_config`` changes what is on by default; raises RuntimeConfigError for a setting
    that names nothing.
    """
    table = resource_table()
    ever: dict[tuple[str, str], list[str]] = {}
    served: dict[tuple[str, str], list[str]] = {}
    rows: list[JSONObject] = []
    for row in table:
        key = (row["group"], row["resource"])
        ever.setdefault(key, []).append(row["version"])
        if row["since"] <= scheme.minor <= row["until"]:
            served.setdefault(key, []).append(row["version"])
            rows.append(row)
    known = {(row["group"], row["version"], row["resource"]) for row in rows}
    config = ResourceConfig(runtime_config or {}, scheme.minor, known)
    built: list[Resource] = []
    for row in rows:
        key = (row["group"], row["resource"])
        if config.enabled(row["group"], row["version"], row["resource"]):
            resource = _resource(scheme, rules, row, served[key], ever[key])
            if resource is not None:
                built.append(resource)
    return built


def resource_table() -> list[JSONObject]:
    """Every built-in resource of every version: since and until which minor, verbs, names."""
    table: list[JSONObject] = orjson.loads(
        importlib.resources.files("kapi.facts").joinpath("resources.json").read_bytes()
    )
    return table


def _resource(
    scheme: Scheme, rules: Rules, row: JSONObject, served: list[str], ever: list[str]
) -> Resource | None:
    group, version, kind = row["group"], row["version"], row["kind"]
    gvk = GroupVersionKind(group, version, kind)
    kind_type = scheme.type(gvk)
    if kind_type is None:
        return None
    storage = GroupResource(group, row["resource"])
    hub = GroupVersionKind(group, hub_version(group, row["resource"], served, ever), kind)
    if storage == GroupResource("events.k8s.io", "events"):  # one object with core/v1 Event
        storage, hub = GroupResource("", "events"), GroupVersionKind("", "v1", "Event")
    kind_rules = rules.get(group, row["resource"])
    default = default_of_version(
        group, row["resource"], kind_type, kind_rules.defaults.get(version)
    )
    return Resource(
        group=group,
        version=version,
        resource=row["resource"],
        kind=kind,
        singular=row["singular"],
        namespaced=row["scope"] == "Namespaced",
        verbs=tuple(row["verbs"]),
        short_names=tuple(row.get("shortNames", ())),
        categories=tuple(row.get("categories", ())),
        subresources=_subresources(row, scheme.minor),
        type=kind_type,
        hub=hub,
        storage=storage,
        rules=kind_rules,
        codec=TypeCodec(scheme, kind_type, gvk, default),
        storage_version_hash=_storage_version_hash(row, storage.group, served),
        deprecation=deprecation_warning(group, version, kind, scheme.minor),
    )


def _subresources(row: JSONObject, minor: int) -> dict[str, Subresource]:
    found: dict[str, Subresource] = {}
    for name, sub in row.get("subresources", {}).items():
        if sub["since"] <= minor <= sub["until"]:
            kind = GroupVersionKind(*sub["responseKind"])
            found[name] = Subresource(name, kind, tuple(sub["verbs"]))
    return found


def _storage_version_hash(row: JSONObject, group: str, served: list[str]) -> str:
    """How discovery tells clients that two versions are stored in one form."""
    if "list" not in row["verbs"] or row["resource"] == "componentstatuses":
        return ""
    version = storage_version(group, row["resource"], served)
    # kube-apiserver derives this one from the version that CRDs were first stored in.
    if row["kind"] == "CustomResourceDefinition":
        version = "v1beta1"
    text = f"{group}/{version}/{row['kind']}"
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()
