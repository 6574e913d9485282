"""Label selectors: the text of ``labelSelector``, the LabelSelector object, and matching.

Implements "Labels and Selectors" of the documentation: equality-based and set-based requirements,
joined by commas. A selector is compiled into one function on first use, because lists and watches
call it for every object.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from kapi.apimachinery import names
from kapi.apimachinery.field import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kapi.apimachinery.types import JSONObject

__all__ = [
    "EVERYTHING",
    "NOTHING",
    "Operator",
    "Requirement",
    "Selector",
    "SelectorError",
    "format_label_selector",
    "parse",
    "requirement",
    "selector_from_label_selector",
    "selector_from_set",
]

Operator: TypeAlias = Literal["in", "notin", "=", "==", "!=", "exists", "!", "gt", "lt"]
Match: TypeAlias = "Callable[[Mapping[str, str]], bool]"

_BINARY_OPERATORS = "in, notin, =, ==, !=, gt, lt"
_SYMBOL_OPERATORS: Final[dict[str, Operator]] = {
    "=": "=",
    "==": "==",
    "!=": "!=",
    ">": "gt",
    "<": "lt",
    "in": "in",
    "notin": "notin",
}
_OBJECT_OPERATORS: Final[dict[str, Operator]] = {
    "In": "in",
    "NotIn": "notin",
    "Exists": "exists",
    "DoesNotExist": "!",
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
# Words are everything but blanks and symbols; of the symbols, the longest known one is taken.
_TOKEN = re.compile(r"[ \t\r\n]*(?:([^ \t\r\n=!(),><]+)|(==|!=|[=!(),><]))")


class SelectorError(ValueError):
    """The selector cannot be read; the message is Kubernetes'."""


class Requirement(NamedTuple):
    """One condition on a label. ``values`` are sorted."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        operator = self.operator
        if operator == "exists":
            return self.key
        if operator == "!":
            return f"!{self.key}"
        values = ",".join(self.values)
        if operator in ("in", "notin"):
            return f"{self.key} {operator} ({values})"
        sign = {"gt": ">", "lt": "<"}.get(operator, operator)
        return f"{self.key}{sign}{values}"


class Selector:
    """A conjunction of requirements, in the order of their keys. Immutable.

    ``matches`` takes a label map. ``None`` instead of requirements selects nothing.
    """

    __slots__ = ("matches", "requirements")

    def __init__(self, requirements: Iterable[Requirement] | None = ()) -> None:
        if requirements is None:
            self.requirements: tuple[Requirement, ...] | None = None
            self.matches: Match = _never
            return
        self.requirements = tuple(sorted(requirements, key=_key))
        self.matches = _compile(self.requirements)

    @property
    def empty(self) -> bool:
        """Whether it selects everything."""
        return self.requirements == ()

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements or ()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and self.requirements == other.requirements

    def __hash__(self) -> int:
        return hash(self.requirements)

    def __repr__(self) -> str:
        return "Selector(nothing)" if self.requirements is None else f"Selector({str(self)!r})"


def _key(requirement: Requirement) -> str:
    return requirement.key


def _never(_labels: Mapping[str, str]) -> bool:
    return False


def _always(_labels: Mapping[str, str]) -> bool:
    return True


def _integer(text: str) -> int | None:
    """A 64-bit integer, or None."""
    if not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def _compile(requirements: tuple[Requirement, ...]) -> Match:
    if not requirements:
        return _always
    wanted = {r.key: r.values[0] for r in requirements if r.operator in ("=", "==")}
    if len(wanted) == len(requirements) > 1:
        items = wanted.items()
        return lambda labels: items <= labels.items()
    matches = [_compile_one(r) for r in requirements]
    if len(matches) == 1:
        return matches[0]

    def match_all(labels: Mapping[str, str]) -> bool:
        for match in matches:  # noqa: SIM110 - measured: a plain loop is faster than all()
            if not match(labels):
                return False
        return True

    return match_all


def _compile_one(requirement: Requirement) -> Match:
    key, operator, values = requirement
    if operator == "exists":
        return lambda labels: key in labels
    if operator == "!":
        return lambda labels: key not in labels
    if operator in ("gt", "lt"):
        return _compile_compare(key, operator, int(values[0]))
    if operator in ("=", "=="):
        (value,) = values
        return lambda labels: labels.get(key) == value
    if operator == "!=":
        (value,) = values
        return lambda labels: labels.get(key) != value
    members: frozenset[str | None] = frozenset(values)
    if operator == "in":
        return lambda labels: labels.get(key) in members
    return lambda labels: labels.get(key) not in members


def _compile_compare(key: str, operator: Operator, bound: int) -> Match:
    def greater(labels: Mapping[str, str]) -> bool:
        number = _integer(labels.get(key, ""))
        return number is not None and number > bound

    def less(labels: Mapping[str, str]) -> bool:
        number = _integer(labels.get(key, ""))
        return number is not None and number < bound

    return greater if operator == "gt" else less


EVERYTHING: Final = Selector()
NOTHING: Final = Selector(None)


def requirement(key: str, operator: Operator, values: Iterable[str] = ()) -> Requirement:
    """A checked requirement.

    Raises:
        SelectorError: the key, the values or their number do not fit the operator.
    """
    found = tuple(sorted(set(values)))
    errors = []
    messages = names.qualified_name(key)
    if messages:
        errors.append(f"key: Invalid value: {quote(key)}: {'; '.join(messages)}")
    errors.extend(_count_errors(operator, found))
    for index, value in enumerate(found):
        messages = names.label_value(value)
        if messages:
            where = f"values[{index}][{key}]"
            errors.append(f"{where}: Invalid value: {quote(value)}: {'; '.join(messages)}")
    if errors:
        raise SelectorError(errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]")
    return Requirement(key, operator, found)


def _count_errors(operator: Operator, values: tuple[str, ...]) -> list[str]:
    shown = "[" + ",".join(map(quote, values)) + "]" if values else "null"
    if operator in ("in", "notin"):
        rule = "for 'in', 'notin' operators, values set can't be empty"
        return [] if values else [f"values: Invalid value: {shown}: {rule}"]
    if operator in ("=", "==", "!="):
        rule = "exact-match compatibility requires one single value"
        return [] if len(values) == 1 else [f"values: Invalid value: {shown}: {rule}"]
    if operator in ("exists", "!"):
        rule = "values set must be empty for exists and does not exist"
        return [f"values: Invalid value: {shown}: {rule}"] if values else []
    rule = "for 'Gt', 'Lt' operators, exactly one value is required"
    errors = [] if len(values) == 1 else [f"values: Invalid value: {shown}: {rule}"]
    rule = "for 'Gt', 'Lt' operators, the value must be an integer"
    return errors + [
        f"values[{index}]: Invalid value: {quote(value)}: {rule}"
        for index, value in enumerate(values)
        if _integer(value) is None
    ]


def parse(text: str) -> Selector:
    """Read a selector as it stands in a query, like ``app=web,tier in (a,b),!old,n>1``.

    Raises:
        SelectorError: with Kubernetes' text.
    """
    return Selector(_Parser(text).selector()) if text else EVERYTHING


class _Parser:
    """Reads requirements from a list of tokens that ends with the empty one."""

    def __init__(self, text: str) -> None:
        self._tokens = [(m[1] or m[2], m[1] is not None) for m in _TOKEN.finditer(text)]
        self._tokens.append(("", False))
        self._next = 0

    def _peek(self) -> tuple[str, bool]:
        """The next token and whether it is a word."""
        return self._tokens[self._next]

    def _take(self) -> tuple[str, bool]:
        token = self._tokens[self._next]
        if token[0]:
            self._next += 1
        return token

    def selector(self) -> list[Requirement]:
        requirements: list[Requirement] = []
        while True:
            found, word = self._peek()
            if not word and found != "!":
                if not found:
                    return requirements
                raise SelectorError(f"found '{found}', expected: !, identifier, or 'end of string'")
            try:
                requirements.append(self._requirement())
            except SelectorError as error:
                raise SelectorError(f"unable to parse requirement: {error}") from None
            found, _ = self._take()
            if not found:
                return requirements
            if found != ",":
                raise SelectorError(f"found '{found}', expected: ',' or 'end of string'")
            found, word = self._peek()
            if not word and found != "!":
                raise SelectorError(f"found '{found}', expected: identifier after ','")

    def _requirement(self) -> Requirement:
        found, word = self._take()
        absent = found == "!"
        if absent:
            found, word = self._take()
        if not word:
            raise SelectorError(f"found '{found}', expected: identifier")
        key = found
        messages = names.qualified_name(key)
        if messages:
            raise SelectorError(f"<nil>: Invalid value: {quote(key)}: {'; '.join(messages)}")
        if absent:
            return Requirement(key, "!")
        if self._peek()[0] in ("", ","):
            return Requirement(key, "exists")
        found, _ = self._take()
        operator = _SYMBOL_OPERATORS.get(found)
        if operator is None:
            raise SelectorError(f"found '{found}', expected: {_BINARY_OPERATORS}")
        values = self._values() if operator in ("in", "notin") else [self._exact_value()]
        return requirement(key, operator, values)

    def _exact_value(self) -> str:
        if self._peek()[0] in ("", ","):
            return ""
        found, word = self._take()
        if not word:
            raise SelectorError(f"found '{found}', expected: identifier")
        return found

    def _values(self) -> list[str]:
        found, _ = self._take()
        if found != "(":
            raise SelectorError(f"found '{found}' expected: '('")
        found, word = self._peek()
        if found == ")":
            self._take()
            return [""]
        if not word and found != ",":
            raise SelectorError(f"found '{found}', expected: ',', ')' or identifier")
        values = self._identifiers()
        found, _ = self._take()
        if found != ")":
            raise SelectorError(f"found '{found}', expected: ')'")
        return values

    def _identifiers(self) -> list[str]:
        """Values up to the closing parenthesis; nothing around a comma is the empty value."""
        values: list[str] = []
        while True:
            found, word = self._take()
            if word:
                values.append(found)
                found, _ = self._peek()
                if found == ")":
                    return values
                if found != ",":
                    raise SelectorError(f"found '{found}', expected: ',' or ')'")
            elif found == ",":
                if not values:
                    values.append("")
                found, _ = self._peek()
                if found == ")":
                    return [*values, ""]
                if found == ",":
                    self._take()
                    values.append("")
            else:
                raise SelectorError(f"found '{found}', expected: ',', or identifier")


def selector_from_set(labels: Mapping[str, str] | None) -> Selector:
    """Every label of a plain map must be there with its value; an empty map selects everything."""
    if not labels:
        return EVERYTHING
    return Selector(Requirement(key, "=", (value,)) for key, value in labels.items())


def selector_from_label_selector(selector: JSONObject | None) -> Selector:
    """The selector of a LabelSelector object; None selects nothing, an empty one everything.

    Raises:
        SelectorError: an operator, key or value is not valid.
    """
    if selector is None:
        return NOTHING
    requirements = [
        requirement(key, "=", (value,))
        for key, value in (selector.get("matchLabels") or {}).items()
    ]
    for expression in selector.get("matchExpressions") or ():
        name = expression.get("operator", "")
        operator = _OBJECT_OPERATORS.get(name)
        if operator is None:
            raise SelectorError(f"{quote(name)} is not a valid label selector operator")
        values = expression.get("values") or ()
        requirements.append(requirement(expression.get("key", ""), operator, values))
    return Selector(requirements) if requirements else EVERYTHING


def format_label_selector(selector: JSONObject | None) -> str:
    """A LabelSelector object as Tables show it: ``a=1,b in (x,y)``, ``<none>`` when empty."""
    try:
        return str(selector_from_label_selector(selector)) or "<none>"
    except SelectorError:
        return "<error>"
