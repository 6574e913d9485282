"""Strategic merge patch: merging by the types' merge keys and strategies.

Implements "Use a strategic merge patch" of the documentation, with its directives: ``$patch``
(replace, delete), ``$retainKeys``, ``$deleteFromPrimitiveList/…`` and ``$setElementOrder/…``.
Neither document nor patch is changed; what stays the same is shared between document and result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kapi.apimachinery.errors import BadRequest
from kapi.apimachinery.patch.document import read
from kapi.apimachinery.patch.strategic_errors import (
    bad_directive_list,
    failure,
    lists_of_lists,
    missing_merge_key,
    unknown_directive,
    wrong_type,
)
from kapi.apimachinery.patch.strategic_lists import check_element_order, identity, merged_order
from kapi.apimachinery.patch.strategic_text import shown, type_name
from kapi.apimachinery.scheme.go_names import json_kind
from kapi.apimachinery.serializer.json import Document

if TYPE_CHECKING:
    from collections.abc import Hashable

    from kapi.apimachinery.scheme.model import Field, Type
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["apply", "decode", "shown_patch"]

_DIRECTIVE: Final = "$patch"
_RETAIN: Final = "$retainKeys"
_DELETE_FROM: Final = "$deleteFromPrimitiveList"
_ORDER: Final = "$setElementOrder"


def decode(body: bytes) -> Document:
    """Read a patch: the object, and a text for each repeated member.

    Raises:
        BadRequest: the body is no JSON object.
    """
    document = read(body, "")
    if document.value is None:
        return Document({}, document.duplicates)
    if isinstance(document.value, dict):
        return document
    raise BadRequest(
        f"json: cannot unmarshal {json_kind(document.value)} into Go value of type "
        "map[string]interface {}"
    )


def apply(document: JSONObject, patch: JSONObject, schema: Type) -> JSONObject:
    """The document of a type with the patch merged in.

    Raises:
        StatusError: the patch does not fit the type, or a directive is not valid.
    """
    return _merge_map(document, patch, schema)


def shown_patch(document: JSONObject, patch: JSONObject) -> str:
    """The patch as messages quote it: without the directives that the document obeyed."""
    return shown(_without_done(document, patch))


def _without_done(old: JSONObject, patch: JSONObject) -> JSONObject:
    ordered = {key[len(_ORDER) + 1 :] for key in patch if key.startswith(_ORDER)}
    left: JSONObject = {}
    for key, item in patch.items():
        if key in ordered or _is_done(key, item):
            continue
        known = old.get(key)
        if isinstance(known, dict) and isinstance(item, dict):
            left[key] = _without_done(known, item)
        else:
            left[key] = item
    return left


def _is_done(key: str, value: JSONValue) -> bool:
    if key == _DIRECTIVE:
        return bool(value == "replace")
    return key == _RETAIN or key.startswith(_ORDER)


def _merge_map(original: JSONObject, patch: JSONObject, schema: Type | None) -> JSONObject:
    if _DIRECTIVE in patch:
        return _directive_map(patch)
    merged = original.copy()
    if _RETAIN in patch:
        _retain_keys(merged, patch)
    done = _apply_element_orders(merged, patch, schema)
    for key, value in patch.items():
        if key[:1] == "$":
            if key == _RETAIN or key.startswith(_ORDER):
                continue
            if key.startswith(_DELETE_FROM):
                _delete_from_list(merged, _list_name(key, _DELETE_FROM), value, schema)
                continue
        if value is None:
            merged.pop(key, None)
        elif key not in done:
            _merge_member(merged, key, value, schema)
    return merged


def _merge_member(merged: JSONObject, key: str, value: JSONValue, schema: Type | None) -> None:
    old = merged.get(key)
    if isinstance(value, dict) and isinstance(old, dict):
        field = _struct_field(schema, key)
        if _strategy(field) == "replace":
            merged[key] = _without_nulls(value)
        else:
            merged[key] = _merge_map(old, value, _schema_of(schema, field))
    elif isinstance(value, list) and isinstance(old, list):
        field = _slice_field(schema, key)
        merged[key] = _merge_list_member(old, value, field)
    elif _is_marked(value):
        merged.pop(key, None)
    elif isinstance(value, (dict, list)):
        merged[key] = _new_value(value)
    else:
        merged[key] = value


def _schema_of(schema: Type | None, field: Field | None) -> Type | None:
    return schema if field is None else field.type


def _struct_field(schema: Type | None, key: str) -> Field | None:
    """The declaration of a member that is an object on both sides."""
    if schema is None or schema.kind != "struct":
        kind = _go_kind(schema)
        raise failure(f"merging an object in json but data type is not struct, instead is: {kind}")
    return _field(schema, key)


def _slice_field(schema: Type | None, key: str) -> Field:
    """The declaration of a member that is a list on both sides."""
    if schema is None or schema.kind != "struct":
        kind = _go_kind(schema)
        raise failure(f"merging an array in json but data type is not slice, instead is: {kind}")
    return _field(schema, key)


def _field(schema: Type, key: str) -> Field:
    field = schema.fields.get(key)
    if field is None:
        name = schema.go_name
        raise failure(f'unable to find api field in struct {name} for the json field "{key}"')
    return field


def _go_kind(schema: Type | None) -> str:
    if schema is None or schema.kind == "any":
        return "interface"
    return {"list": "slice", "boolean": "bool"}.get(schema.kind, schema.kind)


def _strategy(field: Field | None) -> str:
    """The patch strategy without ``retainKeys``, which only clients look at."""
    if field is None or not field.patch_strategy:
        return ""
    return next((s for s in field.patch_strategy.split(",") if s != "retainKeys"), "")


def _directive_map(patch: JSONObject) -> JSONObject:
    """A map with ``$patch``: its other members as they are, or nothing."""
    directive = patch[_DIRECTIVE]
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != _DIRECTIVE}
    if directive == "delete":
        return {}
    raise unknown_directive(directive, patch)


def _retain_keys(merged: JSONObject, patch: JSONObject) -> None:
    """Drop what ``$retainKeys`` does not name; the patch itself may only set what it names."""
    retained = patch[_RETAIN]
    if not isinstance(retained, list):
        raise bad_directive_list("retainKeys")
    for key, value in patch.items():
        if value is None or key == _RETAIN or key.startswith((_DELETE_FROM, _ORDER)):
            continue
        if key not in retained:
            raise bad_directive_list("retainKeys")
    for key in [key for key in merged if key not in retained]:
        del merged[key]


def _list_name(key: str, prefix: str) -> str:
    """The list that a directive like ``$setElementOrder/containers`` is about."""
    head, slash, name = key.partition("/")
    if not slash or head != prefix:
        what = "primitive list" if prefix == _DELETE_FROM else "setElementOrder list"
        raise bad_directive_list(what)
    return name


def _delete_from_list(
    merged: JSONObject, name: str, values: JSONValue, schema: Type | None
) -> None:
    old = merged.get(name)
    if values is None:
        merged.pop(name, None)
    if not isinstance(old, list) or not isinstance(values, list):
        return
    field = _slice_field(schema, name)
    if _strategy(field) != "merge":
        merged[name] = values
        return
    _check_elements(old, values)
    gone = {identity(value, "") for value in values}
    merged[name] = [item for item in old if identity(item, "") not in gone]


def _apply_element_orders(
    merged: JSONObject, patch: JSONObject, schema: Type | None
) -> frozenset[str]:
    """Merge the lists that come with ``$setElementOrder``; the names of those lists."""
    done = []
    for key, order in patch.items():
        if not key.startswith(_ORDER):
            continue
        if not isinstance(order, list):
            raise wrong_type([], order)
        name = _list_name(key, _ORDER)
        if _merge_ordered(merged, patch, name, order, schema):
            done.append(name)
    return frozenset(done)


def _merge_ordered(
    merged: JSONObject,
    patch: JSONObject,
    name: str,
    order: list[JSONValue],
    schema: Type | None,
) -> bool:
    """Merge one list in the given order; false when there is no such list on either side."""
    old, new = merged.get(name), patch.get(name)
    for items, known in ((old, name in merged), (new, name in patch)):
        if known and not isinstance(items, list):
            raise wrong_type([], items)
    field = _slice_field(schema, name)
    merge_key = field.patch_merge_key
    mismatch = check_element_order(new or [], order, merge_key)
    if mismatch is not None:
        raise failure(
            f"The order in patch list:\n{shown(mismatch)}\n doesn't match {_ORDER} list:\n"
            f"{shown(order)}\n"
        )
    if old is None and new is None:
        return False
    if new is None:
        result = old
    elif old is None:
        result = _new_value(new)
    else:
        result = _merge_list_member(old, new, field)
    if not old and not new:
        raise failure("no elements in any given slices")
    merged[name] = merged_order(result or [], order, old or [], merge_key)
    return True


def _merge_list_member(old: list[JSONValue], new: list[JSONValue], field: Field) -> list[JSONValue]:
    """A list after the patch: replaced, or merged where the type says so."""
    if _strategy(field) != "merge":
        return new
    if not old and not new:
        return old
    if not _check_elements(old, new):
        return merged_order(_unique([*old, *new]), new, old, "")
    merge_key = field.patch_merge_key
    element = field.type.element
    if not merge_key:
        name = element.go_name if element is not None else ""
        raise failure(f"cannot merge lists without merge key for {name}")
    kept, patches = _list_directives(old, new, merge_key)
    merged = _merge_items(kept, patches, merge_key, element)
    return merged_order(merged, patches, kept, merge_key)


def _unique(items: list[JSONValue]) -> list[JSONValue]:
    """The items without repetitions, each at its first place."""
    found: dict[Hashable, JSONValue] = {}
    for item in items:
        found.setdefault(identity(item, ""), item)
    return list(found.values())


def _check_elements(old: list[JSONValue], new: list[JSONValue]) -> bool:
    """All items must be of one type; whether that is objects."""
    items = [*old, *new]
    first = type_name(items[0]) if items else ""
    if first == "[]interface {}":
        raise lists_of_lists()
    for item in items:
        if type_name(item) != first or item is None:
            raise failure(f"list element types are not identical: {shown([old, new])}")
    return first.startswith("map")


def _list_directives(
    old: list[JSONValue], new: list[JSONValue], merge_key: str
) -> tuple[list[JSONValue], list[JSONValue]]:
    """Carry out the items that are directives: what is left of the list, and what to merge."""
    patches: list[JSONValue] = []
    replace = False
    for item in new:
        directive = item.get(_DIRECTIVE)
        if _DIRECTIVE not in item:
            patches.append(item)
        elif directive == "delete":
            if merge_key not in item:
                raise missing_merge_key(item, merge_key)
            gone = identity(item, merge_key)
            old = [each for each in old if identity(each, merge_key) != gone]
        elif directive == "replace":
            replace = True
        elif directive == "merge":
            raise failure("merging lists cannot yet be specified in the patch")
        else:
            raise unknown_directive(directive, item)
    return (patches, []) if replace else (old, patches)


def _merge_items(
    old: list[JSONValue], patches: list[JSONValue], merge_key: str, element: Type | None
) -> list[JSONValue]:
    """Merge each patch item into the item with its key, or append it."""
    merged = old.copy()
    places = {identity(item, merge_key): index for index, item in reversed([*enumerate(merged)])}
    for patch in patches:
        if merge_key not in patch:
            raise missing_merge_key(patch, merge_key)
        place = places.get(identity(patch, merge_key))
        if place is None:
            places[identity(patch, merge_key)] = len(merged)
            merged.append(patch)  # as it is, directives and nulls included
        else:
            merged[place] = _merge_map(merged[place], patch, element)
    return merged


def _new_value(value: JSONValue) -> JSONValue:
    """A value that was not there before: nothing is left of what carries ``$patch``, or of nulls.

    Other directives stay what they are, members that the type does not know.
    """
    if isinstance(value, dict):
        left = {key: item for key, item in value.items() if item is not None}
        return {key: _new_value(item) for key, item in left.items() if not _is_marked(item)}
    if isinstance(value, list):
        return [_new_value(item) for item in value if not _is_marked(item)]
    return value


def _is_marked(item: JSONValue) -> bool:
    return isinstance(item, dict) and _DIRECTIVE in item


def _without_nulls(value: JSONValue) -> JSONValue:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
