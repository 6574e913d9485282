"""The words of CEL that are no names. Apart, so that to know them loads nothing else."""

from __future__ import annotations

__all__ = ["KEYWORDS", "RESERVED"]

RESERVED = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)
# With those that mean something.
KEYWORDS = RESERVED | {"true", "false", "null", "in"}
