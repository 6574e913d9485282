"""The conditions of a terminating namespace: what is left in it, and what holds that.

Texts and order are those of kube-controller-manager, which people and tools look for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import GroupResource, JSONObject

__all__ = ["Remaining", "with_conditions"]

_DISCOVERY = "NamespaceDeletionDiscoveryFailure"
_PARSING = "NamespaceDeletionGroupVersionParsingFailure"
_CONTENT = "NamespaceDeletionContentFailure"
_REMAINING = "NamespaceContentRemaining"
_FINALIZERS = "NamespaceFinalizersRemaining"

# Type, reason and message when there is nothing to complain about, in the order of the status.
_FINE = (
    (_DISCOVERY, "ResourcesDiscovered", "All resources successfully discovered"),
    (_PARSING, "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    (
        _CONTENT,
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    (_REMAINING, "ContentRemoved", "All content successfully removed"),
    (_FINALIZERS, "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
)


@dataclass(slots=True)
class Remaining:
    """What one round of deletion left: objects by resource, by finalizer, and failures."""

    resources: dict[GroupResource, int] = field(default_factory=dict)
    finalizers: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All objects that are left."""
        return sum(self.resources.values())

    def _complaints(self) -> dict[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        if self.failures:
            what = self.failures[0] if len(self.failures) == 1 else f"[{', '.join(self.failures)}]"
            found[_CONTENT] = (
                "ContentDeletionFailed",
                f"Failed to delete all resource types, {len(self.failures)} remaining: {what}",
            )
        if self.resources:
            # The core group is the empty name: "pods. has 1 resource instances".
            parts = sorted(
                f"{resource.resource}.{resource.group} has {count} resource instances"
                for resource, count in self.resources.items()
            )
            text = f"Some resources are remaining: {', '.join(parts)}"
            found[_REMAINING] = ("SomeResourcesRemain", text)
        if self.finalizers:
            parts = sorted(
                f"{name} in {count} resource instances" for name, count in self.finalizers.items()
            )
            text = f"Some content in the namespace has finalizers remaining: {', '.join(parts)}"
            found[_FINALIZERS] = ("SomeFinalizersRemain", text)
        return found


def with_conditions(
    conditions: list[JSONObject], remaining: Remaining, now: str
) -> list[JSONObject]:
    """The namespace's conditions after a round; those of others stay as they are."""
    complaints = remaining._complaints()  # noqa: SLF001 - of this module
    result = [dict(condition) for condition in conditions]
    by_type = {condition.get("type"): condition for condition in result}
    for kind, fine_reason, fine_message in _FINE:
        status = "True" if kind in complaints else "False"
        reason, message = complaints.get(kind, (fine_reason, fine_message))
        new = {"type": kind, "status": status, "reason": reason, "message": message}
        old = by_type.get(kind)
        if old is None:
            result.append({**new, "lastTransitionTime": now})
            continue
        if old.get("status") != status:
            old["lastTransitionTime"] = now
        old.update(new)
    return result
