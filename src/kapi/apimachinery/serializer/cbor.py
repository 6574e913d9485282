"""CBOR bodies (RFC 8949), as Kubernetes has them behind the gate ``CBORServingAndStorage``.

Answers begin with the self-described tag and carry texts as byte strings, which Go decodes either
way; bodies may have them as texts or as bytes. A watch is a sequence of items (RFC 8742).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONValue

__all__ = ["MEDIA_TYPE", "SEQUENCE_TYPE", "CBORError", "dumps", "load"]

MEDIA_TYPE = "application/cbor"
SEQUENCE_TYPE = "application/cbor-seq"
_SELF_DESCRIBED = b"\xd9\xd9\xf7"


class CBORError(ValueError):
    """The bytes are no CBOR, or hold what JSON cannot."""


def dumps(value: JSONValue) -> bytes:
    """One self-described item."""
    import cbor2  # noqa: PLC0415 - only where the gate is open

    return _SELF_DESCRIBED + cbor2.dumps(_as_bytes(value))


def _as_bytes(value: JSONValue) -> JSONValue:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return [_as_bytes(item) for item in value]
    if isinstance(value, dict):
        return {key.encode(): _as_bytes(item) for key, item in value.items()}
    return value


def load(data: bytes) -> JSONValue:
    """The value of one item.

    Raises:
        CBORError: the bytes are no CBOR, or there are more of them, or JSON has no such value.
    """
    import cbor2  # noqa: PLC0415

    try:
        value = cbor2.loads(data)
    except (cbor2.CBORDecodeError, ValueError, TypeError, RecursionError, OverflowError) as error:
        raise CBORError(str(error) or type(error).__name__) from None
    try:
        return _as_json(value)
    except RecursionError:
        raise CBORError("exceeded max depth") from None


def _as_json(value: object) -> JSONValue:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise CBORError("a string is no UTF-8") from None
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    if isinstance(value, Mapping):
        return {_key(key): _as_json(item) for key, item in value.items()}
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return value
    if isinstance(value, float) and value - value == 0:  # neither infinite nor not a number
        return value
    raise CBORError(f"cannot decode {type(value).__name__} into JSON")


def _key(key: object) -> str:
    text = _as_json(key)
    if not isinstance(text, str):
        raise CBORError("a member's name is no string")
    return text
