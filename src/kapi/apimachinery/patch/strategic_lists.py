"""The order of merged lists in a strategic merge patch.

A list that was merged holds items that the patch names and items that only the server has. The
patch's items take the order of the patch (or of its ``$setElementOrder``), the others keep
theirs, and the two are zipped so that known neighbours stay neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.patch.strategic_errors import missing_merge_key, not_a_map, wrong_type

if TYPE_CHECKING:
    from collections.abc import Hashable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["check_element_order", "identity", "merged_order", "split_deletions"]


def identity(item: JSONValue, merge_key: str) -> Hashable:
    """What tells an item from others: its merge key's value, or itself when there is no key."""
    value = item.get(merge_key) if merge_key and isinstance(item, dict) else item
    if isinstance(value, (dict, list)):
        return repr(value)
    return (type(value), value)


def merged_order(
    merged: list[JSONValue],
    order: list[JSONValue],
    server_order: list[JSONValue],
    merge_key: str,
) -> list[JSONValue]:
    """Put a merged list into order; ``order`` is the patch's, ``server_order`` the original one."""
    if merge_key:
        for items in (merged, order):
            _need_merge_key(items, merge_key)
    wanted = _positions(order, merge_key)
    served = _positions(server_order, merge_key)
    named = [item for item in merged if identity(item, merge_key) in wanted]
    others = [item for item in merged if identity(item, merge_key) not in wanted]
    named.sort(key=lambda item: wanted[identity(item, merge_key)])
    others.sort(key=lambda item: served.get(identity(item, merge_key), len(served)))
    return _zip(others, named, served, merge_key)


def _positions(items: list[JSONValue], merge_key: str) -> dict[Hashable, int]:
    positions: dict[Hashable, int] = {}
    for index, item in enumerate(items):
        positions.setdefault(identity(item, merge_key), index)
    return positions


def _zip(
    others: list[JSONValue], named: list[JSONValue], served: dict[Hashable, int], merge_key: str
) -> list[JSONValue]:
    """Take from ``named`` first, unless the server had the next other item in front of it."""
    result: list[JSONValue] = []
    position = 0
    for item in named:
        place = served.get(identity(item, merge_key))
        while position < len(others) and place is not None:
            other = served.get(identity(others[position], merge_key))
            if other is None or other >= place:
                break
            result.append(others[position])
            position += 1
        result.append(item)
    result.extend(others[position:])
    return result


def _need_merge_key(items: list[JSONValue], merge_key: str) -> None:
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise not_a_map(index)
        if merge_key not in item:
            raise missing_merge_key(item, merge_key)


def split_deletions(items: list[JSONValue]) -> tuple[list[JSONObject], list[JSONObject]]:
    """The items that stay and those marked with ``$patch: delete``."""
    kept: list[JSONObject] = []
    deleted: list[JSONObject] = []
    for item in items:
        if not isinstance(item, dict):
            raise wrong_type({}, item)
        (deleted if item.get("$patch") == "delete" else kept).append(item)
    return kept, deleted


def check_element_order(
    patch: list[JSONValue], order: list[JSONValue], merge_key: str
) -> JSONValue | None:
    """The patch's items must stand in the order list, in the same order.

    Returns the patch list when they do not, for the message; None when all is well.
    """
    items: list[JSONValue] = patch
    if merge_key:
        items = [*split_deletions(patch)[0]]
    position = 0
    for entry in order:
        if position == len(items):
            break
        if merge_key and not isinstance(entry, dict):
            raise wrong_type({}, entry)
        if identity(entry, merge_key) == identity(items[position], merge_key):
            position += 1
    return None if position == len(items) else patch
