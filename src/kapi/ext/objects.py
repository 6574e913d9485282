"""Object, Metadata and Request: what the functions of an extension are given.

An Object is a view of a JSON object. Its parts are made when they are first asked for; what a
function changed is found by comparing, so whatever it left alone stays as the client wrote it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson

from kapi.ext.errors import Unfit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.apimachinery.user import UserInfo
    from kapi.ext.scalars import Shape
    from kapi.registry.context import RequestContext

__all__ = ["Metadata", "Object", "Request", "check_json"]

_STRICT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS

Spec = TypeVar("Spec")
Status = TypeVar("Status")


class Metadata:
    """The metadata of an object; labels, annotations, finalizers and owners may be changed.

    What the server owns (uid, resourceVersion and so on) is only to be read.
    """

    __slots__ = ("_json", "_parts")

    def __init__(self, json: JSONObject) -> None:
        self._json = json
        # What was asked for and may be changed, by its name in JSON.
        self._parts: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """The name; empty while it is still to be generated."""
        return self._json.get("name") or ""

    @property
    def generate_name(self) -> str:
        """What a generated name begins with."""
        return self._json.get("generateName") or ""

    @property
    def namespace(self) -> str:
        """The namespace; empty outside of namespaces."""
        return self._json.get("namespace") or ""

    @property
    def uid(self) -> str:
        """What this object and no later one of the same name has; empty before it is stored."""
        return self._json.get("uid") or ""

    @property
    def resource_version(self) -> str:
        """The state that the object has been read in; empty for a new one."""
        return self._json.get("resourceVersion") or ""

    @property
    def generation(self) -> int:
        """How often what is wanted has changed."""
        return self._json.get("generation") or 0

    @property
    def creation_timestamp(self) -> datetime | None:
        """When it was stored first."""
        return _time(self._json.get("creationTimestamp"))

    @property
    def deletion_timestamp(self) -> datetime | None:
        """Since when it is being deleted; None for what stays."""
        return _time(self._json.get("deletionTimestamp"))

    @property
    def labels(self) -> dict[str, str]:
        """Labels, to be changed in place."""
        return self._part("labels", dict)  # type: ignore[no-any-return]

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations, to be changed in place."""
        return self._part("annotations", dict)  # type: ignore[no-any-return]

    @property
    def finalizers(self) -> list[str]:
        """Who has to do something before the object may go."""
        return self._part("finalizers", list)  # type: ignore[no-any-return]

    @property
    def owner_references(self) -> list[dict[str, Any]]:
        """The objects that this one goes with, as JSON."""
        return self._part("ownerReferences", _copies)  # type: ignore[no-any-return]

    def _part(self, name: str, copy: Callable[[Any], Any]) -> Any:
        found = self._parts.get(name)
        if found is None:
            found = self._parts[name] = copy(self._json.get(name) or ())
        return found

    def changes(self) -> JSONObject:
        """The members that are not as they were; None for those that became empty.

        Raises TypeError for one that is no metadata any more.
        """
        found = {
            name: value or None
            for name, value in self._parts.items()
            if (value or None) != (self._json.get(name) or None)
        }
        for name, value in found.items():
            _check_metadata(name, value or ())
        return found


def _check_metadata(name: str, value: Any) -> None:
    texts: list[Any] = []
    if name in ("labels", "annotations"):
        texts = [*value, *value.values()] if value else []
    elif name == "finalizers":
        texts = [*value]
    elif not all(isinstance(owner, dict) for owner in value):
        raise TypeError(f"metadata.{name} has an item that is no object")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"metadata.{name} has something that is no text")
    check_json(value)


def check_json(value: Any) -> None:
    """Raise TypeError for what has no form in JSON: odd objects, numbers beyond 64 bits."""
    orjson.dumps(value, option=_STRICT)


def _copies(owners: Sequence[JSONObject]) -> list[JSONObject]:
    return [{**owner} for owner in owners]


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
            self._metadata = Metadata(self._json["metadata"])
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
        """Bring what a function changed into the JSON object; whether there was anything.

        Raises Unfit, and other errors of Python where values have other types than declared.
        """
        found = False
        for name, value in self._parts.items():
            shape, before = self._shapes[name], self._before[name]
            assert shape is not None
            try:
                after = shape.write(value)
            except Unfit as error:
                raise error.below(name) from error
            if after != before:
                check_json(after)
                self._json[name] = _merged(self._json.get(name) or {}, before, after)
                found = True
        return self._metadata_changed() or found

    def _metadata_changed(self) -> bool:
        changes = self._metadata.changes() if self._metadata is not None else None
        if not changes:
            return False
        meta = {**self._json["metadata"], **changes}
        self._json["metadata"] = {name: value for name, value in meta.items() if value is not None}
        return True

    def __repr__(self) -> str:
        meta = self._json["metadata"]
        name = "/".join(meta[key] for key in ("namespace", "name") if meta.get(key))
        return f"<{self._json.get('kind', 'Object')} {name}>"


def _merged(original: JSONValue, before: JSONValue, after: JSONValue) -> JSONValue:
    """The original with what differs between before and after.

    What the Python type does not know, and texts that say the same otherwise (times, quantities),
    stay as they are in the original.
    """
    if original is None:  # a default of Python's: what differs from it is enough
        original = {}
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
