"""The flags that say which etcd objects are kept in; kube-apiserver's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kapi.cli.parser import comma_list, duration
from kapi.server.options import EtcdOptions, OptionsError

if TYPE_CHECKING:
    import argparse

__all__ = ["add_etcd_flags", "etcd_options"]

_COMPACTION_SECONDS = 300


def add_etcd_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags for a store that several servers share."""
    group = parser.add_argument_group("etcd")
    group.add_argument(
        "--etcd-servers",
        type=comma_list,
        default=(),
        metavar="URLS",
        help="keep objects in etcd, in which any number of servers are one",
    )
    group.add_argument(
        "--etcd-prefix",
        default="/registry",
        metavar="PATH",
        help="what stands in front of all keys (default: %(default)s)",
    )
    group.add_argument("--etcd-cafile", type=Path, metavar="FILE", help="CA of the etcd servers")
    group.add_argument("--etcd-certfile", type=Path, metavar="FILE", help="client certificate")
    group.add_argument("--etcd-keyfile", type=Path, metavar="FILE", help="its key")
    group.add_argument(
        "--etcd-compaction-interval",
        type=duration,
        default=_COMPACTION_SECONDS,
        metavar="DURATION",
        help="how long old states are kept, in any store; 0 for ever (default: 5m0s)",
    )


def etcd_options(arguments: argparse.Namespace, *, ephemeral: bool) -> EtcdOptions:
    """The options that parsed flags mean; OptionsError when they do not go together."""
    if ephemeral and arguments.etcd_servers:
        raise OptionsError("--etcd-servers: objects are kept in etcd or in memory, not in both")
    if (arguments.etcd_certfile is None) != (arguments.etcd_keyfile is None):
        raise OptionsError("--etcd-certfile and --etcd-keyfile must be given together")
    return EtcdOptions(
        servers=arguments.etcd_servers,
        prefix="/" + arguments.etcd_prefix.strip("/"),
        ca_file=arguments.etcd_cafile,
        cert_file=arguments.etcd_certfile,
        key_file=arguments.etcd_keyfile,
    )
