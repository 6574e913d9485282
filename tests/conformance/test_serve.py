"""``kapi serve`` with certificates that somebody else made."""

from __future__ import annotations

import pytest

from kapi.server.certificates import create_authority
from kapi.util.clock import SystemClock

YEAR_SECONDS = 365 * 86400


@pytest.fixture
def files(tmp_path):
    """Serving files, a client of another authority, and a token file."""
    now = SystemClock().now()
    serving_ca, client_ca = create_authority("serving", now), create_authority("clients", now)
    pairs = {
        "serving-ca": serving_ca.pair,
        "client-ca": client_ca.pair,
        "server": serving_ca.serving_certificate(["127.0.0.1"], now, YEAR_SECONDS),
        "ann": client_ca.client_certificate("ann", ["dev"], now, YEAR_SECONDS),
        "bob": serving_ca.client_certificate("bob", ["dev"], now, YEAR_SECONDS),
    }
    for name, pair in pairs.items():
        (tmp_path / f"{name}.crt").write_bytes(pair.certificate)
        (tmp_path / f"{name}.key").write_bytes(pair.private_key)
    (tmp_path / "tokens.csv").write_text("secret,carl,3\n")
    return tmp_path


def serve(kapi, files, *more):
    words = (
        "serve",
        "--secure-port=0",
        "--bind-address=127.0.0.1",
        f"--data-dir={files / 'data'}",
        f"--token-auth-file={files / 'tokens.csv'}",
        f"--tls-cert-file={files / 'server.crt'}",
        f"--tls-private-key-file={files / 'server.key'}",
        *more,
    )
    return kapi(*words).wait_until_ready()


def test_own_authorities(kapi, client, files):
    """Only the client CA's certificates are accepted, and no administrator is made."""
    url = serve(kapi, files, f"--client-ca-file={files / 'client-ca.crt'}")
    ca = files / "serving-ca.crt"
    ann = client(url, ca, certificate=(files / "ann.crt", files / "ann.key"))
    assert ann.who_am_i()["username"] == "ann"
    bob = client(url, ca, certificate=(files / "bob.crt", files / "bob.key"))
    with pytest.raises(OSError):
        bob.who_am_i()
    assert client(url, ca, token="secret").who_am_i()["username"] == "carl"
    assert not (files / "data" / "kubeconfig").exists()
    made = (files / "data" / "admin-token").read_text()
    assert client(url, ca, token=made).json("GET", "/version")[0] == 401


def test_no_client_authority(kapi, client, files):
    """Without a client CA a certificate says nothing."""
    url = serve(kapi, files)
    ann = client(url, files / "serving-ca.crt", certificate=(files / "ann.crt", files / "ann.key"))
    assert ann.json("GET", "/version")[0] == 200
    assert ann.json("GET", "/apis/apps/v1/deployments")[0] == 403


def test_unusable_certificate(kapi_once, files):
    """A key that does not belong to the certificate is one line, exit code 1."""
    code, output, errors = kapi_once(
        "serve",
        "--secure-port=0",
        f"--data-dir={files / 'data'}",
        f"--tls-cert-file={files / 'server.crt'}",
        f"--tls-private-key-file={files / 'ann.key'}",
    )
    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert str(files / "server.crt") in errors
