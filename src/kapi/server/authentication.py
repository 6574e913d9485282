"""Which credentials a server accepts, from its options."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import Unauthorized
from kapi.apimachinery.user import PRIVILEGED_GROUP, UserInfo
from kapi.authentication.request import AudienceTokenAuthenticator, RequestAuthenticator
from kapi.authentication.request_header import RequestHeaderAuthenticator
from kapi.authentication.token_file import (
    StaticTokenAuthenticator,
    TokenFileError,
    parse_token_file,
)
from kapi.server.options import StartError

if TYPE_CHECKING:
    from collections.abc import Awaitable, MutableMapping, Sequence
    from pathlib import Path
    from typing import Any

    from kapi.endpoints.application import Authenticate
    from kapi.server.options import ServerOptions
    from kapi.util.clock import Clock

__all__ = [
    "ADMIN_USER",
    "authenticate_requests",
    "request_authenticator",
    "request_header_authenticator",
]

_LOG = logging.getLogger(__name__)

ADMIN_USER = UserInfo("kubernetes-admin", groups=(PRIVILEGED_GROUP,))


def request_authenticator(
    options: ServerOptions, clock: Clock, later: Sequence[AudienceTokenAuthenticator] = ()
) -> RequestAuthenticator:
    """The authenticator of a server; ``later`` know further tokens, as of service accounts.

    Where everybody may do everything nobody may be anonymous, or the server would be open to all.
    Raises StartError when the token file cannot be read.
    """
    users: dict[str, UserInfo] = {}
    if options.admin_token:
        users[options.admin_token] = ADMIN_USER
    if options.token_auth_file is not None:
        users.update(_read_token_file(options.token_auth_file))
    anonymous = options.anonymous_auth and "AlwaysAllow" not in options.authorization_modes
    if options.anonymous_auth and not anonymous:
        _LOG.warning("no anonymous requests are served: --authorization-mode has AlwaysAllow")
    return RequestAuthenticator(
        [StaticTokenAuthenticator(users)],
        clock,
        minor=options.kubernetes_minor,
        anonymous=anonymous,
        later=later,
    )


def request_header_authenticator(options: ServerOptions) -> RequestHeaderAuthenticator | None:
    """Who believes proxies, where any are accepted; StartError when a file cannot be read."""
    proxy, client_ca_file = options.proxy_client, options.tls.client_ca_file
    if not proxy.accepts_proxies or proxy.request_header_ca_file is None:
        return None
    try:
        authorities = proxy.request_header_ca_file.read_bytes()
        client_authorities = client_ca_file.read_bytes() if client_ca_file is not None else b""
    except OSError as error:
        raise StartError(f"cannot read CA file {error.filename}: {error.strerror}") from error
    return RequestHeaderAuthenticator(
        authorities, client_authorities, proxy.allowed_names, proxy.header_names
    )


def _read_token_file(path: Path) -> dict[str, UserInfo]:
    try:
        return parse_token_file(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise StartError(f"cannot read token file {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StartError(f"token file {path} is not UTF-8 text") from error
    except TokenFileError as error:
        raise StartError(str(error)) from error


def authenticate_requests(
    authenticator: RequestAuthenticator,
    proxies: RequestHeaderAuthenticator | None,
    clock: Clock,
) -> Authenticate:
    """The authenticator of requests as the application calls it."""

    def authenticate(
        scope: MutableMapping[str, Any], headers: dict[bytes, bytes], warnings: list[str]
    ) -> UserInfo | Awaitable[UserInfo]:
        tls = scope.get("extensions", {}).get("tls")
        certificate = tls.get("client_certificate") if tls else None
        if certificate is not None and proxies is not None:
            user = proxies.authenticate(certificate, scope["headers"], clock.now())
            if user is not None:
                return user
            if not proxies.is_client(certificate):
                if b"authorization" not in headers:
                    raise Unauthorized
                certificate = None
        return authenticator.authenticate(
            headers.get(b"authorization", b""), certificate, warnings.append
        )

    return authenticate
