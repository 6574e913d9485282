"""WebhookCredentials: what this server shows to webhooks, by the server that is called.

Implements "Authenticate API servers" of "Dynamic Admission Control": a kubeconfig whose users are
named like servers, with wildcards. Client certificates, tokens and passwords; files are read again
when they change. What runs commands (``exec``, ``auth-provider``) is refused.
"""

from __future__ import annotations

import base64
import binascii
import logging
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.apimachinery.serializer.yaml import YAMLError, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["CredentialError", "WebhookCredential", "WebhookCredentials", "read_credentials"]

_LOG = logging.getLogger(__name__)

_DEFAULT_PORT = ":443"
_ANYBODY = "*"
_UNSUPPORTED = ("exec", "auth-provider", "as", "as-uid", "as-groups", "as-user-extra")
_TEXTS = (
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "token",
    "tokenFile",
    "username",
    "password",
)


class CredentialError(Exception):
    """The kubeconfig cannot be used; the text is one line and names the place."""


@dataclass(frozen=True, slots=True)
class _Material:
    """PEM, given as it is or by its file."""

    data: bytes = b""
    path: Path | None = None

    def read(self) -> bytes:
        """The PEM; raises OSError."""
        return self.data if self.path is None else self.path.read_bytes()

    def stamp(self) -> int:
        """Another number when the file has changed."""
        try:
            return 0 if self.path is None else self.path.stat().st_mtime_ns
        except OSError:
            return -1


class WebhookCredential:
    """What one user of the kubeconfig has; a client certificate, or a text for Authorization."""

    def __init__(
        self,
        certificate: _Material | None,
        key: _Material | None,
        authorization: bytes = b"",
        token_file: Path | None = None,
    ) -> None:
        self._certificate = certificate
        self._key = key
        self._authorization = authorization
        self._token_file = token_file
        self._token_stamp = 0

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The header that authenticates, if there is one."""
        if self._token_file is not None:
            self._follow_token(self._token_file)
        return [(b"authorization", self._authorization)] if self._authorization else []

    def _follow_token(self, path: Path) -> None:
        try:
            stamp = path.stat().st_mtime_ns
            if stamp != self._token_stamp:
                self._authorization = _bearer(path.read_text("ascii").strip())
                self._token_stamp = stamp
        except (OSError, UnicodeDecodeError) as error:
            _LOG.warning("token file %s is used as it was: %s", path, error)

    @property
    def stamp(self) -> tuple[int, int]:
        """Changes with the files of the client certificate."""
        if self._certificate is None or self._key is None:
            return (0, 0)
        return self._certificate.stamp(), self._key.stamp()

    def load_into(self, context: ssl.SSLContext) -> None:
        """Show the client certificate in connections of a context; raises OSError."""
        if self._certificate is None or self._key is None:
            return
        # OpenSSL takes files only, as Python hands it on.
        with tempfile.TemporaryDirectory(prefix="kapi-webhook-") as directory:
            pem = Path(directory) / "pair.pem"
            pem.touch(mode=0o600)
            pem.write_bytes(self._certificate.read() + b"\n" + self._key.read())
            context.load_cert_chain(pem)

    def check(self) -> None:
        """Raise OSError or UnicodeDecodeError when a file cannot be used."""
        self.load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        if self._token_file is not None:
            self._token_file.read_text("ascii")


class WebhookCredentials:
    """The users of a kubeconfig; ``default`` is that of its current context."""

    def __init__(
        self, users: Mapping[str, WebhookCredential], default: WebhookCredential | None = None
    ) -> None:
        self._users = users
        self._default = default

    def for_server(self, address: str) -> WebhookCredential | None:
        """What is shown to ``host:port``.

        The nearest name counts: the address itself, then ``*.`` before ever shorter ends of it;
        port 443 may be left out. Then ``*``, then the current context's user.
        """
        found = self._nearest(address)
        if found is None and address.endswith(_DEFAULT_PORT):
            found = self._nearest(address.removesuffix(_DEFAULT_PORT))
        return found or self._users.get(_ANYBODY) or self._default

    def _nearest(self, address: str) -> WebhookCredential | None:
        found = self._users.get(address)
        rest = address
        while found is None and "." in rest:
            rest = rest.partition(".")[2]
            found = self._users.get(f"*.{rest}")
        return found


def read_credentials(path: Path) -> WebhookCredentials:
    """The users of a kubeconfig file; raises CredentialError. Paths in it start at its folder."""
    try:
        document = load(path.read_bytes()).value
    except OSError as error:
        raise CredentialError(f"cannot read {path}: {error.strerror}") from error
    except YAMLError as error:
        raise CredentialError(f"{path}: it is no YAML: {error}") from None
    try:
        return _credentials(document, path.parent)
    except CredentialError as error:
        raise CredentialError(f"{path}: {error}") from error.__cause__


def _credentials(document: JSONValue, directory: Path) -> WebhookCredentials:
    if not isinstance(document, dict) or document.get("kind", "Config") != "Config":
        raise CredentialError("it is no kubeconfig (apiVersion: v1, kind: Config)")
    users: dict[str, WebhookCredential] = {}
    for name, user in _named(document, "users", "user"):
        users[name] = _credential(user, f"user {name!r}", directory)
    contexts = dict(_named(document, "contexts", "context"))
    current = contexts.get(document.get("current-context") or "") or {}
    return WebhookCredentials(users, users.get(current.get("user") or ""))


def _named(document: JSONObject, members: str, member: str) -> list[tuple[str, JSONObject]]:
    entries = document.get(members) or []
    if not isinstance(entries, list):
        raise CredentialError(f"{members}: it must be a list")
    found: list[tuple[str, JSONObject]] = []
    for index, entry in enumerate(entries):
        name = entry.get("name") if isinstance(entry, dict) else None
        value = (entry.get(member) or {}) if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name or not isinstance(value, dict):
            raise CredentialError(f"{members}[{index}]: a name and a {member} are required")
        found.append((name, value))
    return found


def _credential(user: JSONObject, where: str, directory: Path) -> WebhookCredential:
    for member in _UNSUPPORTED:
        if user.get(member):
            raise CredentialError(f"{where}: {member} is not supported for webhooks")
    for member in _TEXTS:
        if not isinstance(user.get(member) or "", str):
            raise CredentialError(f"{where}: {member} must be a text")
    certificate = _material(user, "client-certificate", where, directory)
    key = _material(user, "client-key", where, directory)
    if (certificate is None) != (key is None):
        raise CredentialError(f"{where}: a client certificate and its key belong together")
    token_file = None
    authorization = b""
    if user.get("token"):
        authorization = _bearer(user["token"])
    elif user.get("tokenFile"):
        token_file = directory / user["tokenFile"]
    elif user.get("username") or user.get("password"):
        pair = f"{user.get('username') or ''}:{user.get('password') or ''}"
        authorization = b"Basic " + base64.b64encode(pair.encode())
    credential = WebhookCredential(certificate, key, authorization, token_file)
    try:
        credential.check()
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(f"{where}: {_reason(error)}") from error
    return credential


def _material(user: JSONObject, member: str, where: str, directory: Path) -> _Material | None:
    if user.get(f"{member}-data"):
        try:
            return _Material(base64.b64decode(user[f"{member}-data"], validate=True))
        except (binascii.Error, ValueError):
            raise CredentialError(f"{where}: {member}-data must be base64 encoded") from None
    return _Material(path=directory / user[member]) if user.get(member) else None


def _bearer(token: str) -> bytes:
    return b"Bearer " + token.encode("utf-8", "replace")


def _reason(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, ssl.SSLError):
        why = (error.reason or "no PEM in it").lower().replace("_", " ")
        return f"the client certificate and key cannot be used: {why}"
    if isinstance(error, UnicodeDecodeError):
        return "the token file is no text"
    return f"cannot read {error.filename}: {error.strerror}"
