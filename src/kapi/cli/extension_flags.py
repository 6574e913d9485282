"""The flag that loads resources declared in Python; kube-apiserver has no such flag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.server.options import OptionsError

if TYPE_CHECKING:
    import argparse

    from kapi.ext.extension import Extension

__all__ = ["add_extension_flag", "extensions_of"]


def add_extension_flag(group: argparse._ArgumentGroup) -> None:
    """``--extension``, as often as wanted."""
    group.add_argument(
        "--extension",
        dest="extensions",
        action="append",
        default=[],
        metavar="MODULE[:NAME]",
        help="resources declared in Python: a module or ./file.py, all of its extensions or one",
    )


def extensions_of(arguments: argparse.Namespace) -> tuple[Extension, ...]:
    """The extensions that the flags name; OptionsError for what cannot be loaded."""
    if not arguments.extensions:
        return ()
    from kapi.ext.errors import DeclarationError  # noqa: PLC0415 - only where asked for
    from kapi.ext.modules import load_extensions  # noqa: PLC0415

    found: dict[int, Extension] = {}
    for place in arguments.extensions:
        try:
            found.update({id(extension): extension for extension in load_extensions(place)})
        except DeclarationError as error:
            raise OptionsError(f"--extension: {error}") from error
    return tuple(found.values())
