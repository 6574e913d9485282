"""From the source of an expression to its tree. Implements the grammar and macros of CEL."""

from __future__ import annotations

import math

from kapi.cel.depth import DEEPEST, is_too_deep
from kapi.cel.keywords import RESERVED
from kapi.cel.lexer import Token, tokenize
from kapi.cel.syntax import (
    Call,
    CompileError,
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
from kapi.cel.values import Uint

__all__ = ["parse"]

_STARTS = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', "
    "NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)
_RELATIONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_CONSTANTS = {"true": True, "false": False, "null": None}
# Macros over items: how many variables and how many expressions they may have.
_MACROS = {
    "all": {2: 1, 3: 2},
    "exists": {2: 1, 3: 2},
    "exists_one": {2: 1, 3: 2},
    "existsOne": {2: 1, 3: 2},
    "map": {2: 1, 3: 1},
    "filter": {2: 1},
    "sortBy": {2: 1},
    "optMap": {2: 1},
    "optFlatMap": {2: 1},
    "transformList": {3: 2, 4: 2},
    "transformMap": {3: 2, 4: 2},
    "transformMapEntry": {3: 2, 4: 2},
}
# How many characters an expression may have.
_LONGEST = 100_000
_INT64, _UINT64 = 1 << 63, 1 << 64


class _Stop(Exception):
    """The source cannot be read any further."""


def parse(source: str) -> Node:
    """The tree of an expression; raises CompileError."""
    if len(source) > _LONGEST:
        size = f"size: {len(source)}, limit {_LONGEST}"
        text = f"expression code point size exceeds limit: {size}"
        raise CompileError(source, [Issue(-1, text)])
    issues: list[Issue] = []
    parser = _Parser(source, issues)
    try:
        node = parser.whole()
    except _Stop:
        node = Literal(0, None)
    if not issues and is_too_deep(node):
        issues.append(Issue(-1, "max recursion depth exceeded"))
    if issues:
        raise CompileError(source, issues)
    return node


def _balanced(operators: list[Token], terms: list[Node]) -> Node:
    """Terms between operators that are all the same, as a tree with few levels."""
    if not operators:
        return terms[0]
    middle = len(operators) // 2
    sides = [
        _balanced(operators[:middle], terms[: middle + 1]),
        _balanced(operators[middle + 1 :], terms[middle + 1 :]),
    ]
    operator = operators[middle]
    return Call(operator.position, f"_{operator.kind}_", None, sides)


class _Parser:
    def __init__(self, source: str, issues: list[Issue]) -> None:
        self._issues = issues
        self._tokens = tokenize(source, issues)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._expression()
        token = self._token
        if token.kind != "EOF":
            single = self._tokens[self._at + 1].kind == "EOF"
            how = "extraneous" if single else "mismatched"
            self._fail(token, f"{how} input '{token.text}' expecting <EOF>")
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _fail(self, token: Token, text: str) -> None:
        self._issues.append(Issue(token.position, f"Syntax error: {text}"))
        raise _Stop

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _take(self, kind: str) -> Token | None:
        if self._tokens[self._at].kind == kind:
            return self._next()
        return None

    def _expect(self, kind: str) -> Token:
        token = self._token
        if token.kind != kind:
            if token.kind == "EOF":
                self._fail(token, f"missing '{kind}' at '<EOF>'")
            self._fail(token, f"mismatched input '{token.text}' expecting '{kind}'")
        return self._next()

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            self._issues.append(Issue(-1, f"expression recursion limit exceeded: {DEEPEST}"))
            raise _Stop
        condition = self._or()
        question = self._take("?")
        if question is not None:
            yes = self._or()
            self._expect(":")
            no = self._expression()
            condition = Call(question.position, "_?_:_", None, [condition, yes, no])
        self._depth -= 1
        return condition

    def _or(self) -> Node:
        terms, operators = [self._and()], list[Token]()
        while (token := self._take("||")) is not None:
            operators.append(token)
            terms.append(self._and())
        return _balanced(operators, terms)

    def _and(self) -> Node:
        terms, operators = [self._relation()], list[Token]()
        while (token := self._take("&&")) is not None:
            operators.append(token)
            terms.append(self._relation())
        return _balanced(operators, terms)

    def _relation(self) -> Node:
        node = self._sum()
        while self._token.kind in _RELATIONS:
            token = self._next()
            name = "@in" if token.kind == "in" else f"_{token.kind}_"
            node = Call(token.position, name, None, [node, self._sum()])
        return node

    def _sum(self) -> Node:
        node = self._product()
        while self._token.kind in ("+", "-"):
            token = self._next()
            node = Call(token.position, f"_{token.kind}_", None, [node, self._product()])
        return node

    def _product(self) -> Node:
        node = self._unary()
        while self._token.kind in ("*", "/", "%"):
            token = self._next()
            node = Call(token.position, f"_{token.kind}_", None, [node, self._unary()])
        return node

    def _unary(self) -> Node:
        token = self._token
        if token.kind not in ("!", "-"):
            return self._postfix(self._primary())
        count = 0
        while self._token.kind == token.kind:
            last, count = self._next(), count + 1
        if count == 1 and self._is_number():
            if token.kind == "-":
                return self._postfix(self._negative(last, self._next()))
        elif token.kind == "!" and self._token.kind == "-":
            minus = self._next()
            if not self._is_number():
                text = f"-{self._token.text}"
                self._fail(self._token, f"no viable alternative at input '{text}'")
            node = self._postfix(self._negative(minus, self._next()))
            return node if count % 2 == 0 else Call(token.position, "!_", None, [node])
        elif token.kind == "-" and self._token.kind == "!":
            self._fail(self._token, "no viable alternative at input '-!'")
        node = self._postfix(self._primary())
        return node if count % 2 == 0 else Call(token.position, f"{token.kind}_", None, [node])

    def _is_number(self) -> bool:
        token = self._token
        return token.kind == "LITERAL" and type(token.value) in (int, float)

    def _negative(self, minus: Token, number: Token) -> Node:
        return self._literal(Token("LITERAL", number.text, minus.position, -number.value))

    def _postfix(self, node: Node) -> Node:
        while True:
            token = self._token
            if token.kind == ".":
                self._next()
                node = self._member(node, token)
            elif token.kind == "[":
                self._next()
                optional = self._take("?") is not None
                index = self._expression()
                self._expect("]")
                node = Call(token.position, "_[?_]" if optional else "_[_]", None, [node, index])
            elif token.kind == "{" and (name := _qualified(node)) is not None:
                self._next()
                node = StructLiteral(token.position, name, self._fields())
            else:
                return node

    def _member(self, node: Node, dot: Token) -> Node:
        optional = self._take("?") is not None
        name = self._token
        if name.kind not in ("IDENT", "QUOTED"):
            if name.kind == "EOF":
                self._fail(name, "no viable alternative at input '.'")
            self._fail(name, f"no viable alternative at input '.{name.text}'")
        self._next()
        opening = self._take("(") if not optional and name.kind == "IDENT" else None
        if opening is None:
            return Select(dot.position, node, name.value, optional)
        return self._call(opening, name.value, node, self._arguments())

    def _arguments(self) -> list[Node]:
        args: list[Node] = []
        while self._token.kind != ")":
            args.append(self._expression())
            if self._take(",") is None:
                break
        self._expect(")")
        return args

    def _primary(self) -> Node:
        token = self._token
        kind = token.kind
        if kind == "LITERAL":
            self._next()
            return self._literal(token)
        if kind in _CONSTANTS:
            self._next()
            return Literal(token.position, _CONSTANTS[kind])
        if kind == "(":
            self._next()
            node = self._expression()
            self._expect(")")
            return node
        if kind == "[":
            self._next()
            return self._list(token)
        if kind == "{":
            self._next()
            return self._map(token)
        if kind == ".":
            self._next()
            token = self._expect("IDENT")
            return self._named(token)
        if kind == "IDENT":
            self._next()
            return self._named(token)
        self._fail(token, self._unexpected(token))
        raise _Stop

    def _unexpected(self, token: Token) -> str:
        return f"mismatched input '{token.text}' expecting {_STARTS}"

    def _literal(self, token: Token) -> Node:
        value = token.value
        if type(value) is int and not -_INT64 <= value < _INT64:
            self._issues.append(Issue(token.position, "invalid int literal"))
        elif type(value) is Uint and value >= _UINT64:
            self._issues.append(Issue(token.position, "invalid uint literal"))
        elif type(value) is float and math.isinf(value):
            self._issues.append(Issue(token.position, "invalid double literal"))
        return Literal(token.position, value)

    def _named(self, token: Token) -> Node:
        opening = self._take("(")
        if opening is not None:
            return self._call(opening, token.value, None, self._arguments())
        if token.text in RESERVED:
            self._fail(token, f"reserved identifier: {token.text}")
        return Ident(token.position, token.value)

    def _list(self, opening: Token) -> Node:
        node = ListLiteral(opening.position, [])
        while self._token.kind != "]":
            if self._take("?") is not None:
                node.optionals.add(len(node.items))
            node.items.append(self._expression())
            if self._take(",") is None:
                break
        self._expect("]")
        return node

    def _map(self, opening: Token) -> Node:
        node = MapLiteral(opening.position, [])
        while self._token.kind != "}":
            optional = self._take("?") is not None
            key = self._expression()
            self._expect(":")
            node.entries.append((key, self._expression(), optional))
            if self._take(",") is None:
                break
        self._expect("}")
        return node

    def _fields(self) -> list[tuple[str, Node, bool]]:
        fields: list[tuple[str, Node, bool]] = []
        while self._token.kind != "}":
            optional = self._take("?") is not None
            name = self._next()
            if name.kind not in ("IDENT", "QUOTED", "in"):
                self._fail(name, f"mismatched input '{name.text}' expecting IDENTIFIER")
            self._expect(":")
            fields.append((name.text.strip("`"), self._expression(), optional))
            if self._take(",") is None:
                break
        self._expect("}")
        return fields

    def _call(self, opening: Token, name: str, target: Node | None, args: list[Node]) -> Node:
        at = opening.position
        if target is None:
            if name == "has" and len(args) == 1:
                return self._has(at, args[0])
            return Call(at, name, None, args)
        shapes = _MACROS.get(name)
        if shapes is not None and len(args) in shapes:
            count = shapes[len(args)]
            return Comprehension(at, name, target, self._variables(args[:count]), args[count:])
        return Call(at, name, target, args)

    def _has(self, at: int, arg: Node) -> Node:
        if isinstance(arg, Select) and not arg.optional:
            return Select(at, arg.operand, arg.name, test=True)
        self._issues.append(Issue(arg.position, "invalid argument to has() macro"))
        return Literal(at, False)

    def _variables(self, args: list[Node]) -> list[str]:
        names: list[str] = []
        for arg in args:
            if isinstance(arg, Ident):
                names.append(arg.name)
            else:
                self._issues.append(Issue(arg.position, "argument must be a simple name"))
                names.append("")
        return names


def _qualified(node: Node) -> str | None:
    if isinstance(node, Ident):
        return node.name
    if isinstance(node, Select) and not node.optional and not node.test:
        prefix = _qualified(node.operand)
        return None if prefix is None else f"{prefix}.{node.name}"
    return None
