"""``kapi kubeconfig``: how to reach a server, for its administrator or for anybody else."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.cli.flags import default_data_dir
from kapi.cli.parser import comma_list
from kapi.server.data_directory import DataDirectory
from kapi.server.kubeconfig import kubeconfig
from kapi.server.options import StartError
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    import argparse

__all__ = ["add_flags", "execute"]

_SERVER = re.compile(r"^ *server: (\S+)$", re.MULTILINE)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where the server keeps state")
    parser.add_argument("--server", metavar="URL", help="another URL than the one served last")
    parser.add_argument(
        "--user", metavar="NAME", help="make a client certificate for this user instead"
    )
    parser.add_argument(
        "--groups", type=comma_list, default=(), metavar="NAMES", help="the groups of --user"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Print the kubeconfig."""
    data = DataDirectory(arguments.data_dir or default_data_dir(), SystemClock())
    try:
        text = data.kubeconfig_file.read_text("utf-8")
    except OSError as error:
        raise StartError(f"no kubeconfig in {data.path}: start a server there first") from error
    url = arguments.server or _served_url(text)
    if arguments.user:
        pair = data.issue_client_certificate(arguments.user, arguments.groups)
        ca = data.ca_file.read_bytes()
        text = kubeconfig(url, ca, arguments.user, pair.certificate, pair.private_key)
    elif arguments.groups:
        raise StartError("--groups needs --user")
    else:
        text = _SERVER.sub(f"    server: {url}", text, count=1)
    sys.stdout.write(text)
    return 0


def _served_url(text: str) -> str:
    match = _SERVER.search(text)
    if match is None:
        raise StartError("the kubeconfig names no server")
    return match[1]
