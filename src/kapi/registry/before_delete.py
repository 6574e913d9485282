"""Decides what a DELETE does: remove at once, mark and wait, or nothing more.

Implements graceful deletion, finalizers and propagation policies ("Garbage collection" and
"Finalizers" of the documentation) as pure functions on one object.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import Conflict

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext
    from kapi.registry.strategy import Strategy

__all__ = [
    "DeleteOptions",
    "Deletion",
    "check_held_preconditions",
    "check_preconditions",
    "mark_for_deletion",
]

_ORPHAN = "orphan"
_FOREGROUND = "foregroundDeletion"


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """``meta.k8s.io/v1`` DeleteOptions, read and validated."""

    grace_period_seconds: int | None = None
    uid: str | None = None
    resource_version: str | None = None
    orphan_dependents: bool | None = None
    propagation_policy: str | None = None
    dry_run: bool = False


class Deletion(Enum):
    """What becomes of the object."""

    NOW = "remove it"
    MARK = "store it as being deleted"
    MARK_THEN_REMOVE = "store it as being deleted, then remove it"
    PENDING = "it is being deleted already"


def check_preconditions(
    resource: Resource, named: str, name: str, meta: JSONObject, options: DeleteOptions
) -> None:
    """Raises Conflict, calling the object ``named``, when it is not the one the client means."""
    if options.uid is not None and options.uid != meta.get("uid"):
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record "
            f"({meta.get('uid', '')}). The object might have been deleted and then recreated"
        )
        raise Conflict.resource(resource.group, named, name, why)
    version = options.resource_version
    if version is not None and version != meta.get("resourceVersion"):
        why = (
            f"the ResourceVersion in the precondition ({version}) does not match the "
            f"ResourceVersion in record ({meta.get('resourceVersion', '')}). "
            "The object might have been modified"
        )
        raise Conflict.resource(resource.group, named, name, why)


def check_held_preconditions(
    resource: Resource, name: str, meta: JSONObject, options: DeleteOptions
) -> None:
    """The same for kinds whose objects are kept until what is in them has gone."""
    for what, wanted, found in (
        ("UID", options.uid, meta.get("uid", "")),
        ("ResourceVersion", options.resource_version, meta.get("resourceVersion", "")),
    ):
        if wanted is not None and wanted != found:
            why = (
                f"Precondition failed: {what} in precondition: {wanted}, "
                f"{what} in object meta: {found}"
            )
            raise Conflict.resource(resource.group, resource.resource, name, why)


def mark_for_deletion(
    context: RequestContext, strategy: Strategy, obj: JSONObject, options: DeleteOptions
) -> Deletion:
    """Change ``obj`` as this DELETE does and tell what becomes of it."""
    meta = obj["metadata"]
    graceful = False
    grace = strategy.grace_period_seconds(obj, options.grace_period_seconds)
    if "deletionTimestamp" in meta:
        current = meta.get("deletionGracePeriodSeconds")
        if grace is not None and current is not None:
            asked = options.grace_period_seconds
            asked = 1 if asked is not None and asked < 0 else asked
            if asked is None or asked >= current:
                return Deletion.PENDING
            _shorten(meta, current, asked)
            grace, graceful = asked, True
    elif grace is not None:
        graceful = True
        meta["deletionTimestamp"] = _later(context.now, grace)
        meta["deletionGracePeriodSeconds"] = grace
        _raise_generation(meta)
    _set_propagation(meta, strategy, options)
    if meta.get("finalizers"):
        if not graceful:
            if "deletionTimestamp" not in meta:
                meta["deletionTimestamp"] = context.now
                _raise_generation(meta)
            meta["deletionGracePeriodSeconds"] = 0
        return Deletion.MARK
    if not graceful:
        return Deletion.NOW
    return Deletion.MARK if grace else Deletion.MARK_THEN_REMOVE


def _raise_generation(meta: JSONObject) -> None:
    """Controllers treat an object that is being deleted as changed."""
    if meta.get("generation"):
        meta["generation"] += 1


def _shorten(meta: JSONObject, current: int, asked: int) -> None:
    meta["deletionTimestamp"] = _later(meta["deletionTimestamp"], asked - current)
    meta["deletionGracePeriodSeconds"] = asked


def _later(timestamp: str, seconds: int) -> str:
    moment = datetime.fromisoformat(timestamp).astimezone(UTC) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _set_propagation(meta: JSONObject, strategy: Strategy, options: DeleteOptions) -> None:
    """Replace the two propagation finalizers by the one that the policy asks for, if any."""
    finalizers = meta.get("finalizers") or []
    policy = _policy(finalizers, strategy, options)
    if policy is None:
        return
    kept = [f for f in finalizers if f not in {_ORPHAN, _FOREGROUND}]
    if policy == "Orphan":
        kept.append(_ORPHAN)
    elif policy == "Foreground":
        kept.append(_FOREGROUND)
    if set(kept) != set(finalizers):
        if kept:
            meta["finalizers"] = kept
        else:
            meta.pop("finalizers", None)


def _policy(finalizers: list[str], strategy: Strategy, options: DeleteOptions) -> str | None:
    """The policy in force; None leaves the finalizers as they are."""
    if strategy.default_propagation == "unsupported":
        return None
    if options.orphan_dependents is not None:
        return "Orphan" if options.orphan_dependents else "Background"
    if options.propagation_policy is not None:
        return options.propagation_policy
    if _ORPHAN in finalizers:
        return "Orphan"
    if _FOREGROUND in finalizers:
        return "Foreground"
    return "Orphan" if strategy.default_propagation == "orphan" else "Background"
