"""``kapi version``: the version of kapi and the Kubernetes versions it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import kapi
from kapi.server.options import DEFAULT_MINOR, MAXIMUM_MINOR, MINIMUM_MINOR

if TYPE_CHECKING:
    import argparse

__all__ = ["add_flags", "execute", "print_versions"]


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The command has no flags of its own."""


def execute(arguments: argparse.Namespace) -> int:
    """Print the versions."""
    return print_versions()


def print_versions() -> int:
    """Print the version of kapi and the range of Kubernetes versions."""
    print(f"kapi {kapi.__version__}")
    print(f"Kubernetes 1.{MINIMUM_MINOR} to 1.{MAXIMUM_MINOR} (default 1.{DEFAULT_MINOR})")
    return 0
