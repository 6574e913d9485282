"""The operators of CEL on values: arithmetic that overflows, comparisons across numbers."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from kapi.cel.moments import Duration, Timestamp
from kapi.cel.types import type_name
from kapi.cel.values import CelError, Optional, Uint, as_doubles, equal

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.functions import Functions

__all__ = ["BINARY", "declare_operators", "index", "negate", "select", "select_optional"]

_MOST, _LEAST, _MOST_UNSIGNED = (1 << 63) - 1, -(1 << 63), (1 << 64) - 1
_COMPARABLE = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")
_NUMBERS = ("int", "uint", "double")


def _none() -> CelError:
    return CelError("no such overload")


def _integer(result: int, kind: type) -> int:
    if kind is Uint:
        if not 0 <= result <= _MOST_UNSIGNED:
            raise CelError("unsigned integer overflow")
        return Uint(result)
    if not _LEAST <= result <= _MOST:
        raise CelError("integer overflow")
    return result


def add(a: Any, b: Any) -> Any:
    """Addition, and joining of strings, bytes and lists."""
    kind, other = a.__class__, b.__class__
    if kind is other:
        if kind is str or kind is float or kind is bytes or kind is list:
            return a + b
        if kind is int or kind is Uint:
            return _integer(int(a) + int(b), kind)
        if kind is Duration:
            return a + b
    if isinstance(a, list) and isinstance(b, list):
        return a + b
    if kind is Timestamp and other is Duration:
        return a + b
    if kind is Duration and other is Timestamp:
        return b + a
    raise _none()


def subtract(a: Any, b: Any) -> Any:
    """Subtraction."""
    kind, other = a.__class__, b.__class__
    if kind is other:
        if kind is int or kind is Uint:
            return _integer(int(a) - int(b), kind)
        if kind is float or kind is Duration:
            return a - b
        if kind is Timestamp:
            return a.since(b)
    if kind is Timestamp and other is Duration:
        return a - b
    raise _none()


def multiply(a: Any, b: Any) -> Any:
    """Multiplication."""
    kind = a.__class__
    if kind is b.__class__:
        if kind is float:
            return a * b
        if kind is int or kind is Uint:
            return _integer(int(a) * int(b), kind)
    raise _none()


def divide(a: Any, b: Any) -> Any:
    """Division; that of integers drops the fraction."""
    kind = a.__class__
    if kind is not b.__class__ or kind not in (int, Uint, float):
        raise _none()
    if kind is float:
        if b:
            return a / b
        return float("nan") if not a or isnan(a) else float("inf" if a > 0 else "-inf")
    if not b:
        raise CelError("division by zero")
    quotient = abs(int(a)) // abs(int(b))
    return _integer(quotient if (a < 0) == (b < 0) else -quotient, kind)


def modulo(a: Any, b: Any) -> Any:
    """The remainder, with the sign of the dividend."""
    kind = a.__class__
    if kind is not b.__class__ or kind not in (int, Uint):
        raise _none()
    if not b:
        raise CelError("modulus by zero")
    remainder = abs(int(a)) % abs(int(b))
    return _integer(-remainder if a < 0 else remainder, kind)


def negate(a: Any) -> Any:
    """The negative of a number."""
    if a.__class__ is float:
        return -a
    if a.__class__ is int:
        return _integer(-a, int)
    raise _none()


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def call(a: Any, b: Any) -> bool:
        kind, other = a.__class__, b.__class__
        if kind is not other and (
            kind not in (int, float, Uint) or other not in (int, float, Uint)
        ):
            raise _none()
        if kind is not other:
            a, b = as_doubles(a, b)
        try:
            return compare(a, b)
        except TypeError as error:
            raise _none() from error

    return call


def contains(item: Any, container: Any) -> bool:
    """Whether a list has an item, or a map a key."""
    if isinstance(container, dict):
        if item.__class__ is bool:
            return any(item is key for key in container)
        try:
            return item in container
        except TypeError:
            return False
    if isinstance(container, list):
        if item.__class__ is str:
            return item in container
        return any(equal(item, each) for each in container)
    raise _none()


def _shown(key: Any) -> str:
    return "true" if key is True else "false" if key is False else str(key)


def select(value: Any, name: str) -> Any:
    """A member of a map or object."""
    try:
        return value[name]
    except KeyError as error:
        raise CelError(f"no such key: {name}") from error
    except (TypeError, IndexError) as error:
        if isinstance(value, Optional):
            return select_optional(value, name)
        raise CelError(f"no such key: {name}" if value is None else "no such overload") from error


def select_optional(value: Any, key: Any) -> Optional:
    """A member or item that may be absent."""
    if isinstance(value, Optional):
        if not value.present:
            return value
        value = value.value
    if isinstance(value, dict):
        try:
            return Optional(value[key]) if key in value else Optional(present=False)
        except TypeError as error:
            raise CelError(f"unsupported key type: {type_name(key)}") from error
    if isinstance(value, list):
        if key.__class__ is int and 0 <= key < len(value):
            return Optional(value[key])
        return Optional(present=False)
    raise CelError(f"unsupported optional access on type {type_name(value)}")


def index(value: Any, key: Any) -> Any:
    """An item of a list, or the value of a key."""
    if isinstance(value, dict):
        try:
            return value[key]
        except KeyError as error:
            raise CelError(f"no such key: {_shown(key)}") from error
        except TypeError as error:  # lists and maps are no keys
            raise CelError(f"unsupported key type: {type_name(key)}") from error
    if isinstance(value, list):
        if key.__class__ is float and key.is_integer():
            key = int(key)
        if not isinstance(key, int) or key.__class__ is bool:
            raise CelError(f"unsupported index type '{type_name(key)}' in list")
        if not 0 <= key < len(value):
            raise CelError(f"index out of bounds: {key}")
        return value[key]
    if isinstance(value, Optional):
        return select_optional(value, key)
    raise _none()


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "_==_": equal,
    "_!=_": lambda a, b: not equal(a, b),
    "_<_": _comparison(lambda a, b: a < b),
    "_<=_": _comparison(lambda a, b: a <= b),
    "_>_": _comparison(lambda a, b: a > b),
    "_>=_": _comparison(lambda a, b: a >= b),
    "_+_": add,
    "_-_": subtract,
    "_*_": multiply,
    "_/_": divide,
    "_%_": modulo,
    "@in": contains,
}


def declare_operators(functions: Functions) -> None:
    """Declare what the operators may be applied to."""
    for name in ("_==_", "_!=_"):
        functions.declare(name, "(A, A) -> bool", BINARY[name])
    for name in ("_<_", "_<=_", "_>_", "_>=_"):
        pairs = [(kind, kind) for kind in _COMPARABLE]
        pairs += [(a, b) for a in _NUMBERS for b in _NUMBERS if a != b]
        for a, b in pairs:
            functions.declare(name, f"({a}, {b}) -> bool", BINARY[name])
    for name, kinds in (
        ("_+_", (*_NUMBERS, "string", "bytes", "duration", "list<A>")),
        ("_-_", (*_NUMBERS, "duration")),
        ("_*_", _NUMBERS),
        ("_/_", _NUMBERS),
        ("_%_", ("int", "uint")),
    ):
        for kind in kinds:
            functions.declare(name, f"({kind}, {kind}) -> {kind}", BINARY[name])
    functions.declare("_+_", "(timestamp, duration) -> timestamp", add)
    functions.declare("_+_", "(duration, timestamp) -> timestamp", add)
    functions.declare("_-_", "(timestamp, duration) -> timestamp", subtract)
    functions.declare("_-_", "(timestamp, timestamp) -> duration", subtract)
    functions.declare("!_", "(bool) -> bool", lambda value: not value)
    functions.declare("-_", "(int) -> int", negate)
    functions.declare("-_", "(double) -> double", negate)
    functions.declare("@in", "(A, list<A>) -> bool", contains)
    functions.declare("@in", "(A, map<A, B>) -> bool", contains)
    functions.declare("_?_:_", "(bool, A, A) -> A", lambda c, a, b: a if c else b)
