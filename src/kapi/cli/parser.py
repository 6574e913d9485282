"""The command-line parser: argparse that fails with one line, and Go's way to write flags.

argparse rather than click or typer: it is imported in a fifth of the time (docs/decisions/0002).
"""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

__all__ = ["Parser", "boolean", "comma_list"]

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
USAGE_ERROR = 2


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and exit code 2."""

    def __init__(self, *args: object, **options: object) -> None:
        options.setdefault("allow_abbrev", False)
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong in one line and exit with code 2."""
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        sys.exit(USAGE_ERROR)


def boolean(text: str) -> bool:
    """A boolean flag's value, in the spellings that Kubernetes' commands take."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")


def comma_list(text: str) -> tuple[str, ...]:
    """The items of a comma-separated list, without empty ones."""
    return tuple(item for item in (part.strip() for part in text.split(",")) if item)
