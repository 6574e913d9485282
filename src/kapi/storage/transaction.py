"""What a transaction does, decided in one place for the embedded engines (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.storage.engine import Event, KeyValue, Put
from kapi.storage.errors import CompareFailed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.storage.engine import Compare, Operation

__all__ = ["DEFAULT_MAX_VALUE_BYTES", "check_operations", "evaluate"]

# etcd's default limits: what fits here fits there.
DEFAULT_MAX_VALUE_BYTES = 1_572_864
_MAX_OPERATIONS = 128


def check_operations(operations: Sequence[Operation], max_value_bytes: int) -> None:
    """Refuse what no state of the store could accept.

    Raises:
        TooLarge: a value exceeds the limit.
        ValueError: two operations have the same key, or there are more than 128.
    """
    if len(operations) > _MAX_OPERATIONS:
        raise ValueError(f"a transaction has at most {_MAX_OPERATIONS} operations")
    for operation in operations:
        if isinstance(operation, Put) and len(operation.value) > max_value_bytes:
            raise TooLarge(operation.key, len(operation.value), max_value_bytes)
    if len(operations) > 1 and len({operation.key for operation in operations}) < len(operations):
        raise ValueError("a transaction may change a key only once")


def evaluate(
    compares: Sequence[Compare],
    operations: Sequence[Operation],
    lookup: Callable[[str], KeyValue | None],
    revision: int,
    now: float,
) -> list[Event]:
    """The changes that a transaction makes at a revision; none when there is nothing to change.

    Raises:
        CompareFailed: a comparison does not hold.
    """
    looked_up: dict[str, KeyValue | None] = {}
    for key, expected in compares:
        current = looked_up[key] = lookup(key)
        if (0 if current is None else current.mod_revision) != expected:
            raise CompareFailed(key, expected, current)
    events: list[Event] = []
    for operation in operations:
        key = operation.key
        previous = looked_up[key] if key in looked_up else lookup(key)
        if isinstance(operation, Put):
            ttl = operation.ttl_seconds
            created = revision if previous is None else previous.create_revision
            expires_at = None if ttl is None else now + ttl
            kv = KeyValue(key, operation.value, created, revision, expires_at)
            events.append(Event("PUT", kv, previous))
        elif previous is not None:
            events.append(Event("DELETE", KeyValue(key, b"", 0, revision, None), previous))
    return events
