"""``kapi snapshot FILE``: a consistent copy of everything that is stored, also while it is used."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.cli.progress import ProgressBar
from kapi.cli.storage_flags import add_storage_flags, storage_options
from kapi.server.snapshots import take_snapshot
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    import argparse

__all__ = ["add_flags", "execute"]


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the file to write")
    add_storage_flags(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Take the snapshot."""
    bar = ProgressBar("copying")
    try:
        manifest = asyncio.run(
            take_snapshot(storage_options(arguments), arguments.file, SystemClock(), bar)
        )
    finally:
        bar.end()
    size = arguments.file.stat().st_size
    print(
        f"{arguments.file}: {manifest.keys:,} objects at revision {manifest.revision:,},"
        f" {size:,} bytes"
    )
    return 0
