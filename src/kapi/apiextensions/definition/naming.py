"""Names of custom resources: which of them are free, and the conditions that tell.

Implements the conditions NamesAccepted and Established of CustomResourceDefinitions: plural,
singular and short names share one space in a group, kinds and list kinds another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apiextensions.definition.versions import is_true, set_condition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.types import JSONObject

__all__ = ["accept_names"]


def accept_names(definition: JSONObject, others: Iterable[JSONObject], now: str) -> JSONObject:
    """The status that a definition gets beside the others of its group."""
    status = {**(definition.get("status") or {})}
    taken, kinds = _taken(definition, others)
    accepted, reason, message = _accept(definition, taken, kinds)
    status["acceptedNames"] = accepted
    free = not reason
    set_condition(
        status,
        "NamesAccepted",
        free,
        reason or "NoConflicts",
        message or "no conflicts found",
        now,
    )
    if free:
        if not is_true(definition, "Established"):
            why = "the initial names have been accepted"
            set_condition(status, "Established", True, "InitialNamesAccepted", why, now)
    elif not is_true(definition, "Established"):
        why = "not all names are accepted"
        set_condition(status, "Established", False, "NotAccepted", why, now)
    return status


def _taken(definition: JSONObject, others: Iterable[JSONObject]) -> tuple[set[str], set[str]]:
    """The resource names and the kinds that other definitions of the group have."""
    group, name = definition["spec"]["group"], definition["metadata"]["name"]
    names: set[str] = set()
    kinds: set[str] = set()
    for other in others:
        if other["spec"]["group"] != group or other["metadata"]["name"] == name:
            continue
        accepted = (other.get("status") or {}).get("acceptedNames") or {}
        names.update((accepted.get("plural", ""), accepted.get("singular", "")))
        names.update(accepted.get("shortNames") or ())
        kinds.update((accepted.get("kind", ""), accepted.get("listKind", "")))
    names.discard("")
    kinds.discard("")
    return names, kinds


def _accept(
    definition: JSONObject, taken: set[str], kinds: set[str]
) -> tuple[JSONObject, str, str]:
    """The accepted names, and reason and message of the last conflict."""
    wanted = definition["spec"]["names"]
    before = (definition.get("status") or {}).get("acceptedNames") or {}
    accepted: JSONObject = {**before}
    reason = message = ""
    for member, space, conflict in (
        ("plural", taken, "PluralConflict"),
        ("singular", taken, "SingularConflict"),
        ("shortNames", taken, "ShortNamesConflict"),
        ("kind", kinds, "KindConflict"),
        ("listKind", kinds, "ListKindConflict"),
    ):
        value = wanted.get(member)
        values = value if isinstance(value, list) else [value] if value else []
        clash = [f'"{name}" is already in use' for name in values if name in space]
        if clash:
            reason, message = conflict, clash[0] if len(clash) == 1 else f"[{', '.join(clash)}]"
        else:
            _set(accepted, member, value)
    _set(accepted, "categories", wanted.get("categories"))
    shown = {"plural": "", "kind": "", **accepted}
    return shown, reason, message


def _set(accepted: JSONObject, member: str, value: object) -> None:
    if value:
        accepted[member] = value
    else:
        accepted.pop(member, None)
