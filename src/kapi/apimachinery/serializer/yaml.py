"""YAML bodies: to the values that the same document has as JSON, and back.

One document is read; further ones are ignored. Keys become text. Aliases are copied, within
bounds, so that no small text grows without end. Keys that stand twice are reported for field
validation, the last one counts. Output is what ``kubectl`` users know: keys sorted, lists not
indented, lines folded.
"""

from __future__ import annotations

import base64
import binascii
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from kapi.apimachinery.field import quote
from kapi.apimachinery.serializer import json
from kapi.apimachinery.serializer.yaml_emit import dump
from kapi.apimachinery.serializer.yaml_resolve import resolve

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONValue

__all__ = ["Document", "YAMLError", "dump", "load", "repeated_keys"]

_MAX_DEPTH: Final = 250  # what JSON output can hold
_TAG = "tag:yaml.org,2002:"
_MERGE = "<<"


class YAMLError(ValueError):
    """The text is no YAML; the message names the line, without the word ``yaml`` before it."""


class Document(NamedTuple):
    """A parsed body, and a text for each key that stood twice in its mapping."""

    value: JSONValue
    duplicates: list[str]


def repeated_keys(duplicates: list[str]) -> str:
    """One text for a document whose keys stand twice."""
    return "\n  ".join(["yaml: unmarshal errors:", *duplicates])


def _as_json(data: bytes) -> Document | None:
    """The document if it is JSON in which nothing stands twice."""
    try:
        parsed = json.load(data)
    except json.JSONError:
        return None
    return None if parsed.duplicates else Document(parsed.value, [])


def load(data: bytes) -> Document:
    """Parse the first document of a YAML text; an empty text is None.

    Raises:
        YAMLError: the text is no YAML, or too deep, or expands too much.
    """
    if data[:1] == b"{":  # most clients send JSON, which YAML contains
        document = _as_json(data)
        if document is not None:
            return document
    reader = _Reader(data)
    try:
        return Document(reader.document(), reader.duplicates)
    except yaml.YAMLError as error:
        raise YAMLError(_message(error)) from None


def _message(error: yaml.YAMLError) -> str:
    """The error as Go's parser words it: one line number and the problem."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return str(getattr(error, "reason", None) or error)
    line = error.problem_mark.line if error.problem_mark else 0
    if line:
        if isinstance(error, yaml.scanner.ScannerError):
            line += 1
    elif error.context_mark:
        line = error.context_mark.line
    problem = error.problem or "unknown problem parsing YAML content"
    return f"line {line}: {problem}" if line else problem


class _Reader:
    """Builds values from parser events."""

    def __init__(self, data: bytes) -> None:
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._next = loader(data).get_event
        self._anchors: dict[str, JSONValue] = {}
        self._open_anchors: set[str] = set()
        self._nodes = 0
        self._alias_nodes = 0
        self.duplicates: list[str] = []

    def document(self) -> JSONValue:
        self._next()  # the start of the stream
        if isinstance(self._next(), StreamEndEvent):
            return None
        return self._value(self._next(), 0)

    def _value(self, event: Any, depth: int) -> JSONValue:
        self._nodes += 1
        if isinstance(event, ScalarEvent):
            value = _scalar(event)
            if event.anchor:
                self._anchors[event.anchor] = value
            return value
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor or "")
        if depth >= _MAX_DEPTH:
            raise YAMLError(f"exceeded max depth of {_MAX_DEPTH}")
        anchor = event.anchor
        if anchor:
            self._open_anchors.add(anchor)
        value = self._mapping(depth) if isinstance(event, MappingStartEvent) else self._list(depth)
        if anchor:
            self._open_anchors.discard(anchor)
            self._anchors[anchor] = value
        return value

    def _list(self, depth: int) -> list[JSONValue]:
        items = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._value(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, JSONValue]:
        mapping: dict[str, JSONValue] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            if isinstance(event, ScalarEvent) and event.value == _MERGE and event.implicit[0]:
                _merge(mapping, self._value(self._next(), depth + 1))
                continue
            key = self._value(event, depth + 1)
            name = _key(key)
            if name in mapping:
                line = event.start_mark.line + 1
                self.duplicates.append(f"line {line}: key {_shown(key)} already set in map")
            mapping[name] = self._value(self._next(), depth + 1)
        return mapping

    def _alias(self, anchor: str) -> JSONValue:
        if anchor in self._open_anchors:
            raise YAMLError(f"anchor '{anchor}' value contains itself")
        if anchor not in self._anchors:
            raise YAMLError(f"unknown anchor '{anchor}' referenced")
        return self._copy(self._anchors[anchor])

    def _copy(self, value: JSONValue) -> JSONValue:
        """A value of its own for an alias; counts against the bound on expansion."""
        self._nodes += 1
        self._alias_nodes += 1
        if self._alias_nodes > 100 and self._alias_nodes > self._nodes * _share(self._nodes):
            raise YAMLError("document contains excessive aliasing")
        if isinstance(value, dict):
            return {key: self._copy(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._copy(item) for item in value]
        return value


def _share(nodes: int) -> float:
    """How much of a document may come from aliases: less in large ones."""
    low, high = 400_000, 4_000_000
    if nodes <= low:
        return 0.99
    return 0.10 if nodes >= high else 0.99 - 0.89 * (nodes - low) / (high - low)


def _scalar(event: Any) -> JSONValue:
    tag, text = event.tag, event.value
    if tag is None or tag == "!":
        value = resolve(text) if event.implicit[0] else text
    elif tag == f"{_TAG}binary":
        try:
            value = base64.b64decode(text).decode(errors="replace")
        except binascii.Error:
            raise YAMLError("!!binary value contains invalid base64 data") from None
    elif tag in _TAG_TYPES:
        value = resolve(text)
        if tag == f"{_TAG}float" and type(value) is int:
            return value
        if type(value) is not _TAG_TYPES[tag]:
            found = _TYPE_TAGS[type(value)]
            name = tag.removeprefix(_TAG)
            raise YAMLError(f"cannot decode !!{found} `{text}` as a !!{name}")
    else:
        value = text
    if isinstance(value, float) and not math.isfinite(value):
        shown = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
        raise YAMLError(f"json: unsupported value: {shown}")
    return value


_TAG_TYPES: Final[dict[str, type]] = {
    f"{_TAG}int": int,
    f"{_TAG}float": float,
    f"{_TAG}bool": bool,
    f"{_TAG}null": type(None),
}
_TYPE_TAGS: Final = {int: "int", float: "float", bool: "bool", type(None): "null", str: "str"}


def _key(key: JSONValue) -> str:
    """A mapping key as a JSON member name."""
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, (int, float)):
        return str(key)
    kind = "nil" if key is None else "map" if isinstance(key, dict) else "slice"
    raise YAMLError(f"unsupported map key of type: {kind}")


def _shown(key: JSONValue) -> str:
    return quote(key) if isinstance(key, str) else _key(key)


def _merge(mapping: dict[str, JSONValue], value: JSONValue) -> None:
    """Take over the members of merged mappings; of several, the first one wins."""
    sources = list(reversed(value)) if isinstance(value, list) else [value]
    for source in sources:
        if not isinstance(source, dict):
            raise YAMLError("map merge requires map or sequence of maps as the value")
        mapping.update(source)
