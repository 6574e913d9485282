"""TLS of the HTTPS endpoint, and towards kubelets.

Client certificates are requested and optional. One that the client CA does not vouch for ends the
handshake: OpenSSL, unlike Go's TLS, verifies what it requests (docs/decisions/0003).
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from kapi.endpoints.connect.kubelet import KubeletClient
from kapi.server.options import StartError

if TYPE_CHECKING:
    from pathlib import Path

    from kapi.endpoints.connect.kubelet_options import KubeletOptions
    from kapi.server.options import TLSOptions

__all__ = ["kubelet_client", "server_context"]


def server_context(
    options: TLSOptions, request_header_ca_file: Path | None = None
) -> ssl.SSLContext:
    """The TLS context of a server; StartError when a file cannot be used.

    Clients may have certificates of the client CA and of the proxies' authority.
    """
    assert options.cert_file is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # Connections are kept alive, so resuming sessions saves nothing, and tickets cost bytes.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    try:
        context.load_cert_chain(options.cert_file, options.private_key_file)
    except OSError as error:
        raise _unusable("serving certificate", options.cert_file, error) from error
    if options.client_ca_file is not None:
        _request_client_certificates(context, options.client_ca_file)
    if request_header_ca_file is not None:
        _request_client_certificates(context, request_header_ca_file)
    return context


def _request_client_certificates(context: ssl.SSLContext, client_ca_file: Path) -> None:
    context.verify_mode = ssl.CERT_OPTIONAL
    # As in Go, every certificate of the file is an anchor, also one that is not self-signed.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(client_ca_file)
    except OSError as error:
        raise _unusable("client CA file", client_ca_file, error) from error


def _unusable(what: str, path: Path, error: OSError) -> StartError:
    why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return StartError(f"cannot use {what} {path}: {why}")


def kubelet_client(options: KubeletOptions) -> KubeletClient:
    """How this server reaches kubelets; StartError when a file cannot be used."""
    kubelets = KubeletClient(options)
    try:
        kubelets.check()
    except OSError as error:
        path = options.client_certificate or options.certificate_authority
        assert path is not None
        raise _unusable("kubelet client files", path, error) from error
    return kubelets
