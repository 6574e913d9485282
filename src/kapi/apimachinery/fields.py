r"""Field selectors: the text of ``fieldSelector`` and matching.

Implements "Field Selectors" of the documentation: ``=``, ``==`` and ``!=`` joined by commas, with
``\`` before a comma, an equals sign or a backslash in a value. Which fields a kind has, and what
they are called in another version, is the registry's business: see ``Selector.transform``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["EVERYTHING", "Selector", "SelectorError", "Term", "parse"]

Match: TypeAlias = "Callable[[Mapping[str, str]], bool]"

_ESCAPED = "\\,="


class SelectorError(ValueError):
    """The selector cannot be read; the message is Kubernetes'."""


class Term(NamedTuple):
    """A field must have a value, or must not. A field that is not there is the empty text."""

    field: str
    value: str
    negated: bool = False

    def __str__(self) -> str:
        value = self.value
        for char in _ESCAPED:
            value = value.replace(char, f"\\{char}")
        return f"{self.field}{'!=' if self.negated else '='}{value}"


class Selector:
    """A conjunction of terms. Immutable; ``matches`` takes the fields of an object."""

    __slots__ = ("matches", "terms")

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        self.terms = tuple(terms)
        self.matches: Match = _compile(self.terms)

    @property
    def empty(self) -> bool:
        """Whether it selects everything."""
        return not self.terms

    def required_value(self, field: str) -> str | None:
        """The value that the field must have, or None when it is free."""
        for term in self.terms:
            if term.field == field and not term.negated:
                return term.value
        return None

    def transform(self, convert: Callable[[str, str], tuple[str, str]]) -> Selector:
        """The selector with each field and value replaced; a term that becomes empty is dropped."""
        terms = []
        for term in self.terms:
            field, value = convert(term.field, term.value)
            if field or value:
                terms.append(Term(field, value, term.negated))
        return Selector(terms) if terms else EVERYTHING

    def __str__(self) -> str:
        return ",".join(map(str, self.terms))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.terms)

    def __repr__(self) -> str:
        return f"Selector({str(self)!r})"


def _compile(terms: tuple[Term, ...]) -> Match:
    if not terms:
        return lambda _fields: True
    if len(terms) == 1:
        return _compile_one(terms[0])
    matches = [_compile_one(term) for term in terms]

    def match_all(fields: Mapping[str, str]) -> bool:
        for match in matches:  # noqa: SIM110 - measured: a plain loop is faster than all()
            if not match(fields):
                return False
        return True

    return match_all


def _compile_one(term: Term) -> Match:
    field, value, negated = term
    if negated:
        return lambda fields: fields.get(field, "") != value
    return lambda fields: fields.get(field, "") == value


EVERYTHING: Final = Selector()


def parse(text: str) -> Selector:
    """Read a selector as it stands in a query, like ``metadata.name=a,status.phase!=Running``.

    Raises:
        SelectorError: with Kubernetes' text.
    """
    terms = [_term(part, text) for part in _split(text) if part]
    return Selector(terms) if terms else EVERYTHING


def _split(text: str) -> list[str]:
    """The parts between commas that no backslash precedes."""
    if "\\" not in text:
        return text.split(",")
    parts: list[str] = []
    start = index = 0
    while index < len(text):
        if text[index] == "\\":
            index += 1
        elif text[index] == ",":
            parts.append(text[start:index])
            start = index + 1
        index += 1
    return [*parts, text[start:]]


def _term(part: str, text: str) -> Term:
    end = part.find("=")
    if end < 0:
        raise SelectorError(f"invalid selector: '{text}'; can't understand '{part}'")
    negated = end > 0 and part[end - 1] == "!"
    value = part[end + 1 :]
    if not negated and value[:1] == "=":
        value = value[1:]
    return Term(part[: end - 1] if negated else part[:end], _unescape(value), negated)


def _unescape(value: str) -> str:
    if not any(char in value for char in _ESCAPED):
        return value
    out = []
    chars = iter(value)
    for char in chars:
        if char == "\\":
            escaped = next(chars, "")
            if not escaped or escaped not in _ESCAPED:
                raise SelectorError(f"invalid field selector: invalid escape sequence: \\{escaped}")
            out.append(escaped)
        elif char in _ESCAPED:
            raise SelectorError(
                f"invalid field selector: unescaped character in value: {ord(char)}"
            )
        else:
            out.append(char)
    return "".join(out)
