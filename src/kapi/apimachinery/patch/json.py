"""JSON Patch: RFC 6902 with what kube-apiserver makes of its open ends.

``replace`` also adds a member that is not there, ``test`` of a missing member against null
succeeds, list indexes may be negative, and what ``copy`` adds up to is limited. A request whose
patch cannot be applied is told one and the same 422 whatever the cause; policies tell the cause, in
the words of :class:`PatchError`. The document that is patched stays as it is: containers are
copied once, on the way to a change.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from kapi.apimachinery.errors import BadRequest, Invalid, RequestEntityTooLarge
from kapi.apimachinery.field import quote
from kapi.apimachinery.patch.document import read
from kapi.apimachinery.scheme.go_names import json_kind
from kapi.apimachinery.serializer.json import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["PatchError", "TestFailed", "apply", "decode", "patched", "walked"]

_MAX_OPERATIONS: Final = 10_000
_MAX_COPY_BYTES: Final = 3 * 1024 * 1024  # of JSON, all copies of one patch together
_MEMBERS = ("op", "path", "from", "value")
_INDEX = re.compile(r"[+-]?[0-9]{1,18}")
_FAILED = "the server rejected our request due to an error in our request"

_Container: TypeAlias = "JSONObject | list[JSONValue]"
# A container and the part of the path that names a place in it.
_Place: TypeAlias = tuple[_Container, str]
_MISSING: Final = object()


def decode(body: bytes) -> Document:
    """Read a patch: its operations, and a text for each unknown or repeated member.

    Raises:
        BadRequest: the body is no list of operations.
        RequestEntityTooLarge: there are too many.
    """
    operations, repeated = read(body, "error decoding patch: ")
    if operations is None:
        return Document([], [])
    if not isinstance(operations, list):
        raise _wrong_type(operations, "Go value of type []handlers.jsonPatchOp")
    noticed = [f"json patch {text}" for text in repeated]
    for index, operation in enumerate(operations):
        if operation is None:
            continue
        if not isinstance(operation, dict):
            raise _wrong_type(operation, "Go value of type handlers.jsonPatchOp")
        for member, value in operation.items():
            if member not in _MEMBERS:
                path = f"[{index}].{member}"
                noticed.append(f"json patch unknown field {quote(path)}")
            elif member != "value" and not isinstance(value, (str, type(None))):
                raise _wrong_type(value, f"Go struct field jsonPatchOp.{member} of type string")
    if len(operations) > _MAX_OPERATIONS:
        raise RequestEntityTooLarge(
            f"The allowed maximum operations in a JSON patch is {_MAX_OPERATIONS}, "
            f"got {len(operations)}"
        )
    return Document(operations, noticed)


def _wrong_type(value: JSONValue, into: str) -> BadRequest:
    return BadRequest(
        f"error decoding patch: json: cannot unmarshal {json_kind(value)} into {into}"
    )


def apply(document: JSONObject, operations: list[JSONObject]) -> JSONValue:
    """The document after all operations; the given one is not changed.

    Raises:
        Invalid: an operation cannot be applied. Nothing says which.
    """
    try:
        return patched(document, operations)
    except PatchError:
        raise Invalid(_FAILED, {}) from None


class PatchError(Exception):
    """An operation that cannot be applied; the text says which and why."""


class TestFailed(PatchError):
    """The document is not as a ``test`` wants it."""

    __test__ = False  # no test case, whatever pytest makes of the name


def patched(document: JSONObject, operations: list[JSONObject]) -> JSONValue:
    """The document after all operations; the given one is not changed.

    Raises:
        PatchError: an operation cannot be applied.
    """
    if not operations:
        return document
    return walked(document, operations)[0]


def walked(document: JSONObject, operations: list[JSONObject]) -> tuple[JSONValue, Collection[int]]:
    """The document after all operations, and the ids of the containers that they walked into.

    Raises:
        PatchError: an operation cannot be applied.
    """
    target = _Target(document)
    for operation in operations:
        target.run(operation or {})
    return target.root, target.owned


class _Target:
    """The document while it changes. ``owned`` keeps the containers that were already copied."""

    def __init__(self, document: JSONObject) -> None:
        self.root: _Container = dict(document)
        self.owned: dict[int, _Container] = {id(self.root): self.root}
        self._copied_bytes = 0

    def run(self, operation: JSONObject) -> None:
        kind = operation.get("op") or ""
        handler = _HANDLERS.get(kind)
        if handler is None:
            raise PatchError(f"Unexpected kind: {kind}")
        if not isinstance(operation.get("path"), str):
            raise PatchError(f"{kind} operation failed to decode path: missing value")
        handler(self, operation)

    def add(self, operation: JSONObject) -> None:
        path = operation["path"]
        place = self._reach(path)
        if place is None:
            raise PatchError(_missing("add", f'path: "{path}"'))
        _add(place, operation.get("value"), f"error in add for path: '{path}'")

    def remove(self, operation: JSONObject) -> None:
        path = operation["path"]
        place = self._reach(path)
        if place is None:
            raise PatchError(_missing("remove", f'path: "{path}"'))
        _remove(place, f"error in remove for path: '{path}'")

    def replace(self, operation: JSONObject) -> None:
        path, value = operation["path"], operation.get("value")
        if not path:
            if not isinstance(value, (dict, list)):
                raise PatchError("replace operation value must be object or array")
            self.root = value.copy()
            self.owned[id(self.root)] = self.root
            return
        place = self._reach(path)
        if place is None:
            raise PatchError(_missing("replace", f"path: {path}"))
        container, key = place
        if isinstance(container, dict):
            container[key] = value
            return
        try:
            container[_index(key, len(container))] = value
        except _IndexError:
            raise PatchError(_missing("replace", f"key: {path}")) from None

    def move(self, operation: JSONObject) -> None:
        source, path = _source(operation), operation["path"]
        place = self._reach(source)
        if place is None:
            raise PatchError(_missing("move", f"from path: {source}"))
        failed = f"error in move for path: '{place[1]}'"
        value = _get(place, failed)
        _remove(place, failed)
        place = self._reach(path)
        if place is None:
            raise PatchError(_missing("move", f"destination path: {path}"))
        _add(place, None if value is _MISSING else value, f"error in move for path: '{path}'")

    def copy(self, operation: JSONObject) -> None:
        source, path = _source(operation), operation["path"]
        place = self._reach(source)
        if place is None:
            raise PatchError(_missing("copy", f"from path: {source}"))
        value = _get(place, f"error in copy for from: '{source}'")
        place = self._reach(path)
        if place is None:
            raise PatchError(_missing("copy", f"destination path: {path}"))
        if value is not _MISSING and value is not None:
            text = orjson.dumps(value)
            self._copied_bytes += len(text)
            value = orjson.loads(text)
        if self._copied_bytes > _MAX_COPY_BYTES:
            raise PatchError(
                "Unable to complete the copy, the accumulated size increase of copy is "
                f"{self._copied_bytes}, exceeding the limit {_MAX_COPY_BYTES}"
            )
        _add(place, None if value is _MISSING else value, "error while adding value during copy")

    def test(self, operation: JSONObject) -> None:
        path = operation["path"]
        value: JSONValue = self.root
        if path:
            place = self._reach(path)
            if place is None:
                raise PatchError(
                    f"test operation does not apply: is missing path: {path}: missing value"
                )
            value = _get(place, f"error in test for path: '{path}'")
        if value is _MISSING:
            value = None
        if not _same(value, operation.get("value")):
            raise TestFailed(f"testing value {path} failed: test failed")

    def _reach(self, path: str) -> _Place | None:
        """The container that holds the path's last part, free to be changed, and that part."""
        parts = path.split("/")
        if len(parts) < 2:
            return None
        container = self.root
        for part in parts[1:-1]:
            name = _unescape(part)
            key: str | int = name
            child: JSONValue
            if isinstance(container, dict):
                child = container.get(name)
            else:
                try:
                    key = _index(name, len(container))
                except _IndexError:
                    return None
                child = container[key]
            if not isinstance(child, (dict, list)):
                return None
            if id(child) not in self.owned:
                child = child.copy()
                self.owned[id(child)] = child
                container[key] = child  # type: ignore[index]
            container = child
        return container, _unescape(parts[-1])


def _missing(kind: str, what: str) -> str:
    return f"{kind} operation does not apply: doc is missing {what}: missing value"


def _get(place: _Place, failed: str) -> JSONValue:
    """The value, or ``_MISSING`` for a member that is not there."""
    container, key = place
    if isinstance(container, dict):
        return container.get(key, _MISSING)
    try:
        return container[_index(key, len(container))]
    except _IndexError as error:
        raise PatchError(f"{failed}: {error}") from None


def _add(place: _Place, value: JSONValue, failed: str) -> None:
    container, key = place
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        try:
            at = _index(key, len(container) + 1)
        except _NoIndex as error:
            text = f"value was not a proper array index: '{key}': {error}"
            raise PatchError(f"{failed}: {text}") from None
        except _IndexError as error:
            raise PatchError(f"{failed}: {error}") from None
        container.insert(at, value)


def _remove(place: _Place, failed: str) -> None:
    container, key = place
    if isinstance(container, list):
        try:
            del container[_index(key, len(container))]
        except _IndexError as error:
            raise PatchError(f"{failed}: {error}") from None
    elif key in container:
        del container[key]
    else:
        text = f"Unable to remove nonexistent key: {key}: missing value"
        raise PatchError(f"{failed}: {text}")


_HANDLERS: Final[dict[str, Callable[[_Target, JSONObject], None]]] = {
    "add": _Target.add,
    "remove": _Target.remove,
    "replace": _Target.replace,
    "move": _Target.move,
    "copy": _Target.copy,
    "test": _Target.test,
}


def _source(operation: JSONObject) -> str:
    source = operation.get("from")
    if not isinstance(source, str):
        kind = operation["op"]
        text = "operation, missing from field: missing value"
        raise PatchError(f"{kind} operation failed to decode from: {text}")
    return source


def _unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~") if "~" in part else part


class _IndexError(Exception):
    """There is no such item in a list."""


class _NoIndex(_IndexError):
    """A path names an item of a list by something that is no number."""


def _index(text: str, size: int) -> int:
    """A list index; a negative one counts from the end."""
    if not _INDEX.fullmatch(text):
        raise _NoIndex(f"strconv.Atoi: parsing {quote(text)}: invalid syntax")
    index = int(text)
    if index < 0:
        index += size
    if not 0 <= index < size:
        raise _IndexError(f"Unable to access invalid index: {int(text)}: invalid index referenced")
    return index


def _same(a: JSONValue, b: JSONValue) -> bool:
    """Equality of JSON: other than Python's, it tells 1 from 1.0 and from true."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(value, b[key]) for key, value in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(a == b)
