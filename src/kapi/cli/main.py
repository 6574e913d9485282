"""``kapi``: finds the command, runs it, and tells failures in one line."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from kapi.cli.parser import USAGE_ERROR, Parser
from kapi.server.options import OptionsError, StartError
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

__all__ = ["main"]

_COMMANDS = {
    "up": "start a server with everything made for it",
    "run": "run a command against a server that lives as long as it",
    "serve": "start a server with kube-apiserver's flags and your certificates",
    "kubeconfig": "print a kubeconfig for a server's administrator, or for another user",
    "snapshot": "copy everything that is stored into a file, also while a server runs",
    "restore": "fill a store from a snapshot",
    "storage": "rewrite what is stored after a change of keys or versions",
    "version": "print versions",
}
_FAILURE = 1
# What a shell reports for a command ended by Ctrl-C.
_INTERRUPTED = 130


class _Command(Protocol):
    """What a command's module has."""

    def add_flags(self, parser: argparse.ArgumentParser) -> None: ...

    def execute(self, arguments: argparse.Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; the exit code."""
    # Start-up makes many objects and no garbage; a server enables collection once it is ready.
    gc.disable()
    started = SystemClock().monotonic()
    words = list(sys.argv[1:] if argv is None else argv)
    name = words[0] if words else ""
    if name not in _COMMANDS:
        return _overview(words)
    command = cast("_Command", import_module(f"kapi.cli.{name}"))
    parser = Parser(prog=f"kapi {name}", description=f"kapi {name}: {_COMMANDS[name]}.")
    command.add_flags(parser)
    parser.set_defaults(started=started)
    try:
        return command.execute(parser.parse_args(words[1:]))
    except OptionsError as error:
        print(f"kapi {name}: {error} (see kapi {name} --help)", file=sys.stderr)
        return USAGE_ERROR
    except StartError as error:
        print(f"kapi {name}: {error}", file=sys.stderr)
        return _FAILURE
    except KeyboardInterrupt:
        return _INTERRUPTED


def _overview(words: list[str]) -> int:
    width = max(map(len, _COMMANDS))
    commands = "\n".join(f"  {name:{width}}  {text}" for name, text in _COMMANDS.items())
    parser = Parser(
        prog="kapi",
        usage="kapi COMMAND [FLAGS]",
        description="The Kubernetes API server, in Python.",
        epilog=f"commands:\n{commands}\n\nkapi COMMAND --help tells a command's flags.",
        add_help=False,
    )
    parser.formatter_class = _raw_formatter()
    if not words or words[0] in {"-h", "--help", "help"}:
        print(parser.format_help(), end="")
        return 0 if words else USAGE_ERROR
    if words[0] == "--version":
        from kapi.cli.version import print_versions  # noqa: PLC0415 - one command's import

        return print_versions()
    return parser.error(f"unknown command {words[0]!r}")


def _raw_formatter() -> type[argparse.HelpFormatter]:
    from argparse import RawDescriptionHelpFormatter  # noqa: PLC0415 - for help only

    return RawDescriptionHelpFormatter


if __name__ == "__main__":
    sys.exit(main())
