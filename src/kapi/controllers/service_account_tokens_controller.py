"""Service account token controller: fills Secrets of type ``kubernetes.io/service-account-token``.

Implements "Manually create a long-lived API token for a ServiceAccount". Such a Secret names its
account in an annotation; it gets a token, the CA and the namespace, and goes with the account.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, ClassVar

import orjson

from kapi.apimachinery.errors import NotFound
from kapi.apimachinery.types import GroupVersionResource
from kapi.authentication.service_account_claims import BoundObject
from kapi.controllers.work_queue import WorkQueue
from kapi.registry.before_delete import DeleteOptions
from kapi.registry.keys import storage_prefix

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.authentication.service_account import TokenIssuer
    from kapi.client.inprocess import InProcessClient

__all__ = ["ServiceAccountTokensController"]

_SECRETS = GroupVersionResource("", "v1", "secrets")
_ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
_SECRET_KEYS = storage_prefix(_SECRETS.group_resource)
_ACCOUNT_KEYS = storage_prefix(_ACCOUNTS.group_resource)
_TYPE = "kubernetes.io/service-account-token"
_TYPE_BYTES = b'"type":"%b"' % _TYPE.encode()
_NAME = "kubernetes.io/service-account.name"
_UID = "kubernetes.io/service-account.uid"


class ServiceAccountTokensController:
    """Follows Secrets of the type, and the accounts that they name."""

    name: ClassVar[str] = "serviceaccount-token-controller"
    aliases: ClassVar[tuple[str, ...]] = ("serviceaccount-token",)
    prefixes: ClassVar[tuple[str, ...]] = (_SECRET_KEYS, _ACCOUNT_KEYS)
    user: ClassVar[str] = "tokens-controller"

    def __init__(self, client: InProcessClient, issuer: TokenIssuer, root_ca: str) -> None:
        self._client = client
        self._issuer = issuer
        self._root_ca = root_ca
        # The Secrets of each account, both as namespace/name.
        self._secrets: dict[str, set[str]] = {}
        self.queue: WorkQueue[str] = WorkQueue(self._sync, name=self.name)

    def reset(self) -> None:
        """Forget everything and wait."""
        self.queue.pause()
        self._secrets.clear()

    def synced(self) -> None:
        """All accounts are known: act."""
        self.queue.start()

    def observe(self, key: str, value: bytes | None) -> None:
        """Follow one change."""
        if key.startswith(_ACCOUNT_KEYS):
            self.queue.add_all(self._secrets.get(key[len(_ACCOUNT_KEYS) :], ()))
        elif value is not None and _TYPE_BYTES in value:
            secret = orjson.loads(value)
            if secret.get("type") != _TYPE:
                return
            path = key[len(_SECRET_KEYS) :]
            account = _annotations(secret).get(_NAME) or ""
            namespace = path.partition("/")[0]
            self._secrets.setdefault(f"{namespace}/{account}", set()).add(path)
            self.queue.add(path)

    async def _sync(self, path: str) -> None:
        namespace, _, name = path.partition("/")
        try:
            secret = await self._client.get(_SECRETS, namespace, name)
        except NotFound:
            self._forget(path)
            return
        if secret.get("type") != _TYPE or "deletionTimestamp" in secret["metadata"]:
            return
        annotations = _annotations(secret)
        account = await self._account(namespace, annotations.get(_NAME) or "")
        if account is None or annotations.get(_UID, account.uid) != account.uid:
            await self._delete(namespace, secret)
            return
        missing = self._missing(secret, account)
        if not missing and annotations.get(_UID):
            return

        def make_new(current: JSONObject) -> JSONObject:
            current["metadata"].setdefault("annotations", {})[_UID] = account.uid
            current["data"] = {**(current.get("data") or {}), **missing}
            return current

        try:
            await self._client.update(_SECRETS, namespace, name, make_new)
        except NotFound:
            return

    def _missing(self, secret: JSONObject, account: BoundObject) -> dict[str, str]:
        """What the Secret does not hold yet, as its data."""
        data = secret.get("data") or {}
        meta = secret["metadata"]
        content: dict[str, str] = {}
        if not data.get("token"):
            content["token"] = self._issuer.issue_for_secret(
                meta["namespace"], account, meta["name"]
            )
        if not data.get("namespace"):
            content["namespace"] = meta["namespace"]
        if self._root_ca and not data.get("ca.crt"):
            content["ca.crt"] = self._root_ca
        return {key: base64.b64encode(text.encode()).decode() for key, text in content.items()}

    async def _account(self, namespace: str, name: str) -> BoundObject | None:
        if not name:
            return None
        try:
            found = await self._client.get(_ACCOUNTS, namespace, name)
        except NotFound:
            return None
        return BoundObject(name, found["metadata"]["uid"])

    async def _delete(self, namespace: str, secret: JSONObject) -> None:
        meta = secret["metadata"]
        try:
            options = DeleteOptions(uid=meta["uid"])
            await self._client.delete(_SECRETS, namespace, meta["name"], options)
        except NotFound:
            return

    def _forget(self, path: str) -> None:
        for account, secrets in list(self._secrets.items()):
            secrets.discard(path)
            if not secrets:
                del self._secrets[account]


def _annotations(secret: JSONObject) -> dict[str, str]:
    annotations: dict[str, str] = secret["metadata"].get("annotations") or {}
    return annotations
