"""What a kubelet may write to claims: how far it is with resizing the volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.admission.refusal import refused
from kapi.apimachinery.structdiff import struct_diff, with_sorted_maps
from kapi.apis.core.persistent_volume_structs import CLAIM_SPEC, CLAIM_STATUS

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["check_claim"]

_RESIZING = ("capacity", "conditions", "allocatedResources", "allocatedResourceStatuses")
# In the order of messages; without what every write changes.
_METADATA = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
)


def check_claim(attributes: Attributes, node: str) -> None:
    """Raise Forbidden unless only the progress of resizing changes."""
    obj, old = attributes.obj, attributes.old
    if attributes.operation != "UPDATE" or attributes.subresource != "status":
        raise refused(attributes, "may only update PVC status")
    if obj is None or old is None:
        return
    after, before = _shown(obj), _shown(old)
    if after != before:
        why = f'node "{node}" is not allowed to update fields other than status.quantity and'
        raise refused(attributes, f"{why} status.conditions: {struct_diff(before, after)}")


def _shown(claim: JSONObject) -> JSONObject:
    """All that does not tell of resizing, as messages show it; empty members do not count."""
    meta = claim["metadata"]
    status = {k: v for k, v in (claim.get("status") or {}).items() if k not in _RESIZING and v}
    return {
        **{k: with_sorted_maps(meta[k]) for k in _METADATA if meta.get(k)},
        "Spec": CLAIM_SPEC.show(with_sorted_maps(claim.get("spec") or {})),
        "Status": CLAIM_STATUS.show(with_sorted_maps(status)),
    }
