"""``kapi restore FILE``: fills a store from a snapshot, whatever engine the snapshot is of."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.cli.progress import ProgressBar
from kapi.cli.storage_flags import add_storage_flags, storage_options
from kapi.server.snapshots import restore_snapshot
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    import argparse

__all__ = ["add_flags", "execute"]


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the snapshot")
    parser.add_argument(
        "--replace", action="store_true", help="put it in place of what is stored now"
    )
    add_storage_flags(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Restore the snapshot."""
    bar = ProgressBar("restoring")
    options = storage_options(arguments)
    try:
        manifest = asyncio.run(
            restore_snapshot(options, arguments.file, SystemClock(), bar, replace=arguments.replace)
        )
    finally:
        bar.end()
    print(f"{manifest.keys:,} objects restored, as of {manifest.takenAt}")
    return 0
