"""Rules, compiled: the expression, the message, and where a failure is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from kapi.apimachinery.field import FieldError, quote, render
from kapi.cel.environment import Environment, Program
from kapi.cel.syntax import CompileError
from kapi.cel.types import BOOL, DYN, STRING, Type, optional_of
from kapi.cel.values import BudgetSpent, CelError, CostExceeded, Optional

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = [
    "BrokenRule",
    "Failure",
    "Rule",
    "RuleError",
    "RunOut",
    "compile_rule",
    "field_path",
    "out_of_budget",
]

_NO_MORE = "no further validation rules will be run"
_STEP = re.compile(r"\.([^.\[\]']+)|\['((?:[^'\\]|\\.)*)'\]")


class RuleError(Exception):
    """A rule cannot be used; ``member`` is the one at fault."""

    def __init__(self, member: str, text: str) -> None:
        super().__init__(text)
        self.member = member


class RunOut(Exception):
    """The budget is spent: no rule is evaluated any more."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(str(error))
        self.error = error


class Failure(NamedTuple):
    """A rule does not hold; ``ratchets`` tells whether it may if the value did not change."""

    error: FieldError
    ratchets: bool


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that was stored and cannot be compiled now."""

    problem: str

    def check(
        self, value: Any, shown: JSONValue, old: Optional, path: str, budget: list[int]
    ) -> Failure:
        """No value is valid by it."""
        text = f"rule compile error: {self.problem}"
        return Failure(_of_type(shown, path, text), ratchets=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that can be evaluated."""

    text: str
    message: str
    reason: str
    below: str
    program: Program
    message_program: Program | None
    message_source: str
    uses_old: bool
    optional_old: bool

    def check(
        self, value: Any, shown: JSONValue, old: Optional, path: str, budget: list[int]
    ) -> Failure | None:
        """The failure of a value, if it fails; raises RunOut."""
        if self.uses_old and not self.optional_old and not old.present:
            return None
        scope: dict[str, Any] = {"self": value}
        if self.uses_old:
            scope["oldSelf"] = old if self.optional_old else old.value
        try:
            if self.program.evaluate_within(scope, budget):
                return None
        except BudgetSpent as error:
            raise RunOut(_of_type(shown, path, str(error))) from error
        except CostExceeded as error:
            text = f"'{error}': {_NO_MORE} due to call cost exceeds limit for rule: {self.text}"
            raise RunOut(_of_type(shown, path, text)) from error
        except CelError as error:
            text = f"{error} evaluating rule: {self.message or self.text}"
            return Failure(_of_type(shown, path, text), ratchets=False)
        at = f"{path}{self.below}"
        try:
            text = self._text(scope, budget)
        except BudgetSpent as error:
            text = (
                f"messageExpression evaluation failed due to running out of cost budget, {_NO_MORE}"
            )
            raise RunOut(_of_type(shown, at, text)) from error
        except CostExceeded as error:
            source = quote(self.message_source)
            text = f"{_NO_MORE} due to call cost exceeds limit for messageExpression: {source}"
            raise RunOut(_of_type(shown, at, text)) from error
        return Failure(self._failure(text, shown, at), ratchets=not self.uses_old)

    def _text(self, scope: dict[str, Any], budget: list[int]) -> str:
        if self.message_program is not None:
            try:
                text = self.message_program.evaluate_within(scope, budget)
            except CostExceeded:
                raise
            except CelError:
                text = ""
            if isinstance(text, str) and text.strip() and "\n" not in text:
                return text.strip()
        return self.message or f"failed rule: {self.text}"

    def _failure(self, text: str, shown: JSONValue, path: str) -> FieldError:
        at = path.removeprefix(".") or "<nil>"
        scalar = not isinstance(shown, (dict, list))
        if self.reason == "FieldValueForbidden":
            return FieldError(self.reason, at, f"Forbidden: {text}")
        if self.reason == "FieldValueRequired":
            return FieldError(self.reason, at, f"Required value: {text}")
        if self.reason == "FieldValueDuplicate":
            value = f": {render(shown)}" if scalar else ""
            return FieldError(self.reason, at, f"Duplicate value{value}")
        value = f"{render(shown)}: " if scalar else ""
        return FieldError("FieldValueInvalid", at, f"Invalid value: {value}{text}")


def _kind_of(value: JSONValue) -> str:
    """The type of a value in the words of schemas."""
    if isinstance(value, bool):
        return "boolean"
    kinds = {dict: "object", list: "array", str: "string", int: "integer", float: "number"}
    return kinds.get(type(value), "null")


def _of_type(shown: JSONValue, path: str, text: str) -> FieldError:
    """An error that shows the type of a value instead of it."""
    at, kind = path.removeprefix(".") or "<nil>", quote(_kind_of(shown))
    return FieldError("FieldValueInvalid", at, f"Invalid value: {kind}: {text}")


def out_of_budget(shown: JSONValue, path: str) -> RunOut:
    """What is told where nothing is left for the rules of a value."""
    return RunOut(_of_type(shown, path, str(BudgetSpent())))


def compile_rule(definition: JSONObject, kind: Type) -> Rule:
    """Compile a rule for values of a type; raises RuleError."""
    optional_old = bool(definition.get("optionalOldSelf"))
    old = optional_of(kind) if optional_old else kind
    environment = Environment({"self": kind, "oldSelf": old})
    text: str = definition.get("rule") or ""
    program = _compiled(environment, text, "rule")
    if program.type != BOOL:
        raise RuleError("rule", "cel expression must evaluate to a bool")
    message_text: str = definition.get("messageExpression") or ""
    message_program = None
    if message_text:
        message_program = _compiled(environment, message_text, "messageExpression")
        if message_program.type not in (STRING, DYN):
            raise RuleError("messageExpression", "messageExpression must evaluate to a string")
    return Rule(
        text=text.strip(),
        message=(definition.get("message") or "").strip(),
        reason=definition.get("reason") or "FieldValueInvalid",
        below=field_path(definition.get("fieldPath") or "") or "",
        program=program,
        message_program=message_program,
        message_source=message_text,
        uses_old="oldSelf" in program.names,
        optional_old=optional_old,
    )


def _compiled(environment: Environment, text: str, member: str) -> Program:
    try:
        return environment.compile(text)
    except CompileError as error:
        prefix = "messageExpression " if member == "messageExpression" else ""
        stage = error.stage.removeprefix("program ") if prefix else error.stage
        raise RuleError(member, f"{prefix}{stage}: {error}") from error


def field_path(text: str, schema: JSONObject | None = None) -> str | None:
    """A path below a value as errors write it; None if a schema has no such field."""
    position, shown = 0, ""
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            return None
        name = match[1] if match[1] is not None else match[2].replace("\\'", "'")
        additional = (schema or {}).get("additionalProperties")
        if schema is not None:
            below = (schema.get("properties") or {}).get(name)
            if below is None and isinstance(additional, dict):
                below = additional
            if below is None:
                return None
            shown += f"[{name}]" if below is additional else f".{name}"
            schema = below
        else:
            shown += f".{name}" if match[1] is not None else f"[{name}]"
        position = match.end()
    return shown
