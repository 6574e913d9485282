"""The type checker: what an expression evaluates to, and what in it cannot be evaluated.

Names are resolved on the way: qualified functions lose their namespace, fields of objects get
their JSON names, and calls remember the overloads that can be meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.cel.syntax import (
    Call,
    Comprehension,
    Ident,
    Issue,
    ListLiteral,
    Literal,
    MapLiteral,
    Node,
    Select,
    StructLiteral,
)
from kapi.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    INT,
    NULL,
    QUALIFIED_NAMES,
    STRING,
    TYPE,
    UINT,
    UNKNOWN,
    Type,
    list_of,
    map_of,
    most_general,
    optional_of,
    unify,
)
from kapi.cel.values import CelError, Uint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kapi.cel.functions import Functions, Overload

__all__ = ["Checker"]

TYPE_NAMES = {
    "bool": "bool",
    "int": "int",
    "uint": "uint",
    "double": "double",
    "string": "string",
    "bytes": "bytes",
    "list": "list",
    "map": "map",
    "null_type": "null_type",
    "type": "type",
    "optional_type": "optional_type",
}
_CHECKED = frozenset({"matches", "duration", "timestamp"})
_CONSTANTS: dict[type, Type] = {
    bool: BOOL,
    int: INT,
    Uint: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    type(None): NULL,
}


class Checker:
    """Checks one expression; ``resolved`` tells the overloads of each call by its identity."""

    def __init__(
        self,
        functions: Functions,
        variables: Mapping[str, Type],
        structs: Callable[[str], Type | None],
        *,
        homogeneous: bool = True,
    ) -> None:
        self._functions = functions.overloads
        self._variables = variables
        self._structs = structs
        self._homogeneous = homogeneous
        self._locals: list[dict[str, Type]] = []
        self.issues: list[Issue] = []
        self.types: dict[int, Type] = {}
        self.resolved: dict[int, tuple[list[Overload], bool]] = {}
        self.names: set[str] = set()
        # Selections that are names of types.
        self.named_types: dict[int, str] = {}
        # Selections that are variables with a dot in their name.
        self.qualified: dict[int, str] = {}
        # Lists whose items need not be alike: what a text is formatted with.
        self._exempt: set[int] = set()

    def check(self, node: Node) -> Type:
        """The type of a part of the expression; dyn where it has an error."""
        kind = self._check(node)
        self.types[id(node)] = kind
        return kind

    def _check(self, node: Node) -> Type:
        if isinstance(node, Literal):
            return _CONSTANTS[node.value.__class__]
        if isinstance(node, Ident):
            return self._ident(node)
        if isinstance(node, Select):
            return self._select(node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Comprehension):
            return self._comprehension(node)
        if isinstance(node, ListLiteral):
            return self._list(node)
        if isinstance(node, MapLiteral):
            return self._map(node)
        assert isinstance(node, StructLiteral)
        return self._struct(node)

    def _fail(self, node: Node, text: str) -> Type:
        self.issues.append(Issue(node.position, text))
        return DYN

    def _find(self, name: str) -> Type | None:
        for scope in reversed(self._locals):
            if name in scope:
                return scope[name]
        found = self._variables.get(name)
        if found is not None:
            self.names.add(name)
            return found
        return TYPE if name in TYPE_NAMES else None

    def _ident(self, node: Ident) -> Type:
        kind = self._find(node.name)
        if kind is None:
            return self._fail(node, f"undeclared reference to '{node.name}' (in container '')")
        return kind

    def _select(self, node: Select) -> Type:
        qualified = self._qualified_variable(node)
        if qualified is not None:
            return qualified
        if self._names_type(node):
            return TYPE
        operand = self.check(node.operand)
        optional = node.optional
        if operand.name == "optional_type":
            optional, operand = True, operand.params[0]
        found = self._field(node, operand)
        if node.test:
            return BOOL
        return optional_of(found) if optional and found.name != "optional_type" else found

    def _qualified_variable(self, node: Select) -> Type | None:
        """The type of a variable that is declared with a dot in its name."""
        name = _dotted(node)
        root, _, _ = name.partition(".")
        kind = self._variables.get(name) if name else None
        if kind is None or any(root in scope for scope in self._locals):
            return None
        self.names.add(name)
        self.qualified[id(node)] = name
        return kind

    def _names_type(self, node: Select) -> bool:
        name = self._qualified(node)
        if name not in QUALIFIED_NAMES:
            return False
        self.named_types[id(node)] = name
        return True

    def _field(self, node: Select, operand: Type) -> Type:
        if operand.fields is not None:
            known = operand.fields.get(node.name)
            if known is None:
                return self._fail(node, f"undefined field '{node.name}'")
            node.name = known[0]
            return known[1]
        if operand.name == "map":
            return operand.params[1]
        if operand.name == "dyn" or len(operand.name) == 1:
            return DYN
        if "." in operand.name:  # an object of the library, which has no fields
            return self._fail(node, f"unexpected failed resolution of '{operand}'")
        return self._fail(node, f"type '{operand}' does not support field selection")

    def _call(self, node: Call) -> Type:
        if node.target is not None:
            qualified = self._qualified(node.target)
            name = f"{qualified}.{node.function}" if qualified else ""
            if name in self._functions:
                node.function, node.target = name, None
        if node.function in ("_&&_", "_||_"):
            for arg in node.args:
                self._expect(arg, self.check(arg), BOOL)
            return BOOL
        if node.function in ("_[_]", "_[?_]"):
            return self._index(node)
        method = node.target is not None
        if method and node.function == "format":
            self._exempt = {id(arg) for arg in node.args}
        parts = [node.target, *node.args] if node.target is not None else node.args
        types = [self.check(part) for part in parts]
        overloads = self._functions.get(node.function)
        if overloads is None:
            return self._fail(node, f"undeclared reference to '{node.function}' (in container '')")
        return self._resolve(node, overloads, types, method=method)

    def _resolve(
        self, node: Call, overloads: list[Overload], types: list[Type], *, method: bool
    ) -> Type:
        matching: list[Overload] = []
        results: list[Type] = []
        for overload in overloads:
            bound: dict[str, Type] = {}
            if overload.method != method or len(overload.params) != len(types):
                continue
            if all(unify(p, t, bound) for p, t in zip(overload.params, types, strict=True)):
                matching.append(overload)
                results.append(_substitute(overload.result, bound))
                if any(UNKNOWN in kind.params for kind in types):
                    break  # what is in an empty list is decided by the first form
        if not matching:
            shown = [str(kind) for kind in types]
            applied = f"{shown[0]}.({', '.join(shown[1:])})" if method else f"({', '.join(shown)})"
            text = f"found no matching overload for '{node.function}' applied to '{applied}'"
            return self._fail(node, text)
        exact = len(matching) == 1 and not any(
            kind.name == "dyn" and len(param.name) > 1 and param.name != "dyn"
            for param, kind in zip(matching[0].params, types, strict=True)
        )
        self.resolved[id(node)] = (matching, exact)
        if node.function in _CHECKED and len(matching) == 1 and isinstance(node.args[0], Literal):
            self._check_literal(node.function, node.args[0], matching[0])
        first = results[0]
        return first if all(result == first for result in results) else DYN

    def _check_literal(self, function: str, literal: Literal, form: Overload) -> None:
        """A time or a pattern that stands in the expression has to be one."""
        read = form.bind if function == "matches" else form.call
        try:
            if read is not None:
                read(literal.value)
        except CelError:
            self._fail(literal, f"invalid {function} argument")

    def _qualified(self, node: Node) -> str:
        """The dotted name of a namespace; a variable is none."""
        if isinstance(node, Ident):
            known = node.name in self._variables or any(node.name in s for s in self._locals)
            return "" if known else node.name
        if isinstance(node, Select) and not node.test and not node.optional:
            prefix = self._qualified(node.operand)
            return f"{prefix}.{node.name}" if prefix else ""
        return ""

    def _index(self, node: Call) -> Type:
        operand, index = (self.check(arg) for arg in node.args)
        optional = node.function == "_[?_]"
        inner = operand
        if operand.name == "optional_type":
            optional, inner = True, operand.params[0]
        if inner.name == "list" and unify(INT, index, {}):
            found = inner.params[0]
        elif inner.name == "map" and unify(inner.params[0], index, {}):
            found = inner.params[1]
        elif inner.name == "dyn" or len(inner.name) == 1:
            found = DYN
        else:
            applied = f"({operand}, {index})"
            text = f"found no matching overload for '{node.function}' applied to '{applied}'"
            return self._fail(node, text)
        return optional_of(found) if optional else found

    def _expect(self, node: Node, found: Type, wanted: Type) -> None:
        if not unify(wanted, found, {}):
            self._fail(node, f"expected type '{wanted}' but found '{found}'")

    def _item(self, node: Node, *, optional: bool) -> Type:
        kind = self.check(node)
        if optional:
            if kind.name == "optional_type":
                return kind.params[0]
            if kind.name != "dyn":
                self._fail(node, f"expected type 'optional_type(dyn)' but found '{kind}'")
            return DYN
        return kind

    def _joined(self, node: Node, common: Type | None, kind: Type) -> Type:
        """The common type of the items of a literal, which must be alike unless they may differ."""
        if common is None:
            return kind
        if unify(common, kind, {}):
            return most_general(common, kind)
        if not self._homogeneous:
            return DYN
        self._fail(node, f"expected type '{common}' but found '{kind}'")
        return common

    def _list(self, node: ListLiteral) -> Type:
        common: Type | None = None
        if id(node) in self._exempt:
            for item in node.items:
                self.check(item)
            return list_of(DYN)
        for at, item in enumerate(node.items):
            common = self._joined(item, common, self._item(item, optional=at in node.optionals))
        return list_of(common or UNKNOWN)

    def _map(self, node: MapLiteral) -> Type:
        key_type: Type | None = None
        value_type: Type | None = None
        for key, value, optional in node.entries:
            key_type = self._joined(key, key_type, self.check(key))
            value_type = self._joined(value, value_type, self._item(value, optional=optional))
        return map_of(key_type or UNKNOWN, value_type or UNKNOWN)

    def _struct(self, node: StructLiteral) -> Type:
        kind = self._structs(node.name)
        if kind is None or kind.fields is None:
            return self._fail(node, f"undeclared reference to '{node.name}' (in container '')")
        for at, (name, value, optional) in enumerate(node.fields):
            found = self._item(value, optional=optional)
            known = kind.fields.get(name)
            if known is None:
                self._fail(node, f"undefined field '{name}'")
                continue
            node.fields[at] = (known[0], value, optional)
            if not unify(known[1], found, {}):
                text = f"expected type of field '{name}' is '{known[1]}' but provided type is"
                self._fail(value, f"{text} '{found}'")
        return kind

    def _comprehension(self, node: Comprehension) -> Type:
        target = self.check(node.target)
        if node.macro in ("optMap", "optFlatMap"):
            inner = target.params[0] if target.name == "optional_type" else DYN
            if target.name not in ("optional_type", "dyn"):
                self._expect(node.target, target, optional_of(DYN))
            body = self._within({node.names[0]: inner}, node.args)[0]
            return body if node.macro == "optFlatMap" else optional_of(body)
        if target.name == "list":
            key, value = INT, target.params[0]
        elif target.name == "map":
            key, value = target.params
        elif target.name == "dyn" or len(target.name) == 1:
            key = value = DYN
        else:
            text = "cannot be range of a comprehension (must be list, map, or dynamic)"
            return self._fail(node.target, f"expression of type '{target}' {text}")
        item = key if target.name == "map" else value
        kinds = [item] if len(node.names) == 1 else [key, value]
        types = self._within(dict(zip(node.names, kinds, strict=True)), node.args)
        return self._macro(node, types, key, item)

    def _macro(self, node: Comprehension, types: list[Type], key: Type, item: Type) -> Type:
        macro = node.macro
        if macro in ("all", "exists", "exists_one", "existsOne", "filter"):
            self._expect(node.args[0], types[0], BOOL)
            return list_of(item) if macro == "filter" else BOOL
        if macro == "sortBy":
            return list_of(item)
        if len(types) == 2:
            self._expect(node.args[0], types[0], BOOL)
        if macro in ("map", "transformList"):
            return list_of(types[-1])
        if macro == "transformMap":
            return map_of(key, types[-1])
        return types[-1]

    def _within(self, scope: dict[str, Type], nodes: list[Node]) -> list[Type]:
        self._locals.append(scope)
        types = [self.check(node) for node in nodes]
        self._locals.pop()
        return types


def _dotted(node: Node) -> str:
    """The names that a selection is made of, if it is made of nothing else."""
    if isinstance(node, Ident):
        return node.name
    if isinstance(node, Select) and not node.test and not node.optional:
        prefix = _dotted(node.operand)
        return f"{prefix}.{node.name}" if prefix else ""
    return ""


def _substitute(kind: Type, bound: dict[str, Type]) -> Type:
    if len(kind.name) == 1:
        return bound.get(kind.name, UNKNOWN)
    if not kind.params:
        return kind
    return Type(kind.name, tuple(_substitute(param, bound) for param in kind.params))
