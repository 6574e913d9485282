"""JSON values as YAML text, in the form that ``kubectl`` users know.

Keys are sorted, lists not indented, long lines folded, and texts quoted that would otherwise be
read as something else.
"""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

import yaml
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from kapi.apimachinery.serializer.yaml_resolve import is_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.types import JSONValue

__all__ = ["dump"]


def dump(value: JSONValue) -> str:
    """A JSON value as a YAML document."""
    stream = io.StringIO()
    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    emitter = dumper(stream, allow_unicode=True)
    try:
        emitter.emit(StreamStartEvent())
        emitter.emit(DocumentStartEvent(explicit=False))
        for event in _events(value):
            emitter.emit(event)
        emitter.emit(DocumentEndEvent(explicit=False))
        emitter.emit(StreamEndEvent())
    finally:
        emitter.dispose()
    return stream.getvalue().removesuffix("...\n")


def _events(value: JSONValue) -> Iterator[Any]:
    if isinstance(value, str):
        yield _text_event(value)
    elif isinstance(value, dict):
        yield MappingStartEvent(None, None, implicit=True, flow_style=False)
        for key in _sorted_keys(value):
            yield _text_event(key)
            yield from _events(value[key])
        yield MappingEndEvent()
    elif isinstance(value, list):
        yield SequenceStartEvent(None, None, implicit=True, flow_style=False)
        for item in value:
            yield from _events(item)
        yield SequenceEndEvent()
    else:
        yield ScalarEvent(None, None, (True, False), _plain(value))


def _plain(value: JSONValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return str(value)


def _text_event(text: str) -> ScalarEvent:
    if "\n" in text:
        return ScalarEvent(None, None, (False, True), text, style="|")
    if text and is_text(text):
        return ScalarEvent(None, None, (True, True), text, style="")
    return ScalarEvent(None, None, (False, True), text, style='"')


def _sorted_keys(mapping: dict[str, JSONValue]) -> list[str]:
    keys = sorted(mapping)
    if all(key.isascii() and key.isalpha() for key in keys):
        return keys
    return sorted(keys, key=functools.cmp_to_key(_compare_keys))


def _compare_keys(a: str, b: str) -> int:
    """Order keys as people do: numbers by value, letters behind everything else."""
    for i, (char, other) in enumerate(zip(a, b, strict=False)):
        if char == other:
            continue
        letter, other_letter = char.isalpha(), other.isalpha()
        if letter and other_letter:
            return -1 if char < other else 1
        if letter or other_letter:
            return -1 if other_letter else 1
        return _compare_numbers(a, b, i)
    return len(a) - len(b)


def _compare_numbers(a: str, b: str, start: int) -> int:
    """Compare from the first difference on, digits as numbers."""
    leading = ""
    if "0" in (a[start], b[start]):
        before = start
        while before and a[before - 1].isdigit():
            before -= 1
        leading = "1" if a[before:start].strip("0") else ""
    run, other_run = _digits(a, start), _digits(b, start)
    number, other = int(leading + run or "0"), int(leading + other_run or "0")
    if number != other:
        return -1 if number < other else 1
    if len(run) != len(other_run):
        return len(run) - len(other_run)
    return -1 if a[start] < b[start] else 1


def _digits(text: str, start: int) -> str:
    end = start
    while end < len(text) and text[end].isascii() and text[end].isdigit():
        end += 1
    return text[start:end]
