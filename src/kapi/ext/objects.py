"""Object, Metadata and Request: what the functions of an extension are given.

An Object is a view of a JSON object. Its parts are made when they are first asked for; what a
function changed is found by comparing, so whatever it left alone stays as the client wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kapi.ext.errors import Unfit

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.apimachinery.user import UserInfo
    from kapi.ext.scalars import Shape
    from kapi.registry.context import RequestContext

__all__ = ["Metadata", "Object", "Request"]

Spec = TypeVar("Spec")
Status = TypeVar("Status")


@dataclass(slots=True)
class Metadata:
    """The metadata of an object; labels, annotations and finalizers may be changed.

    What the server owns (uid, resourceVersion and so on) is only to be read.
    """

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    finalizers: list[str] = field(default_factory=list)
    owner_references: list[dict[str, Any]] = field(default_factory=list)


def _read_metadata(meta: JSONObject) -> Metadata:
    return Metadata(
        meta.get("name") or "",
        meta.get("generateName") or "",
        meta.get("namespace") or "",
        meta.get("uid") or "",
        meta.get("resourceVersion") or "",
        meta.get("generation") or 0,
        _time(meta.get("creationTimestamp")),
        _time(meta.get("deletionTimestamp")),
        {**(meta.get("labels") or {})},
        {**(meta.get("annotations") or {})},
        [*(meta.get("finalizers") or ())],
        [{**owner} for owner in meta.get("ownerReferences") or ()],
    )


def _time(text: JSONValue) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class Object(Generic[Spec, Status]):
    """One object of a declared resource: ``metadata``, ``spec`` and ``status``.

    ``spec`` and ``status`` are instances of the declared classes. An object without a status has
    one with the defaults of its class; ``status`` is None where none is declared.
    """

    __slots__ = ("_before", "_json", "_metadata", "_parts", "_shapes")

    def __init__(self, json: JSONObject, spec: Shape, status: Shape | None) -> None:
        self._json = json
        self._shapes = {"spec": spec, "status": status}
        self._parts: dict[str, Any] = {}
        self._before: dict[str, JSONValue] = {}
        self._metadata: Metadata | None = None

    @property
    def metadata(self) -> Metadata:
        """Name, labels and so on."""
        if self._metadata is None:
            self._metadata = _read_metadata(self._json["metadata"])
        return self._metadata

    @property
    def spec(self) -> Spec:
        """What is wanted."""
        return self._part("spec")  # type: ignore[no-any-return]

    @spec.setter
    def spec(self, value: Spec) -> None:
        self._part("spec")
        self._parts["spec"] = value

    @property
    def status(self) -> Status:
        """What is."""
        return self._part("status")  # type: ignore[no-any-return]

    @status.setter
    def status(self, value: Status) -> None:
        self._part("status")
        self._parts["status"] = value

    @property
    def json(self) -> JSONObject:
        """The whole object as it was sent or stored; not to be changed."""
        return self._json

    def _part(self, name: str) -> Any:
        if name not in self._parts:
            shape = self._shapes[name]
            if shape is None:
                return None
            try:
                value = shape.read(self._json.get(name) or {})
            except Unfit as error:
                raise error.below(name) from error
            self._before[name] = shape.write(value)
            self._parts[name] = value
        return self._parts[name]

    def changed(self) -> bool:
        """Bring what a function changed into the JSON object; whether there was anything."""
        found = False
        for name, value in self._parts.items():
            shape, before = self._shapes[name], self._before[name]
            assert shape is not None
            after = shape.write(value)
            if after != before:
                self._json[name] = _merged(self._json.get(name) or {}, before, after)
                found = True
        return self._metadata_changed() or found

    def _metadata_changed(self) -> bool:
        if self._metadata is None:
            return False
        meta = {**self._json["metadata"]}
        before, after = _read_metadata(meta), self._metadata
        found = False
        for attribute, name in (
            ("labels", "labels"),
            ("annotations", "annotations"),
            ("finalizers", "finalizers"),
            ("owner_references", "ownerReferences"),
        ):
            value = getattr(after, attribute)
            if value != getattr(before, attribute):
                found = True
                if value:
                    meta[name] = value
                else:
                    meta.pop(name, None)
        if found:
            self._json["metadata"] = meta
        return found

    def __repr__(self) -> str:
        meta = self._json["metadata"]
        name = "/".join(meta[key] for key in ("namespace", "name") if meta.get(key))
        return f"<{self._json.get('kind', 'Object')} {name}>"


def _merged(original: JSONValue, before: JSONValue, after: JSONValue) -> JSONValue:
    """The original with what differs between before and after.

    What the Python type does not know, and texts that say the same otherwise (times, quantities),
    stay as they are in the original.
    """
    if not (isinstance(original, dict) and isinstance(before, dict) and isinstance(after, dict)):
        return after
    merged = {k: v for k, v in original.items() if k in after or k not in before}
    for name, value in after.items():
        if name not in before:
            merged[name] = value
        elif before[name] != value:
            merged[name] = _merged(original.get(name), before[name], value)
    return merged


class Request:
    """The request that a function is called for.

    ``operation`` is CREATE, UPDATE or, for functions of subresources, CONNECT; ``subresource`` is
    empty on the object itself. ``method`` and ``query`` are those of a subresource's request.
    """

    __slots__ = ("_context", "method", "query")

    def __init__(
        self,
        context: RequestContext,
        method: str = "",
        query: dict[str, list[str]] | None = None,
    ) -> None:
        self._context = context
        self.method = method
        self.query = query or {}

    @property
    def operation(self) -> str:
        """CREATE, UPDATE or CONNECT."""
        return self._context.operation

    @property
    def namespace(self) -> str:
        """The namespace of the path; empty outside of namespaces."""
        return self._context.namespace

    @property
    def name(self) -> str:
        """The name of the object; empty while it is still to be generated."""
        return self._context.name

    @property
    def version(self) -> str:
        """The API version of the path."""
        return self._context.version

    @property
    def subresource(self) -> str:
        """The subresource of the path, or nothing."""
        return self._context.subresource

    @property
    def user(self) -> UserInfo:
        """Who asks: ``name``, ``uid``, ``groups``, ``extra``."""
        return self._context.user

    @property
    def dry_run(self) -> bool:
        """Nothing will be stored; a function must not change anything elsewhere either."""
        return self._context.dry_run

    @property
    def now(self) -> datetime:
        """When the server began to work on it."""
        return datetime.fromtimestamp(self._context.now_seconds, UTC)

    def warn(self, text: str) -> None:
        """Send a Warning header along, which kubectl shows."""
        self._context.warn(text)
