"""The ConfigMap ``kube-system/extension-apiserver-authentication``.

Tells the servers behind this one how they know it, and whom it knows; it is not there when there
is nothing to tell. Its authorities follow their files, and what others change in it is put back.
Servers that share a store may have different authorities: all of them stand in it until they
expire.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import AlreadyExists, NotFound, StatusError
from kapi.apimachinery.types import GroupVersionResource
from kapi.server.options import StartError
from kapi.storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kapi.client.inprocess import InProcessClient
    from kapi.server.options import ServerOptions
    from kapi.util.clock import Clock

__all__ = ["AuthenticationConfigMap", "authentication_data", "combined"]

_LOG = logging.getLogger(__name__)

_CONFIG_MAPS = GroupVersionResource("", "v1", "configmaps")
_NAMESPACE = "kube-system"
_NAME = "extension-apiserver-authentication"
_INTERVAL_SECONDS = 10.0
_BUNDLES = ("client-ca-file", "requestheader-client-ca-file")
_ALLOWED_NAMES = "requestheader-allowed-names"
_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----\n.+?\n-----END CERTIFICATE-----\n?", re.DOTALL
)


def authentication_data(options: ServerOptions) -> dict[str, str]:
    """What this server has to tell; StartError when a file of it cannot be read."""
    data: dict[str, str] = {}
    if options.tls.client_ca_file is not None:
        data["client-ca-file"] = _text(options.tls.client_ca_file)
    proxy = options.proxy_client
    if proxy.request_header_ca_file is None:
        return data
    names = proxy.header_names
    data["requestheader-client-ca-file"] = _text(proxy.request_header_ca_file)
    lists = {
        _ALLOWED_NAMES: proxy.allowed_names,
        "requestheader-username-headers": names.users,
        "requestheader-group-headers": names.groups,
        "requestheader-extra-headers-prefix": names.extra_prefixes,
    }
    if names.uids:
        lists["requestheader-uid-headers"] = names.uids
    data.update((key, orjson.dumps(value).decode()) for key, value in lists.items())
    return data


def combined(own: Mapping[str, str], found: Mapping[str, str], now: float) -> dict[str, str]:
    """What several servers tell together: this one's data, and what stands there already.

    ``now`` is the time in seconds; certificates that have ended before it are left out.
    """
    data = dict(found)
    for key, value in own.items():
        known = found.get(key, "")
        if not known or known == value:
            data[key] = value
        elif key in _BUNDLES:
            data[key] = _bundle(value, known, now)
        else:
            data[key] = _list(key, value, known)
    return data


def _bundle(own: str, known: str, now: float) -> str:
    certificates = dict.fromkeys(
        text.rstrip("\n") + "\n" for bundle in (known, own) for text in _CERTIFICATE.findall(bundle)
    )
    return "".join(text for text in certificates if not _has_ended(text, now))


def _has_ended(certificate: str, now: float) -> bool:
    from cryptography import x509  # noqa: PLC0415 - heavy, and only for servers that differ

    try:
        return (
            x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc.timestamp()
            < now
        )
    except ValueError:
        return True


def _list(key: str, own: str, known: str) -> str:
    try:
        others = orjson.loads(known)
    except orjson.JSONDecodeError:
        return own
    if not isinstance(others, list):
        return own
    mine = orjson.loads(own)
    if key == _ALLOWED_NAMES and not (mine and others):
        return "[]"  # any name
    return orjson.dumps(list(dict.fromkeys([*others, *mine]))).decode()


class AuthenticationConfigMap:
    """Writes it at the start and keeps it."""

    def __init__(
        self,
        options: ServerOptions,
        client: InProcessClient,
        clock: Clock,
        interval_seconds: float = _INTERVAL_SECONDS,
    ) -> None:
        self._options = options
        self._client = client
        self._clock = clock
        self._interval = interval_seconds
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Publish, then keep it so; StartError when a file cannot be read."""
        data = authentication_data(self._options)
        if not data or not self._client.serves(_CONFIG_MAPS):
            return
        try:
            await self._publish(data)
        except StatusError as error:  # later, then
            self._warn(error)
        self._task = asyncio.create_task(self._follow())

    def stop(self) -> None:
        """Keep it no longer."""
        if self._task is not None:
            self._task.cancel()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self._publish(authentication_data(self._options))
            except (StartError, StatusError, StorageError) as error:
                self._warn(error)

    @staticmethod
    def _warn(error: Exception) -> None:
        _LOG.warning("ConfigMap %s/%s is not up to date: %s", _NAMESPACE, _NAME, error)

    async def _publish(self, own: Mapping[str, str]) -> None:
        try:
            found = await self._client.get(_CONFIG_MAPS, _NAMESPACE, _NAME)
        except NotFound:
            obj = {"metadata": {"name": _NAME}, "data": dict(own)}
            try:
                await self._client.create(_CONFIG_MAPS, _NAMESPACE, obj)
            except AlreadyExists:  # another server of the same store was faster
                return
            return
        if self._wanted(own, found.get("data") or {}) == found.get("data"):
            return
        await self._client.update(
            _CONFIG_MAPS,
            _NAMESPACE,
            _NAME,
            lambda old: {**old, "data": self._wanted(own, old.get("data") or {})},
        )

    def _wanted(self, own: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
        if not self._options.etcd.servers:  # nobody else speaks here
            return dict(own)
        return combined(own, found, self._clock.now())


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"cannot read CA file {path}: {error}") from error
