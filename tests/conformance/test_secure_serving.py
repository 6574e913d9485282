"""Authentication over real TLS, and HTTP as clients speak it."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kapi.server.certificates import create_authority
from kapi.testing import Server
from kapi.util.clock import SystemClock

YEAR_SECONDS = 365 * 86400
# The kubectl of the development dependencies, not the machine's.
KUBECTL = Path(sys.executable).with_name("kubectl")


@pytest.fixture(scope="module")
def server():
    """One server in a process of its own."""
    with Server() as running:
        yield running


@pytest.fixture
def connect(server, client):
    """Connections to the server with the credentials given."""

    def to_server(**credentials):
        return client(server.url, server.ca_file, **credentials)

    return to_server


def written(tmp_path, pair):
    certificate, key = tmp_path / "client.crt", tmp_path / "client.key"
    certificate.write_bytes(pair.certificate)
    key.write_bytes(pair.private_key)
    return certificate, key


def test_client_certificate(server, connect):
    """The administrator's certificate authenticates, on each request of a connection."""
    pki = server.kubeconfig.parent / "pki"
    connection = connect(certificate=(pki / "admin.crt", pki / "admin.key"))
    for _ in range(2):
        user = connection.who_am_i()
        assert user["username"] == "kubernetes-admin"
        assert user["groups"] == ["system:masters", "system:authenticated"]


def test_certificate_of_another_user(server, connect, tmp_path):
    """``kapi kubeconfig --user`` makes certificates for anybody."""
    words = ["kubeconfig", "--user=ann", "--groups=dev", f"--data-dir={server.kubeconfig.parent}"]
    text = subprocess.run(
        [sys.executable, "-m", "kapi", *words], check=True, capture_output=True, text=True
    ).stdout
    config = tmp_path / "kubeconfig"
    config.write_text(text)
    done = subprocess.run(
        [
            str(KUBECTL),
            f"--kubeconfig={config}",
            "auth",
            "whoami",
            "-o=jsonpath={.status.userInfo}",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert '"username":"ann"' in done.stdout
    assert '"dev"' in done.stdout


def test_foreign_certificate_ends_the_handshake(connect, tmp_path):
    """A certificate that the client CA did not sign gets no answer, not even as anonymous."""
    now = SystemClock().now()
    pair = create_authority("elsewhere", now).client_certificate("ann", ["dev"], now, YEAR_SECONDS)
    connection = connect(certificate=written(tmp_path, pair))
    with pytest.raises(OSError):
        connection.json("GET", "/version")


def test_bearer_tokens(server, connect):
    """The administrator's token is known; another is 401 where anonymous requests are 200."""
    assert connect(token=server.token).who_am_i()["username"] == "kubernetes-admin"
    assert connect().json("GET", "/version")[0] == 200
    status, body = connect(token="wrong").json("GET", "/version")
    assert (status, body["reason"], body["message"]) == (401, "Unauthorized", "Unauthorized")


def test_connections(connect):
    """A connection is kept alive until the client wants it closed; HEAD has no body."""
    connection = connect()
    head = connection.request("HEAD", "/version")
    assert head.read() == b""
    first = connection.connection.sock
    assert first is not None
    answer = connection.request("GET", "/version")
    assert answer.read()
    assert connection.connection.sock is first
    assert answer.headers["Date"]
    closed = connection.request("GET", "/version", Connection="close")
    assert closed.headers["Connection"] == "close"


def test_large_headers(server, connect):
    """Half a megabyte of headers is served, more than one mebibyte refused."""
    assert connect().json("GET", "/version", Filler="x" * 500_000)[0] == 200
    address = urlsplit(server.url)
    context = ssl.create_default_context(cafile=server.ca_file)
    with (
        socket.create_connection((address.hostname, address.port)) as plain,
        context.wrap_socket(plain, server_hostname=address.hostname) as connection,
    ):
        head = b"GET /version HTTP/1.1\r\nHost: x\r\n"
        filler = b"Filler: " + b"x" * 8000 + b"\r\n"
        connection.sendall((head + filler * 132)[: (1 << 20) + 1])
        assert connection.recv(100).startswith(b"HTTP/1.1 431 ")
