"""OwnerGraph: who names whom as an owner, from the owner references of what is stored.

Only objects with owner references are in it, by their keys; owners are found by the key that a
reference means, so that the removal of any object finds its dependents with one lookup.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kapi.apimachinery.types import JSONObject

__all__ = ["Dependent", "OwnerGraph", "OwnerReference"]


class OwnerReference(NamedTuple):
    """One owner reference. ``key`` is where the owner is stored, empty for an unknown kind."""

    api_version: str
    kind: str
    name: str
    uid: str
    blocks: bool
    key: str

    @classmethod
    def of(cls, reference: JSONObject, key: str) -> OwnerReference:
        """Read a member of ``metadata.ownerReferences``."""
        return cls(
            reference.get("apiVersion") or "",
            reference.get("kind") or "",
            reference.get("name") or "",
            reference.get("uid") or "",
            reference.get("blockOwnerDeletion") is True,
            key,
        )


@dataclass(slots=True)
class Dependent:
    """An object with owners. ``source`` is the stored text of its references."""

    source: bytes
    owners: tuple[OwnerReference, ...]


class OwnerGraph:
    """Dependents by key, and by the keys of their owners."""

    def __init__(self) -> None:
        self._dependents: dict[str, Dependent] = {}
        self._by_owner: dict[str, dict[str, None]] = {}
        # Objects that wait for their dependents to be deleted first.
        self.foreground: set[str] = set()

    def __len__(self) -> int:
        return len(self._dependents)

    def clear(self) -> None:
        """Forget everything."""
        self._dependents.clear()
        self._by_owner.clear()
        self.foreground.clear()

    def get(self, key: str) -> Dependent | None:
        """The dependent of this key, or None."""
        return self._dependents.get(key)

    def put(
        self, key: str, source: bytes, owners: Sequence[OwnerReference]
    ) -> tuple[OwnerReference, ...]:
        """Set an object's owners; what they were before."""
        before = self.remove(key)
        if owners:
            self._dependents[key] = Dependent(source, tuple(owners))
            for owner in owners:
                self._by_owner.setdefault(owner.key, {})[key] = None
        return before

    def remove(self, key: str) -> tuple[OwnerReference, ...]:
        """Forget an object's owners; what they were."""
        dependent = self._dependents.pop(key, None)
        if dependent is None:
            return ()
        for owner in dependent.owners:
            keys = self._by_owner.get(owner.key)
            if keys is not None:
                keys.pop(key, None)
                if not keys:
                    del self._by_owner[owner.key]
        return dependent.owners

    def resolve(self, key: str, owner: OwnerReference) -> None:
        """Take in where an owner is stored whose kind was not served when it was named."""
        dependent = self._dependents.get(key)
        unresolved = owner._replace(key="")
        if dependent is not None and owner.key and unresolved in dependent.owners:
            owners = [owner if each == unresolved else each for each in dependent.owners]
            self.put(key, dependent.source, owners)

    def has_dependents(self, owner_key: str) -> bool:
        """Whether any object names this one as owner."""
        return owner_key in self._by_owner

    def dependents(self, owner_key: str, uid: str = "") -> list[str]:
        """The keys of those who name this object as owner, with this uid if one is given."""
        keys: Iterable[str] = self._by_owner.get(owner_key, ())
        if not uid:
            return list(keys)
        return [key for key in keys if self._names(key, owner_key, uid, blocking=False)]

    def blocking_dependents(self, owner_key: str, uid: str) -> list[str]:
        """The keys of those whose existence holds the owner's foreground deletion."""
        keys = self._by_owner.get(owner_key, ())
        return [key for key in keys if self._names(key, owner_key, uid, blocking=True)]

    def _names(self, key: str, owner_key: str, uid: str, *, blocking: bool) -> bool:
        return any(
            owner.key == owner_key and owner.uid == uid and (owner.blocks or not blocking)
            for owner in self._dependents[key].owners
        )
