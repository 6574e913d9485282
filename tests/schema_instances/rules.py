"""Rules in CEL of one schema, evaluated by kapi while instances are searched for."""

from __future__ import annotations

from kapi.apiextensions.validations.rules import compile_rule
from kapi.apiextensions.validations.types import converter, schema_type
from kapi.cel.values import Optional

_NO_OLD = Optional(present=False)
_BUDGET = 10_000_000


class Rules:
    """The rules of a schema itself, not of those below it."""

    def __init__(self, schema, *, root):
        definitions = schema.get("x-kubernetes-validations") or ()
        kind = schema_type(schema, root=root) if definitions else None
        self.rules = [] if kind is None else [compile_rule(rule, kind) for rule in definitions]
        self.definitions = definitions
        self._convert = converter(schema) if self.rules else None

    def __bool__(self):
        return bool(self.rules)

    def broken(self, value):
        """The indexes of the rules that do not hold for a new value."""
        ours = value if self._convert is None else self._convert(value)
        return [
            index
            for index, rule in enumerate(self.rules)
            if rule.check(ours, value, _NO_OLD, "", [_BUDGET]) is not None
        ]
