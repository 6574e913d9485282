"""Items of lists with an identity: the path element that names an item of a set or keyed list."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from kapi.structuredmerge.fieldpath import key_element, value_element

if TYPE_CHECKING:
    from kapi.structuredmerge.schema import ListSchema

__all__ = ["Duplicates", "ElementOf", "SchemaError", "element_of", "index"]

ElementOf: TypeAlias = Callable[[Any], str]


class SchemaError(ValueError):
    """A value does not have the form that its schema demands."""


class Duplicates(list[Any]):
    """All items of a list that share one path element."""


# Text that JSON writes without escapes.
_PLAIN = re.compile(r"[\w ./:@%+,=~()\[\]{}|*?!#$^;'-]*", re.ASCII).fullmatch


def element_of(schema: ListSchema) -> ElementOf:
    """The function from an item to its path element.

    It raises SchemaError for an item without identity.
    """
    if schema.type == "set":
        return _set_element
    if len(schema.keys) == 1:
        return _one_key(schema.keys[0], schema.defaults)
    return _many_keys(schema)


def _set_element(item: Any) -> str:
    if isinstance(item, str) and _PLAIN(item):
        return f'v:"{item}"'
    if item is None:
        raise SchemaError("associative list without keys has an element that's an explicit null")
    if isinstance(item, dict):
        raise SchemaError("associative list without keys has an element that's a map type")
    if isinstance(item, list):
        raise SchemaError("not supported: associative list with lists as elements")
    return value_element(item)


def _one_key(key: str, defaults: Any) -> ElementOf:
    prefix = f'k:{{"{key}":"'

    def element(item: Any) -> str:
        if item.__class__ is dict:
            value = item.get(key)
            if value.__class__ is str and _PLAIN(value):
                return f'{prefix}{value}"}}'
        return key_element(_present_keys(item, (key,), defaults))

    return element


def _many_keys(schema: ListSchema) -> ElementOf:
    keys, defaults, declared = tuple(sorted(schema.keys)), schema.defaults, tuple(schema.keys)

    def element(item: Any) -> str:
        if item.__class__ is dict:
            parts = []
            for key in keys:
                value = item.get(key)
                if value.__class__ is str and _PLAIN(value):
                    parts.append(f'"{key}":"{value}"')
                elif value.__class__ is int:
                    parts.append(f'"{key}":{value}')
                else:
                    break
            else:
                return f"k:{{{','.join(parts)}}}"
        return key_element(_present_keys(item, declared, defaults))

    return element


def _present_keys(item: Any, keys: tuple[str, ...], defaults: Any) -> dict[str, Any]:
    """The keys that an item has or that have defaults, by name; one of them is enough."""
    if item is None:
        raise SchemaError("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise SchemaError("associative list with keys may not have non-map elements")
    found = {key: item[key] if key in item else defaults.get(key) for key in keys}
    present = {key: found[key] for key in sorted(keys) if key in item or found[key] is not None}
    if not present:
        names = " ".join(f'"{key}"' for key in keys)
        raise SchemaError(
            f"associative list with keys has an element that omits all key fields [{names}] "
            "(and doesn't have default values for any key fields)"
        )
    return present


def index(items: list[Any], element: ElementOf) -> dict[str, Any]:
    """The items by path element, in order; those that share one are a :class:`Duplicates`."""
    found: dict[str, Any] = {}
    for item in items:
        name = element(item)
        if name not in found:
            found[name] = item
        elif found[name].__class__ is Duplicates:
            found[name].append(item)
        else:
            found[name] = Duplicates((found[name], item))
    return found
