"""Operations: every verb on every path of a group version, as data for both OpenAPI versions.

Operation ids, actions, parameters and media types are those that client generators rely on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kapi.endpoints.openapi.custom_resources import body_kind, custom_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kapi.apimachinery.types import GroupVersionKind
    from kapi.registry.catalogue import Catalogue, Resource, Subresource

__all__ = ["Operation", "group_operations", "group_title", "version_operations"]

OBJECTS = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
STREAMS = (
    *OBJECTS,
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
)
ANY = ("*/*",)
PATCHES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_CREATE = ("dryRun", "fieldManager", "fieldValidation")
_PATCH = (*_CREATE, "force")
_DELETE = (
    "dryRun",
    "gracePeriodSeconds",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "orphanDependents",
    "propagationPolicy",
)
_LIST = (
    "allowWatchBookmarks",
    "continue",
    "fieldSelector",
    "labelSelector",
    "limit",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "shardSelector",
    "timeoutSeconds",
    "watch",
)
_DELETE_COLLECTION = tuple(sorted({*_DELETE, *_LIST} - {"allowWatchBookmarks", "watch"}))
_CONNECT_METHODS = {
    "create": "post",
    "delete": "delete",
    "get": "get",
    "patch": "patch",
    "update": "put",
}
_CONNECT_PARAMETERS = {
    "NodeProxyOptions": ("path",),
    "PodAttachOptions": ("container", "stderr", "stdin", "stdout", "tty"),
    "PodExecOptions": ("command", "container", "stderr", "stdin", "stdout", "tty"),
    "PodPortForwardOptions": ("ports",),
    "PodProxyOptions": ("path",),
    "ServiceProxyOptions": ("path",),
}
_LOG_PARAMETERS = (
    "container",
    "follow",
    "insecureSkipTLSVerifyBackend",
    "limitBytes",
    "previous",
    "sinceSeconds",
    "stream",
    "tailLines",
    "timestamps",
)
# The version that gave lists and watches a parameter, for those newer than the oldest served one.
PARAMETERS_SINCE = {
    "ignoreStoreReadErrorWithClusterBreakingPotential": 32,
    "sendInitialEvents": 27,
    "shardSelector": 36,
    "stream": 32,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. ``body`` and ``returns`` are definition names, empty for none."""

    path: str
    method: str
    id: str
    description: str
    tag: str
    action: str = ""
    kind: GroupVersionKind | None = None
    parameters: tuple[str, ...] = ()
    consumes: tuple[str, ...] = ()
    produces: tuple[str, ...] = OBJECTS
    body: str = ""
    returns: str = ""
    codes: tuple[int, ...] = (200,)
    path_parameters: tuple[str, ...] = field(default=())


def camel(text: str) -> str:
    """``podDisruption-budget`` as part of an identifier: each word with a capital."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", text))


def group_title(group: str) -> str:
    """A group in operation ids: ``networking.k8s.io`` is Networking."""
    if not group:
        return "Core"
    return camel(group.removesuffix(".k8s.io"))


def tag_of(group: str, version: str) -> str:
    """A group version in tags: ``networking_v1``."""
    title = group_title(group)
    name = title[:1].lower() + title[1:]
    return f"{name}_{version}" if version else name


def base_path(group: str, version: str) -> str:
    """Where a group version is served."""
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def _documents(path: str, operation_id: str, what: str, tag: str, returns: str) -> Operation:
    return Operation(path, "get", operation_id, what, tag, returns=META + returns)


def group_operations(group: str) -> list[Operation]:
    """The discovery document of a group; of ``api`` and ``apis`` for those names."""
    if group == "api":
        return [
            _documents(
                "/api/", "getCoreAPIVersions", "get available API versions", "core", "APIVersions"
            )
        ]
    if group == "apis":
        return [
            _documents(
                "/apis/", "getAPIVersions", "get available API versions", "apis", "APIGroupList"
            )
        ]
    title = group_title(group)
    path = f"/apis/{group}/"
    what = "get information of a group"
    return [_documents(path, f"get{title}APIGroup", what, tag_of(group, ""), "APIGroup")]


def version_operations(
    catalogue: Catalogue,
    group: str,
    version: str,
    definition: Callable[[GroupVersionKind], str | None],
    minor: int,
) -> list[Operation]:
    """All operations of a group version, its discovery document first."""
    base = base_path(group, version)
    title = group_title(group) + camel(version)
    tag = tag_of(group, version)
    found = [
        _documents(
            f"{base}/", f"get{title}APIResources", "get available resources", tag, "APIResourceList"
        )
    ]
    for resource in catalogue.resources(group, version):
        writer = _ResourceOperations(resource, base, title, tag, definition)
        found.extend(writer.all())
    return [_without_newer(operation, minor) for operation in found]


def _without_newer(operation: Operation, minor: int) -> Operation:
    if all(PARAMETERS_SINCE.get(name, 0) <= minor for name in operation.parameters):
        return operation
    kept = tuple(n for n in operation.parameters if PARAMETERS_SINCE.get(n, 0) <= minor)
    values = {name: getattr(operation, name) for name in operation.__slots__}
    return Operation(**{**values, "parameters": kept})


_TEXT_OBJECTS = OBJECTS[:2]


def _without_messages(operation: dict[str, object]) -> None:
    """Custom resources have no protobuf form, and no strategic merge patch."""
    operation["produces"] = _TEXT_OBJECTS
    if operation.get("consumes") == ANY:
        operation["consumes"] = _TEXT_OBJECTS
    elif operation.get("consumes") == PATCHES:
        operation["consumes"] = tuple(p for p in PATCHES if "strategic" not in p)


class _ResourceOperations:
    """The operations of one resource and its subresources."""

    def __init__(
        self,
        resource: Resource,
        base: str,
        title: str,
        tag: str,
        definition: Callable[[GroupVersionKind], str | None],
    ) -> None:
        self._resource = resource
        self._title = title
        self._tag = tag
        self._definition = definition
        self._kind = resource.gvk
        names = custom_name if resource.custom else definition
        self._object = names(resource.gvk) or ""
        self._list = names(resource.gvk._replace(kind=resource.list_kind)) or ""
        scope = "Namespaced" if resource.namespaced else ""
        self._name = scope + resource.kind
        self._base = base
        self._collection = base + ("/namespaces/{namespace}" if resource.namespaced else "")
        self._collection += f"/{resource.resource}"
        self._item = self._collection + "/{name}"
        self._in_collection = ("namespace",) if resource.namespaced else ()
        self._in_item = ("name", *self._in_collection)

    def all(self) -> Iterator[Operation]:
        """Every operation, collections first."""
        verbs = self._resource.verbs
        if "list" in verbs:
            yield from self._lists()
        if "create" in verbs:
            yield self._create()
        if "deletecollection" in verbs:
            yield self._delete_collection()
        yield from self._items(verbs)
        for _, sub in sorted(self._resource.subresources.items()):
            yield from self._subresource(sub)
        if "watch" in verbs and not self._resource.custom:
            yield from self._watches()

    def _make(
        self, path: str, method: str, operation_id: str, text: str, **more: object
    ) -> Operation:
        kind = more.pop("kind", self._kind)
        if self._resource.custom:
            _without_messages(more)
        return Operation(path, method, operation_id, text, self._tag, kind=kind, **more)  # type: ignore[arg-type]

    def _lists(self) -> Iterator[Operation]:
        kind = self._resource.kind
        text = f"list or watch objects of kind {kind}"
        yield self._list_operation(
            self._collection, f"list{self._title}{self._name}", text, self._in_collection
        )
        if self._resource.namespaced:
            path = f"{self._base}/{self._resource.resource}"
            yield self._list_operation(path, f"list{self._title}{kind}ForAllNamespaces", text, ())

    def _list_operation(
        self, path: str, operation_id: str, text: str, within: tuple[str, ...]
    ) -> Operation:
        shared: tuple[str, ...] = (*within, "pretty")
        parameters: tuple[str, ...] = _LIST
        if self._resource.custom and path != self._collection:
            # The only operation of its path: its parameters are those of the path.
            shared, parameters = tuple(sorted((*shared, *_LIST))), ()
        return self._make(
            path,
            "get",
            operation_id,
            text,
            action="list",
            parameters=parameters,
            produces=STREAMS,
            returns=self._list,
            path_parameters=shared,
        )

    def _create(self) -> Operation:
        return self._make(
            self._collection,
            "post",
            f"create{self._title}{self._name}",
            f"create {_article(self._resource.kind)}",
            action="post",
            parameters=_CREATE,
            consumes=ANY,
            body=self._object,
            returns=self._object,
            codes=(200, 201, 202),
            path_parameters=(*self._in_collection, "pretty"),
        )

    def _delete_collection(self) -> Operation:
        return self._make(
            self._collection,
            "delete",
            f"delete{self._title}Collection{self._name}",
            f"delete collection of {self._resource.kind}",
            action="deletecollection",
            parameters=_DELETE_COLLECTION,
            consumes=ANY,
            body="" if self._resource.custom else META + "DeleteOptions",
            returns=META + "Status",
            path_parameters=(*self._in_collection, "pretty"),
        )

    def _items(self, verbs: tuple[str, ...]) -> Iterator[Operation]:
        what = _article(self._resource.kind)
        if "get" in verbs:
            yield self._get(
                self._item,
                "",
                f"read the specified {self._resource.kind}",
                self._kind,
                self._object,
            )
        if "update" in verbs:
            text = f"replace the specified {self._resource.kind}"
            yield self._replace(self._item, "", text, self._kind, self._object)
        if "delete" in verbs:
            returns = (
                self._object
                if self._resource.rules.strategy.delete_returns_object
                else META + "Status"
            )
            yield self._make(
                self._item,
                "delete",
                f"delete{self._title}{self._name}",
                f"delete {what}",
                action="delete",
                parameters=_DELETE,
                consumes=ANY,
                body=META + "DeleteOptions",
                returns=returns,
                codes=(200, 202),
                path_parameters=(*self._in_item, "pretty"),
            )
        if "patch" in verbs:
            text = f"partially update the specified {self._resource.kind}"
            yield self._patch(self._item, "", text, self._kind, self._object)

    def _get(
        self, path: str, suffix: str, text: str, kind: GroupVersionKind, returns: str
    ) -> Operation:
        return self._make(
            path,
            "get",
            f"read{self._title}{self._name}{suffix}",
            text,
            action="get",
            kind=kind,
            returns=returns,
            path_parameters=(*self._in_item, "pretty"),
        )

    def _replace(
        self, path: str, suffix: str, text: str, kind: GroupVersionKind, body: str
    ) -> Operation:
        return self._make(
            path,
            "put",
            f"replace{self._title}{self._name}{suffix}",
            text,
            action="put",
            kind=kind,
            parameters=_CREATE,
            consumes=ANY,
            body=body,
            returns=body,
            codes=(200, 201),
            path_parameters=(*self._in_item, "pretty"),
        )

    def _patch(
        self, path: str, suffix: str, text: str, kind: GroupVersionKind, returns: str
    ) -> Operation:
        return self._make(
            path,
            "patch",
            f"patch{self._title}{self._name}{suffix}",
            text,
            action="patch",
            kind=kind,
            parameters=_PATCH,
            consumes=PATCHES,
            body=META + "Patch",
            returns=returns,
            codes=(200,) if self._resource.custom else (200, 201),
            path_parameters=(*self._in_item, "pretty"),
        )

    def _subresource(self, sub: Subresource) -> Iterator[Operation]:
        if sub.result is not None:
            yield from self._functions(sub)
            return
        if sub.kind.kind.endswith("Options"):
            yield from self._connect(sub)
            return
        path = f"{self._item}/{sub.name}"
        suffix = camel(sub.name)
        name = self._definition(sub.kind) or self._object
        of = f"{sub.name} of the specified {self._resource.kind}"
        if sub.name == "log":
            yield self._make(
                path,
                "get",
                f"read{self._title}{self._name}Log",
                f"read {of}",
                action="get",
                parameters=_LOG_PARAMETERS,
                produces=("text/plain", *OBJECTS),
                returns="string",
                path_parameters=(*self._in_item, "pretty"),
            )
            return
        if "get" in sub.verbs:
            yield self._get(path, suffix, f"read {of}", sub.kind, name)
        if "update" in sub.verbs:
            yield self._replace(path, suffix, f"replace {of}", sub.kind, name)
        if "patch" in sub.verbs:
            yield self._patch(path, suffix, f"partially update {of}", sub.kind, name)
        if "create" in sub.verbs:
            yield self._make(
                path,
                "post",
                f"create{self._title}{self._name}{suffix}",
                f"create {of}",
                action="post",
                kind=sub.kind,
                parameters=_CREATE,
                consumes=ANY,
                body=name,
                returns=name,
                codes=(200, 201, 202),
                path_parameters=(*self._in_item, "pretty"),
            )

    def _functions(self, sub: Subresource) -> Iterator[Operation]:
        """What functions of an extension answer, in their own forms."""
        suffix = camel(sub.name)
        body = custom_name(body_kind(sub.kind)) if sub.body else ""
        for verb in sub.verbs:
            method = _CONNECT_METHODS[verb]
            has_body = method in {"post", "put"}
            yield self._make(
                f"{self._item}/{sub.name}",
                method,
                f"connect{self._title}{method.capitalize()}{self._name}{suffix}",
                f"connect {method.upper()} requests to {sub.name} of {self._resource.kind}",
                action="connect",
                kind=sub.kind,
                parameters=_CREATE[:2] if method != "get" else (),
                consumes=ANY if has_body else (),
                body=body if has_body else "",
                returns=custom_name(sub.kind),
                path_parameters=(*self._in_item, "pretty"),
            )

    def _connect(self, sub: Subresource) -> Iterator[Operation]:
        parameters = _CONNECT_PARAMETERS.get(sub.kind.kind, ())
        methods = [_CONNECT_METHODS[verb] for verb in sub.verbs if verb in _CONNECT_METHODS]
        if sub.name == "proxy":
            methods = ["delete", "get", "head", "options", "patch", "post", "put"]
        paths = [(f"{self._item}/{sub.name}", "", self._in_item)]
        if sub.name == "proxy":
            paths.append((f"{self._item}/proxy/{{path}}", "WithPath", (*self._in_item, "path")))
        for path, suffix, within in paths:
            for method in methods:
                verb = method.capitalize()
                yield self._make(
                    path,
                    method,
                    f"connect{self._title}{verb}{self._name}{camel(sub.name)}{suffix}",
                    f"connect {method.upper()} requests to {sub.name} of {self._resource.kind}",
                    action="connect",
                    kind=sub.kind,
                    parameters=parameters,
                    produces=ANY,
                    returns="string",
                    path_parameters=within,
                )

    def _watches(self) -> Iterator[Operation]:
        """The old watch paths, which the parameter ``watch`` has replaced."""
        kind = self._resource.kind
        watch_base = f"{self._base}/watch"
        collection = self._collection.replace(self._base, watch_base, 1)
        item = self._item.replace(self._base, watch_base, 1)
        text = f"watch changes of kind {kind}. deprecated: use the 'watch' parameter with a list"
        yield self._watch(
            collection,
            f"watch{self._title}{self._name}List",
            text,
            "watchlist",
            self._in_collection,
        )
        if "get" in self._resource.verbs:
            yield self._watch(item, f"watch{self._title}{self._name}", text, "watch", self._in_item)
        if self._resource.namespaced:
            path = f"{watch_base}/{self._resource.resource}"
            name = f"watch{self._title}{kind}ListForAllNamespaces"
            yield self._watch(path, name, text, "watchlist", ())

    def _watch(
        self, path: str, operation_id: str, text: str, action: str, within: tuple[str, ...]
    ) -> Operation:
        return self._make(
            path,
            "get",
            operation_id,
            text,
            action=action,
            produces=STREAMS,
            returns=META + "WatchEvent",
            path_parameters=(*within, "pretty", *_LIST),
            parameters=(),
        )


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "AEIOU" else f"a {kind}"
