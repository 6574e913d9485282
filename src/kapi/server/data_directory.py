"""DataDirectory: what a server keeps between starts, and that only one server keeps it.

pki/ca.{crt,key}         the certificate authority of serving and client certificates
pki/apiserver.{crt,key}  the serving certificate
pki/admin.{crt,key}      the client certificate of the administrator (system:masters)
pki/sa.{key,pub}         the key of service-account tokens
pki/issued.json          names and ends of the certificates, so that nobody parses them
admin-token              the administrator's bearer token
kubeconfig               for the administrator
kapi.lock                held while a server runs
state.db                 the objects, unless they are kept in memory
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from kapi.server.kubeconfig import kubeconfig
from kapi.server.options import StartError, TLSOptions
from kapi.util.ids import RandomIDs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kapi.apimachinery.types import JSONObject
    from kapi.server.certificates import Authority, KeyPair
    from kapi.server.options import ProxyClientOptions, ServiceAccountOptions
    from kapi.util.clock import Clock

__all__ = ["ADMIN", "DataDirectory"]

ADMIN = "kubernetes-admin"
# Who the server is to servers behind it.
FRONT_PROXY = "front-proxy-client"
_ADMIN_GROUPS = ("system:masters",)
_DAY_SECONDS = 86400
# Certificates are good for a year and made anew by the first start in their last quarter.
_VALIDITY_SECONDS = 365 * _DAY_SECONDS
_RENEWAL_SECONDS = 90 * _DAY_SECONDS


class DataDirectory:
    """The files of one server below one directory."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._pki = path / "pki"

    @property
    def ca_file(self) -> Path:
        """The certificate authority's certificate."""
        return self._pki / "ca.crt"

    @property
    def kubeconfig_file(self) -> Path:
        """The administrator's kubeconfig."""
        return self.path / "kubeconfig"

    @property
    def token_file(self) -> Path:
        """The administrator's bearer token."""
        return self.path / "admin-token"

    def with_tls_files(self, options: TLSOptions) -> TLSOptions:
        """The options with the directory's own files where they name none.

        Whoever brings a serving certificate decides about client certificates too.
        """
        if options.cert_file is not None:
            return options
        client_ca_file = options.client_ca_file or self.ca_file
        return TLSOptions(self._pki / "apiserver.crt", self._pki / "apiserver.key", client_ca_file)

    def with_signing_key(self, options: ServiceAccountOptions) -> ServiceAccountOptions:
        """The options with the directory's own key where they name none to sign with."""
        if options.signing_key_file is not None:
            return options
        return replace(options, signing_key_file=self._signing_key_file)

    def with_proxy_client(self, options: ProxyClientOptions) -> ProxyClientOptions:
        """The options with the directory's own client certificate where they name none."""
        if options.cert_file is not None or options.request_header_ca_file is not None:
            return options
        return replace(
            options,
            cert_file=self._pki / f"{FRONT_PROXY}.crt",
            key_file=self._pki / f"{FRONT_PROXY}.key",
            request_header_ca_file=self._pki / "front-proxy-ca.crt",
            allowed_names=(FRONT_PROXY,),
        )

    @property
    def _signing_key_file(self) -> Path:
        return self._pki / "sa.key"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Own the directory, which is made if missing; StartError when that cannot be."""
        with _told_in_one_line(self.path):
            self._pki.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.path / "kapi.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._lock(lock)
            yield
        finally:
            os.close(lock)

    def _lock(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(lock, 20).decode("ascii", "replace").strip()
            raise StartError(
                f"data directory {self.path} is in use by another kapi (process {holder})"
            ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)

    def ensure_credentials(self, names: Sequence[str]) -> str:
        """Make what is missing, does not fit ``names`` or ends soon; the administrator's token.

        ``names`` are the DNS names and addresses that the serving certificate is for.
        """
        with _told_in_one_line(self.path):
            self._ensure_certificates(list(names))
            if not self._signing_key_file.exists():
                self._create_service_account_key()
            try:
                return self.token_file.read_text("ascii").strip()
            except FileNotFoundError:
                token = RandomIDs().uid()
                _write(self.token_file, token.encode("ascii"), secret=True)
                return token

    def write_kubeconfig(self, server: str) -> None:
        """Write the administrator's kubeconfig for the server at this URL."""
        pki = self._pki
        text = kubeconfig(
            server,
            self.ca_file.read_bytes(),
            ADMIN,
            (pki / "admin.crt").read_bytes(),
            (pki / "admin.key").read_bytes(),
        )
        with _told_in_one_line(self.path):
            _write(self.kubeconfig_file, text.encode("utf-8"), secret=True)

    def issue_client_certificate(self, user: str, groups: Sequence[str]) -> KeyPair:
        """A new client certificate for any user; StartError without a certificate authority."""
        try:
            authority = self._load_authority()
        except FileNotFoundError as error:
            raise StartError(f"{self.path} holds no certificate authority") from error
        return authority.client_certificate(user, groups, self._clock.now(), _VALIDITY_SECONDS)

    def _load_authority(self) -> Authority:
        from kapi.server.certificates import Authority, KeyPair  # noqa: PLC0415 - heavy

        return Authority(KeyPair(self.ca_file.read_bytes(), (self._pki / "ca.key").read_bytes()))

    def _ensure_certificates(self, names: list[str]) -> None:
        issued = self._read_issued()
        renewal = self._clock.now() + _RENEWAL_SECONDS
        files = [self._pki / f"{name}.{kind}" for name in _PAIRS for kind in ("crt", "key")]
        wanted = {"apiserver": names, "admin": [ADMIN], FRONT_PROXY: [FRONT_PROXY]}
        if all(file.exists() for file in files) and all(
            issued.get(name, {}).get("names") == those and issued[name].get("notAfter", 0) > renewal
            for name, those in wanted.items()
        ):
            return
        self._create_certificates(names)

    def _create_certificates(self, names: list[str]) -> None:
        from kapi.server.certificates import create_authority  # noqa: PLC0415 - heavy

        now = self._clock.now()
        try:
            authority = self._load_authority()
        except FileNotFoundError:
            authority = create_authority("kapi", now)
            self._write_pair("ca", authority.pair)
        # An authority of its own: whoever has this certificate can act as anybody.
        front_proxy = create_authority("front-proxy-ca", now)
        self._write_pair("front-proxy-ca", front_proxy.pair)
        proxy_client = front_proxy.client_certificate(FRONT_PROXY, (), now, _VALIDITY_SECONDS)
        self._write_pair(FRONT_PROXY, proxy_client)
        end = now + _VALIDITY_SECONDS
        serving = authority.serving_certificate(names, now, _VALIDITY_SECONDS)
        self._write_pair("apiserver", serving)
        admin = authority.client_certificate(ADMIN, _ADMIN_GROUPS, now, _VALIDITY_SECONDS)
        self._write_pair("admin", admin)
        issued = {
            "apiserver": {"names": names, "notAfter": end},
            "admin": {"names": [ADMIN], "notAfter": end},
            FRONT_PROXY: {"names": [FRONT_PROXY], "notAfter": end},
        }
        _write(self._pki / "issued.json", json.dumps(issued).encode("ascii"))

    def _create_service_account_key(self) -> None:
        from kapi.server.certificates import create_service_account_key  # noqa: PLC0415 - heavy

        private, public = create_service_account_key()
        _write(self._pki / "sa.pub", public)
        _write(self._signing_key_file, private, secret=True)

    def _write_pair(self, name: str, pair: KeyPair) -> None:
        _write(self._pki / f"{name}.key", pair.private_key, secret=True)
        _write(self._pki / f"{name}.crt", pair.certificate)

    def _read_issued(self) -> JSONObject:
        try:
            issued: JSONObject = json.loads((self._pki / "issued.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return issued


_PAIRS = ("ca", "apiserver", "admin", "front-proxy-ca", FRONT_PROXY)


def _write(path: Path, content: bytes, *, secret: bool = False) -> None:
    """Replace a file as a whole, so that nobody reads half of it."""
    temporary = path.with_name(path.name + ".new")
    mode = 0o600 if secret else 0o644
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.replace(path)


@contextmanager
def _told_in_one_line(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or directory
        raise StartError(f"cannot write to data directory: {where}: {error.strerror}") from error
