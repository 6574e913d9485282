"""What happens to every object before it is created, whatever its kind.

Implements "Object names and IDs", ``generateName`` and the metadata rules of the API conventions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest, Invalid
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.metav1 import validate_object_meta

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext
    from kapi.registry.strategy import Strategy
    from kapi.util.ids import IDSource

__all__ = ["dedup_owner_references", "fill_metadata", "match_namespace", "validate_create"]

# A generated name has five random characters and fits a DNS label.
_GENERATED_PREFIX_LENGTH = 58
_IGNORED = ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")


def match_namespace(resource: Resource, meta: JSONObject, namespace: str) -> None:
    """Give the object the namespace of the request's path, or refuse another one."""
    if not resource.namespaced:
        meta.pop("namespace", None)
        return
    given = meta.get("namespace", "")
    if given and given != namespace:
        raise BadRequest(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    meta["namespace"] = namespace


def fill_metadata(
    meta: JSONObject, context: RequestContext, strategy: Strategy, ids: IDSource
) -> None:
    """Set what the server owns and a generated name; drop what clients may not set."""
    for member in _IGNORED:
        meta.pop(member, None)
    meta["uid"] = ids.uid()
    meta["creationTimestamp"] = context.now
    if strategy.has_generation:
        meta["generation"] = 1
    prefix = meta.get("generateName", "")
    if prefix and not meta.get("name"):
        meta["name"] = prefix[:_GENERATED_PREFIX_LENGTH] + ids.suffix()


def dedup_owner_references(context: RequestContext, meta: JSONObject) -> None:
    """Drop repeated owner references, with a warning."""
    owners = meta.get("ownerReferences")
    if not owners or len(owners) == 1:
        return
    kept: list[JSONObject] = []
    repeated: list[str] = []
    for owner in owners:
        if owner in kept:
            repeated.append(owner.get("uid", ""))
        else:
            kept.append(owner)
    if repeated:
        meta["ownerReferences"] = kept
        context.warn(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner "
            "references in 1.20+, and may reject such requests as early as 1.24; please fix your "
            f"requests; duplicate UID(s) observed: {', '.join(repeated)}"
        )


def validate_create(
    resource: Resource, context: RequestContext, strategy: Strategy, obj: JSONObject
) -> None:
    """Run metadata and kind validation; raises Invalid with every cause."""
    errors = ErrorList()
    meta = obj["metadata"]
    validate_object_meta(
        meta,
        resource.namespaced,
        strategy.validate_name,
        "metadata",
        errors,
        standard_finalizers=strategy.standard_finalizers,
    )
    strategy.validate(context, obj, errors)
    if errors:
        raise Invalid.kind(resource.hub.group, resource.hub.kind, meta.get("name", ""), errors)
    strategy.warnings_on_create(context, obj)
    strategy.canonicalize(obj)
