"""The command-line parser: argparse that fails with one line, and Go's way to write flags.

argparse rather than click or typer: it is imported in a fifth of the time (docs/decisions/0002).
"""

from __future__ import annotations

import argparse
import re
import sys
from typing import NoReturn

__all__ = ["Parser", "boolean", "comma_list", "duration"]

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
USAGE_ERROR = 2
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|m|s|ms)")
_UNIT_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


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


def duration(text: str) -> int:
    """A duration as Go writes it, in whole seconds; a plain 0 needs no unit."""
    parts = _DURATION.findall(text)
    if text != "0" and (not parts or "".join(number + unit for number, unit in parts) != text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 24h0m0s")
    return int(sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts))
