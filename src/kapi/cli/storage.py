"""``kapi storage rewrite``: writes every object again, after a change of keys or versions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from kapi.cli.extension_flags import add_extension_flag, extensions_of
from kapi.cli.flags import add_encryption_flags, add_storage_media_type
from kapi.cli.progress import ProgressBar
from kapi.cli.storage_flags import add_storage_flags, storage_options
from kapi.server.storage_rewrite import rewrite_storage
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    import argparse

__all__ = ["add_flags", "execute"]


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("action", choices=["rewrite"], help="write every object again")
    add_storage_flags(parser)
    group = parser.add_argument_group("form of stored objects")
    add_storage_media_type(group)
    add_encryption_flags(group)
    add_extension_flag(group)


def execute(arguments: argparse.Namespace) -> int:
    """Rewrite the store."""
    options = replace(
        storage_options(arguments),
        storage_media_type=arguments.storage_media_type,
        encryption_provider_config=arguments.encryption_provider_config,
        extensions=extensions_of(arguments),
    )
    bar = ProgressBar("rewriting")
    try:
        count = asyncio.run(rewrite_storage(options, SystemClock(), bar))
    finally:
        bar.end()
    print(f"{count:,} objects rewritten")
    return 0
