"""JSON Patch: RFC 6902 with what kube-apiserver makes of its open ends.

``replace`` also adds a member that is not there, ``test`` of a missing member against null
succeeds, list indexes may be negative, and what ``copy`` adds up to is limited. Whatever cannot be
applied is one and the same 422. The document that is patched stays as it is: containers are copied
once, on the way to a change.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from kapi.apimachinery.errors import BadRequest, Invalid, RequestEntityTooLarge
from kapi.apimachinery.field import quote
from kapi.apimachinery.patch.document import kind_of, read
from kapi.apimachinery.serializer.json import Document

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["apply", "decode"]

_MAX_OPERATIONS: Final = 10_000
_MAX_COPY_BYTES: Final = 3 * 1024 * 1024  # of JSON, all copies of one patch together
_MEMBERS = ("op", "path", "from", "value")
_INDEX = re.compile(r"[+-]?[0-9]{1,18}")
_FAILED = "the server rejected our request due to an error in our request"

_Container: TypeAlias = "JSONObject | list[JSONValue]"
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
    return BadRequest(f"error decoding patch: json: cannot unmarshal {kind_of(value)} into {into}")


def apply(document: JSONObject, operations: list[JSONObject]) -> JSONValue:
    """The document after all operations; the given one is not changed.

    Raises:
        Invalid: an operation cannot be applied. Nothing says which.
    """
    if not operations:
        return document
    target = _Target(document)
    try:
        for operation in operations:
            target.run(operation or {})
    except _PatchError:
        raise Invalid(_FAILED, {}) from None
    return target.root


class _PatchError(Exception):
    """An operation that cannot be applied."""


class _Target:
    """The document while it changes. ``_owned`` keeps the containers that were already copied."""

    def __init__(self, document: JSONObject) -> None:
        self.root: _Container = dict(document)
        self._owned: dict[int, _Container] = {id(self.root): self.root}
        self._copied_bytes = 0

    def run(self, operation: JSONObject) -> None:
        handler = _HANDLERS.get(operation.get("op") or "")
        if handler is None or not isinstance(operation.get("path"), str):
            raise _PatchError
        handler(self, operation)

    def add(self, operation: JSONObject) -> None:
        self._add(operation["path"], operation.get("value"))

    def remove(self, operation: JSONObject) -> None:
        self._remove(operation["path"])

    def replace(self, operation: JSONObject) -> None:
        path, value = operation["path"], operation.get("value")
        if not path:
            if not isinstance(value, (dict, list)):
                raise _PatchError
            self.root = value.copy()
            self._owned[id(self.root)] = self.root
            return
        container, key = self._reach(path)
        if isinstance(container, dict):
            container[key] = value
        else:
            container[_index(key, len(container))] = value

    def move(self, operation: JSONObject) -> None:
        source = _source(operation)
        value = self._get(source)
        self._remove(source)
        self._add(operation["path"], None if value is _MISSING else value)

    def copy(self, operation: JSONObject) -> None:
        value = self._get(_source(operation))
        if value is not _MISSING and value is not None:
            text = orjson.dumps(value)
            self._copied_bytes += len(text)
            value = orjson.loads(text)
        if self._copied_bytes > _MAX_COPY_BYTES:
            raise _PatchError
        self._add(operation["path"], None if value is _MISSING else value)

    def test(self, operation: JSONObject) -> None:
        path = operation["path"]
        value = self._get(path) if path else self.root
        if value is _MISSING:
            value = None
        if not _same(value, operation.get("value")):
            raise _PatchError

    def _get(self, path: str) -> JSONValue:
        """The value at the path, or ``_MISSING`` for a member that is not there."""
        parts = path.split("/")
        if len(parts) < 2:
            raise _PatchError
        value: JSONValue = self.root
        for part in parts[1:]:
            if isinstance(value, dict):
                value = value.get(_unescape(part), _MISSING)
            elif isinstance(value, list):
                value = value[_index(_unescape(part), len(value))]
            else:
                raise _PatchError
        return value

    def _reach(self, path: str) -> tuple[_Container, str]:
        """The container that holds the path's last part, free to be changed, and that part."""
        parts = path.split("/")
        if len(parts) < 2:
            raise _PatchError
        container = self.root
        for part in parts[1:-1]:
            name = _unescape(part)
            key: str | int = name
            child: JSONValue
            if isinstance(container, dict):
                child = container.get(name)
            else:
                key = _index(name, len(container))
                child = container[key]
            if not isinstance(child, (dict, list)):
                raise _PatchError
            if id(child) not in self._owned:
                child = child.copy()
                self._owned[id(child)] = child
                container[key] = child  # type: ignore[index]
            container = child
        return container, _unescape(parts[-1])

    def _add(self, path: str, value: JSONValue) -> None:
        container, key = self._reach(path)
        if isinstance(container, dict):
            container[key] = value
        elif key == "-":
            container.append(value)
        else:
            container.insert(_index(key, len(container) + 1), value)

    def _remove(self, path: str) -> None:
        container, key = self._reach(path)
        if isinstance(container, list):
            del container[_index(key, len(container))]
        elif key in container:
            del container[key]
        else:
            raise _PatchError


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
        raise _PatchError
    return source


def _unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~") if "~" in part else part


def _index(text: str, size: int) -> int:
    """A list index; a negative one counts from the end."""
    if not _INDEX.fullmatch(text):
        raise _PatchError
    index = int(text)
    if index < 0:
        index += size
    if not 0 <= index < size:
        raise _PatchError
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
