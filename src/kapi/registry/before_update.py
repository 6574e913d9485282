"""What happens to every object before a change of it is stored, whatever its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import Conflict, Invalid, StatusError
from kapi.apimachinery.field import ErrorList, quote
from kapi.apimachinery.metav1 import (
    validate_object_meta,
    validate_object_meta_update,
    validate_standard_finalizers,
)
from kapi.registry.strategy import CHANGE, WHOLE
from kapi.util.integers import parse_uint64

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext
    from kapi.registry.strategy import MetadataRule, Strategy

__all__ = [
    "OPTIMISTIC_LOCK",
    "check_resource_version",
    "parse_resource_version",
    "prepare_update",
    "should_delete",
    "validate_update",
]

OPTIMISTIC_LOCK = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


def parse_resource_version(given: str) -> int:
    """The number in ``metadata.resourceVersion``, 0 for none; raises an error with code 500."""
    try:
        return parse_uint64(given) if given else 0
    except ValueError as problem:
        raise StatusError(
            f"strconv.ParseUint: parsing {quote(given)}: {problem}", code=500, details=None
        ) from None


def check_resource_version(
    resource: Resource, strategy: Strategy, obj: JSONObject, live: JSONObject
) -> None:
    """Refuse a change of another version than the stored one.

    Raises Conflict when it differs, Invalid when the kind wants one and none is given.
    """
    meta = obj["metadata"]
    given = meta.get("resourceVersion", "")
    if not given or not (number := parse_resource_version(given)):
        if not strategy.allow_unconditional_update:
            errors = ErrorList()
            errors.invalid("metadata.resourceVersion", 0, "must be specified for an update")
            raise Invalid.kind(resource.group, resource.resource, meta.get("name", ""), errors)
        return
    if number != int(live["metadata"]["resourceVersion"]):
        raise Conflict.resource(
            resource.group, resource.resource, meta.get("name", ""), OPTIMISTIC_LOCK
        )


def prepare_update(
    context: RequestContext, strategy: Strategy, obj: JSONObject, live: JSONObject
) -> None:
    """Keep what the server owns and what this endpoint does not change; raise the generation."""
    for member in strategy.reset_fields:
        if member in live:
            obj[member] = live[member]
        else:
            obj.pop(member, None)
    meta, live_meta = obj["metadata"], live["metadata"]
    for member in strategy.reset_metadata:
        _keep(meta, live_meta, member)
    _keep(meta, live_meta, "generation")
    strategy.prepare_for_update(context, obj, live)
    if not meta.get("uid"):
        meta["uid"] = live_meta.get("uid", "")
    _keep(meta, live_meta, "creationTimestamp")
    _keep(meta, live_meta, "selfLink")
    if "deletionTimestamp" in live_meta:
        meta["deletionTimestamp"] = live_meta["deletionTimestamp"]
        if "deletionGracePeriodSeconds" not in meta:
            _keep(meta, live_meta, "deletionGracePeriodSeconds")
    if strategy.has_generation and strategy.content_changed(obj, live):
        meta["generation"] = live_meta.get("generation", 0) + 1


def _keep(meta: JSONObject, live_meta: JSONObject, member: str) -> None:
    if member in live_meta:
        meta[member] = live_meta[member]
    else:
        meta.pop(member, None)


def validate_update(
    resource: Resource,
    context: RequestContext,
    strategy: Strategy,
    obj: JSONObject,
    live: JSONObject,
) -> None:
    """Run metadata and kind validation of the change; raises Invalid with every cause."""
    errors = ErrorList()
    meta, live_meta = obj["metadata"], live["metadata"]
    _validate_metadata(resource, strategy, (WHOLE, CHANGE), meta, live_meta, errors)
    # Rules that found nothing once would find nothing again, but for the names of finalizers,
    # which only the kinds restrict.
    if errors or meta.get("finalizers"):
        rules = strategy.metadata_rules
        standard = strategy.standard_finalizers
        _validate_metadata(resource, strategy, rules, meta, live_meta, errors, standard=standard)
    strategy.validate_update(context, obj, live, errors)
    if errors:
        raise Invalid.kind(resource.hub.group, resource.hub.kind, meta.get("name", ""), errors)
    strategy.warnings_on_update(context, obj, live)
    strategy.canonicalize(obj)


def _validate_metadata(
    resource: Resource,
    strategy: Strategy,
    rules: tuple[MetadataRule, ...],
    meta: JSONObject,
    live_meta: JSONObject,
    errors: ErrorList,
    *,
    standard: bool = False,
) -> None:
    for rule in rules:
        if rule == WHOLE:
            validate_object_meta(
                meta,
                resource.namespaced,
                strategy.validate_name,
                "metadata",
                errors,
                standard_finalizers=standard,
            )
            continue
        validate_object_meta_update(meta, live_meta, "metadata", errors)
        if standard:
            validate_standard_finalizers(
                meta.get("finalizers") or (), "metadata.finalizers", errors
            )


def should_delete(strategy: Strategy, obj: JSONObject, live: JSONObject) -> bool:
    """Whether this change removes the last finalizer of an object that is being deleted."""
    live_meta, meta = live["metadata"], obj["metadata"]
    return (
        "deletionTimestamp" in live_meta
        and not meta.get("finalizers")
        and not live_meta.get("deletionGracePeriodSeconds")
        and strategy.removable(obj)
    )
