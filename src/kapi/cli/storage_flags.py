"""The flags of commands that work on a store without a server: which store it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kapi.cli.etcd_flags import add_etcd_flags, etcd_options
from kapi.cli.flags import default_data_dir
from kapi.server.options import ServerOptions

if TYPE_CHECKING:
    import argparse

__all__ = ["add_storage_flags", "storage_options"]


def add_storage_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that name a store."""
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where state is kept")
    add_etcd_flags(parser)


def storage_options(arguments: argparse.Namespace) -> ServerOptions:
    """The options that parsed flags mean."""
    data_dir = arguments.data_dir or default_data_dir()
    return ServerOptions(
        data_dir=data_dir.absolute(), etcd=etcd_options(arguments, ephemeral=False)
    )
