"""Selection: which objects a list or watch sees, as one predicate on cached entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.endpoints.options import ListOptions
    from kapi.registry.catalogue import Resource
    from kapi.registry.store import ResourceStore
    from kapi.storage.cacher.change import Predicate
    from kapi.storage.cacher.entry import Entry

__all__ = ["predicate", "scope"]

_EMPTY: dict[str, str] = {}


def scope(store: ResourceStore, resource: Resource, namespace: str, options: ListOptions) -> str:
    """The part of the key space that can hold selected objects; empty for all of it."""
    prefix = store.storage.prefix
    name = options.field_selector.required_value("metadata.name")
    if resource.namespaced:
        if not namespace:
            namespace = options.field_selector.required_value("metadata.namespace") or ""
            if not namespace:
                return ""
        return f"{prefix}{namespace}/{name}" if name else f"{prefix}{namespace}/"
    return f"{prefix}{name}" if name else ""


def predicate(resource: Resource, options: ListOptions) -> Predicate | None:
    """Whether an entry is selected; None when all are."""
    matches_labels = None if options.label_selector.empty else options.label_selector.matches
    matches_fields = _field_predicate(resource, options)
    if matches_labels is None:
        return matches_fields
    if matches_fields is None:
        return lambda entry: matches_labels(entry.labels or _EMPTY)
    return lambda entry: matches_labels(entry.labels or _EMPTY) and matches_fields(entry)


def _field_predicate(resource: Resource, options: ListOptions) -> Callable[[Entry], bool] | None:
    if options.field_selector.empty:
        return None
    names = resource.rules.selectable_fields
    positions = {name: index for index, name in enumerate(names)}
    checks: list[tuple[int, str, bool]] = []
    for term in options.field_selector.terms:
        if term.field == "metadata.name":
            checks.append((-1, term.value, not term.negated))
        elif term.field == "metadata.namespace":
            checks.append((-2, term.value, not term.negated))
        else:
            checks.append((positions[term.field], term.value, not term.negated))

    def matches(entry: Entry) -> bool:
        for position, value, wanted in checks:
            if position >= 0:
                found = entry.fields[position]
            else:
                found = entry.name if position == -1 else entry.namespace
            if (found == value) is not wanted:
                return False
        return True

    return matches
