"""What is shown to which webhook."""

from __future__ import annotations

import base64
import json
import os

import pytest

from kapi.registry.webhook.credentials import (
    CredentialError,
    WebhookCredential,
    WebhookCredentials,
    read_credentials,
)
from kapi.server.certificates import create_authority


def config(*users, **more):
    """A kubeconfig with users, given as (name, members)."""
    entries = [{"name": name, "user": user} for name, user in users]
    return {"apiVersion": "v1", "kind": "Config", "users": entries, **more}


@pytest.fixture
def read(tmp_path):
    """Read a kubeconfig from a file."""

    def write(document):
        path = tmp_path / "kubeconfig"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return read_credentials(path)

    return write


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("hook.ns.svc:443", "hook.ns.svc"),
        ("hook.ns.svc:8443", "hook.ns.svc:8443"),
        ("other.ns.svc:443", "*.ns.svc"),
        ("other.other.svc:443", "*.svc"),
        ("other.other.svc:8443", "*.svc:8443"),
        ("other.other.svc:9443", "*"),
        ("a.b.example.com:443", "*.example.com"),
        ("example.com:443", "*"),
        ("127.0.0.1:9443", "127.0.0.1:9443"),
    ],
)
def test_the_nearest_name_counts(address, name):
    """Names are those of servers; ports other than 443 belong to them."""
    names = ["hook.ns.svc", "hook.ns.svc:8443", "*.ns.svc", "*.svc", "*.svc:8443", "*"]
    users = {
        each: WebhookCredential(None, None, each.encode())
        for each in [*names, "*.example.com", "127.0.0.1:9443"]
    }
    found = WebhookCredentials(users).for_server(address)
    assert found is not None
    assert found.headers() == [(b"authorization", name.encode())]


def test_the_current_context_is_for_all_others(read):
    """Its user counts where no name fits; without one nothing is shown."""
    contexts = [{"name": "c", "context": {"user": "me"}}]
    document = config(("me", {"token": "t"}), contexts=contexts)
    assert read(document).for_server("x.ns.svc:443") is None
    found = read({**document, "current-context": "c"}).for_server("x.ns.svc:443")
    assert found.headers() == [(b"authorization", b"Bearer t")]


def test_kinds_of_credentials(read, tmp_path):
    """A token goes before a file with one, and that before a password."""
    (tmp_path / "token").write_text("from-file\n")
    password = {"username": "ann", "password": "p:w"}
    for user, expected in [
        (password, b"Basic " + base64.b64encode(b"ann:p:w")),
        ({"tokenFile": "token", **password}, b"Bearer from-file"),
        ({"token": "t", "tokenFile": "token", **password}, b"Bearer t"),
    ]:
        found = read(config(("*", user))).for_server("x:443")
        assert found.headers() == [(b"authorization", expected)]


def test_token_files_are_followed(read, tmp_path):
    """A token that was renewed is used; a file that is gone leaves the last one."""
    path = tmp_path / "token"
    path.write_text("one")
    found = read(config(("*", {"tokenFile": str(path)}))).for_server("x:443")
    assert found.headers() == [(b"authorization", b"Bearer one")]
    path.write_text("two")
    os.utime(path, ns=(1, 1))
    assert found.headers() == [(b"authorization", b"Bearer two")]
    path.unlink()
    assert found.headers() == [(b"authorization", b"Bearer two")]


def test_certificates_from_files_change_with_them(read, tmp_path):
    """Who keeps TLS contexts can tell when a new one is needed."""
    pair = create_authority("a", 1e9).client_certificate("c", [], 1e9, 1)
    (tmp_path / "crt").write_bytes(pair.certificate)
    (tmp_path / "key").write_bytes(pair.private_key)
    user = {"client-certificate": "crt", "client-key": "key"}
    found = read(config(("*", user))).for_server("x:443")
    before = found.stamp
    assert found.stamp == before
    os.utime(tmp_path / "crt", ns=(1, 1))
    assert found.stamp != before


PEM = base64.b64encode(b"no PEM").decode()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("a: [", "it is no YAML"),
        ("[]", "it is no kubeconfig"),
        ("kind: Pod", "it is no kubeconfig"),
        ({"users": {}}, None),
        ({"users": 5}, "users: it must be a list"),
        ({"users": [{"user": {}}]}, "users[0]: a name and a user are required"),
        ({"users": [7]}, "users[0]: a name and a user are required"),
        (config(("*", {"token": 5})), "user '*': token must be a text"),
        (config(("*", {"exec": {"command": "x"}})), "user '*': exec is not supported"),
        (config(("*", {"as": "root"})), "user '*': as is not supported"),
        (config(("*", {"tokenFile": "missing"})), "user '*': cannot read "),
        (config(("*", {"client-key": "x"})), "a client certificate and its key belong together"),
        (config(("*", {"client-certificate": "x", "client-key": "y"})), "user '*': cannot read "),
        (
            config(("*", {"client-certificate-data": "%", "client-key-data": PEM})),
            "user '*': client-certificate-data must be base64 encoded",
        ),
        (
            config(("*", {"client-certificate-data": PEM, "client-key-data": PEM})),
            "user '*': the client certificate and key cannot be used",
        ),
    ],
)
def test_files_that_cannot_be_used(read, document, message):
    """Each is told in one line that names the file and the place."""
    if message is None:
        assert read(document).for_server("x:443") is None
        return
    with pytest.raises(CredentialError) as caught:
        read(document)
    assert message in str(caught.value)
    assert "kubeconfig" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path):
    """A file that is not there is told as that."""
    with pytest.raises(CredentialError, match=r"^cannot read .*/gone: No such file"):
        read_credentials(tmp_path / "gone")
