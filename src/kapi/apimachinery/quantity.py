"""Resource quantities: ``500m``, ``1Gi``, ``1e3``.

Implements ``io.k8s.apimachinery.pkg.api.resource.Quantity``: a fixed-point number with a suffix,
written back in a canonical form: no fraction, the largest suffix that keeps the number whole, and
the suffix family (decimal, binary, exponent) of the text it was read from. Amounts below a
billionth are rounded up to it.
"""

from __future__ import annotations

import re
from functools import lru_cache, total_ordering
from typing import Literal, TypeAlias

__all__ = ["Format", "Quantity", "QuantityError", "canonical", "canonical_milli", "parse"]

Format: TypeAlias = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

FORMAT_WRONG = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
SUFFIX_WRONG = "unable to parse quantity's suffix"
NUMBER_WRONG = "unable to parse numeric part of quantity"

_TEXT = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)")
_EXPONENT = re.compile(r"[eE]([-+]?[0-9]{1,10})")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_BINARY_SUFFIX = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_NANO = -9
_MILLI = -3
_FEW_DIGITS = 18  # numbers that fit into 64 bits for certain
_MAX_INT64 = 2**63 - 1  # binary quantities are capped here
_MAX_SHIFT = 4096  # digits; beyond this the smaller operand cannot matter
_CACHED_TEXTS = 4096  # a cluster's manifests repeat a few hundred different quantities


class QuantityError(ValueError):
    """The text is no quantity; the message is Kubernetes'."""


@total_ordering
class Quantity:
    """``mantissa * 10**exponent``, with the family of suffixes to write it in. Immutable."""

    __slots__ = ("exponent", "format", "mantissa")

    def __init__(self, mantissa: int, exponent: int = 0, format: Format = "DecimalSI") -> None:  # noqa: A002 - the API's word
        while mantissa and not mantissa % 10:
            mantissa //= 10
            exponent += 1
        self.mantissa = mantissa
        self.exponent = exponent if mantissa else 0
        self.format: Format = format

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return (self.mantissa > 0) - (self.mantissa < 0)

    def scaled_value(self, scale: int) -> int:
        """The number of units of ``10**scale``, rounded away from zero, capped to 64 bits."""
        shift = self.exponent - scale
        if shift >= 0:
            magnitude: int = abs(self.mantissa) * 10 ** min(shift, 20)
        else:
            magnitude = -(-abs(self.mantissa) // 10**-shift)
        magnitude = min(magnitude, _MAX_INT64)
        return -magnitude if self.mantissa < 0 else magnitude

    def value(self) -> int:
        """The amount as an integer, rounded away from zero."""
        return self.scaled_value(0)

    def milli_value(self) -> int:
        """The amount in thousandths, rounded away from zero."""
        return self.scaled_value(-3)

    def round_up(self, scale: int) -> Quantity:
        """The quantity rounded away from zero to a multiple of ``10**scale``."""
        if self.exponent >= scale:
            return self
        shift = min(scale - self.exponent, len(str(abs(self.mantissa))))
        magnitude = -(-abs(self.mantissa) // 10**shift)
        return Quantity(-magnitude if self.mantissa < 0 else magnitude, scale, self.format)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        return self.mantissa == other.mantissa and self.exponent == other.exponent

    def __hash__(self) -> int:
        return hash((self.mantissa, self.exponent))

    def __lt__(self, other: Quantity) -> bool:
        if self.exponent == other.exponent:
            return self.mantissa < other.mantissa
        return (self - other).mantissa < 0

    def __neg__(self) -> Quantity:
        return Quantity(-self.mantissa, self.exponent, self.format)

    def __add__(self, other: Quantity) -> Quantity:
        if not self.mantissa:
            return other
        if not other.mantissa:
            return self
        low, high = (self, other) if self.exponent <= other.exponent else (other, self)
        shift = high.exponent - low.exponent
        if shift > _MAX_SHIFT:
            return Quantity(high.mantissa, high.exponent, self.format)
        return Quantity(low.mantissa + high.mantissa * 10**shift, low.exponent, self.format)

    def __sub__(self, other: Quantity) -> Quantity:
        return self + (-other)

    def __str__(self) -> str:
        if not self.mantissa:
            return "0"
        if self.format == "BinarySI" and self.exponent >= 0 and self.exponent <= _MAX_SHIFT:
            amount = self.mantissa * 10**self.exponent
            if not -1024 < amount < 1024:
                return _binary_text(amount)
        return self._decimal_text()

    def _decimal_text(self) -> str:
        exponent = self.exponent - self.exponent % 3
        if self.format != "DecimalExponent":
            exponent = min(exponent, 18)  # nothing above exa
        amount = self.mantissa * 10 ** (self.exponent - exponent)
        if self.format == "DecimalExponent":
            return f"{amount}e{exponent}" if exponent else str(amount)
        return f"{amount}{_DECIMAL_SUFFIX[exponent]}"

    def __repr__(self) -> str:
        return f"Quantity({self})"


def _binary_text(amount: int) -> str:
    power = 0
    while not amount % 1024 and power < 6:
        amount //= 1024
        power += 1
    return f"{amount}{_BINARY_SUFFIX[power]}"


@lru_cache(maxsize=_CACHED_TEXTS)
def parse(text: str) -> Quantity:
    """Read a quantity.

    Raises:
        QuantityError: with Kubernetes' text.
    """
    match = _TEXT.fullmatch(text) if text else None
    if match is None:
        raise QuantityError(FORMAT_WRONG)
    sign, whole, fraction, suffix = match.groups("")
    try:
        mantissa = int(f"{whole}{fraction}" or "0")
    except ValueError:  # more digits than the interpreter converts
        raise QuantityError(NUMBER_WRONG) from None
    power = _BINARY.get(suffix)
    if power is not None:
        quantity = _binary(mantissa, len(fraction), power)
    else:
        exponent, kind = _decimal_suffix(suffix)
        quantity = Quantity(mantissa, exponent - len(fraction), kind).round_up(_NANO)
    return -quantity if sign == "-" else quantity


def _decimal_suffix(suffix: str) -> tuple[int, Format]:
    exponent = _DECIMAL.get(suffix)
    if exponent is not None:
        return exponent, "DecimalSI"
    match = _EXPONENT.fullmatch(suffix)
    if match is None or abs(int(match[1])) >= 2**31:
        raise QuantityError(SUFFIX_WRONG)
    return int(match[1]), "DecimalExponent"


def _binary(mantissa: int, places: int, power: int) -> Quantity:
    """A binary amount: capped to 64 bits, rounded up to a billionth, decimal when below one."""
    quantity = Quantity(mantissa << power, -places, "BinarySI")
    if quantity > _CAP:
        return _CAP
    quantity = quantity.round_up(_NANO)
    if quantity.mantissa and quantity < _ONE:
        return Quantity(quantity.mantissa, quantity.exponent)
    return quantity


_ONE = Quantity(1)
_CAP = Quantity(_MAX_INT64, 0, "BinarySI")


@lru_cache(maxsize=_CACHED_TEXTS, typed=True)
def canonical(value: str | float) -> str:
    """The canonical text of a quantity given as text or as a JSON number.

    Raises:
        QuantityError: with Kubernetes' text.
    """
    text = _text(value)
    quantity = parse(text)
    return text if _written_scale(text) is not None else str(quantity)


@lru_cache(maxsize=_CACHED_TEXTS, typed=True)
def canonical_milli(value: str | float) -> str:
    """The canonical text, rounded up to thousandths, as resource lists are stored.

    Raises:
        QuantityError: with Kubernetes' text.
    """
    text = _text(value)
    quantity = parse(text)
    scale = _written_scale(text)
    if scale is not None and scale >= _MILLI:
        return text
    return str(quantity.round_up(_MILLI))


def _written_scale(text: str) -> int | None:
    """The power of ten that the digits of a text count, if the text is stored as it is.

    Kubernetes does not write a text anew that looks canonical to a quick test, which lets pass
    ``+5``, ``007``, ``7.``, ``1E3`` and ``1.500`` too. None for what is written anew.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    _, whole, fraction, suffix = match.groups("")
    digits = (whole.lstrip("0") or "0") + fraction
    power = _BINARY.get(suffix)
    if power is not None:
        room = 14 - len(digits) - power * 3 // 10
        return None if fraction or room < 0 or not int(digits) % 8 else 0
    scale = _decimal_suffix(suffix)[0] - len(fraction)
    if len(digits) > _FEW_DIGITS or scale < _NANO or scale % 3:
        return None
    return None if digits[0] == "0" or digits.endswith("000") else scale


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return value.strip(" \t\r\n\v\f\x85\xa0")  # white space around a quantity is dropped
    return "true" if value is True else "false" if value is False else repr(value)
