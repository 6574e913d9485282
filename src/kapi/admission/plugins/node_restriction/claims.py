"""What a kubelet may write to claims: how far it is with resizing the volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.admission.refusal import refused

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["check_claim"]

_RESIZING = ("capacity", "conditions", "allocatedResources", "allocatedResourceStatuses")
# Members that every write changes.
_KEPT_BY_SERVER = ("managedFields", "resourceVersion")


def check_claim(attributes: Attributes, node: str) -> None:
    """Raise Forbidden unless only the progress of resizing changes."""
    obj, old = attributes.obj, attributes.old
    if attributes.operation != "UPDATE" or attributes.subresource != "status":
        raise refused(attributes, "may only update PVC status")
    if obj is None or old is None:
        return
    after, before = _rest(obj), _rest(old)
    if after != before:
        why = f'node "{node}" is not allowed to update fields other than status.quantity and'
        raise refused(attributes, f"{why} status.conditions: {_difference(before, after)}")


def _rest(claim: JSONObject) -> JSONObject:
    """All that does not tell of resizing; members that are empty do not count."""
    meta = {k: v for k, v in claim["metadata"].items() if k not in _KEPT_BY_SERVER and v}
    status = {k: v for k, v in (claim.get("status") or {}).items() if k not in _RESIZING and v}
    rest = {k: v for k, v in claim.items() if k not in {"metadata", "status"}}
    return {**rest, "metadata": meta, "status": status}


def _difference(before: JSONObject, after: JSONObject) -> str:
    import difflib  # noqa: PLC0415 - with the next: seldom needed
    import json  # noqa: PLC0415

    was, is_now = (json.dumps(each, indent=1).splitlines() for each in (before, after))
    return "".join(f"{line}\n" for line in list(difflib.unified_diff(was, is_now, lineterm=""))[2:])
