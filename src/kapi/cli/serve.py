"""``kapi serve``: a server with kube-apiserver's flags, and certificates of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.cli.flags import add_server_flags, add_tls_flags, default_data_dir, server_options
from kapi.cli.up import serve_until_told_to_stop

if TYPE_CHECKING:
    import argparse

__all__ = ["add_flags", "execute"]

_DEFAULT_PORT = 6443


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    add_server_flags(parser, port=_DEFAULT_PORT, address="0.0.0.0")  # noqa: S104 - as upstream
    add_tls_flags(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    data_dir = arguments.data_dir or default_data_dir()
    options = server_options(arguments, data_dir=data_dir, ephemeral=False)
    return serve_until_told_to_stop(options, arguments.started)
