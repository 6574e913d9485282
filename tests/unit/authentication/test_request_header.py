"""Users that a trusted proxy names in headers."""

from __future__ import annotations

import ssl

import pytest

from kapi.apimachinery.user import UserInfo
from kapi.authentication.request_header import HeaderNames, RequestHeaderAuthenticator, header_user
from kapi.authentication.x509 import ClientCertificate
from kapi.server.certificates import create_authority

NOW, DAY = 1_700_000_000.0, 86400.0
HEADERS = [(b"x-remote-user", b"ann"), (b"x-remote-group", b"dev"), (b"x-remote-group", b"ops")]


def test_headers_become_a_user():
    """Groups add up, keys of extra are unescaped, and without a name there is nobody."""
    more = [(b"x-remote-uid", b"7"), (b"x-remote-extra-a%2fb", b"1"), (b"accept", b"*/*")]
    groups = ("dev", "ops", "system:authenticated")
    assert header_user([*HEADERS, *more]) == UserInfo("ann", "7", groups, {"a/b": ["1"]})
    assert header_user(HEADERS[1:]) is None


@pytest.fixture(scope="module")
def authorities():
    return create_authority("proxies", NOW), create_authority("clients", NOW)


def certificate(authority, name):
    pair = authority.client_certificate(name, [], NOW, DAY)
    der = ssl.PEM_cert_to_DER_cert(pair.certificate.decode())
    return ClientCertificate(der, (("commonName", name),), NOW + DAY)


def test_only_allowed_proxies_are_believed(authorities):
    """Neither clients, nor other names of the proxies' authority, nor expired certificates."""
    proxies, clients = authorities
    authenticator = RequestHeaderAuthenticator(
        proxies.pair.certificate, clients.pair.certificate, ["proxy"]
    )
    proxy = certificate(proxies, "proxy")
    believed = authenticator.authenticate(proxy, HEADERS, NOW)
    assert believed is not None
    assert believed.name == "ann"
    assert authenticator.authenticate(proxy, HEADERS, NOW + DAY + 1) is None
    assert authenticator.authenticate(certificate(proxies, "other"), HEADERS, NOW) is None
    assert authenticator.authenticate(certificate(clients, "proxy"), HEADERS, NOW) is None


def test_a_proxy_is_no_client(authorities):
    """The proxies' authority vouches for no user of its own, unless it is the clients' too."""
    proxies, clients = authorities
    proxy = certificate(proxies, "proxy")
    pems = proxies.pair.certificate, clients.pair.certificate
    assert not RequestHeaderAuthenticator(*pems, []).is_client(proxy)
    assert RequestHeaderAuthenticator(*pems, []).is_client(certificate(clients, "ann"))
    assert RequestHeaderAuthenticator(pems[0], pems[0], []).is_client(proxy)


NAMES = HeaderNames(
    users=("X-User", "X-Remote-User"),
    groups=("X-Group", "X-Remote-Group"),
    uids=("X-Uid",),
    extra_prefixes=("X-Extra-", "X-More-"),
)


def test_headers_may_have_other_names():
    """The first name with a value is the user; groups and extra are those of all names."""
    headers = [
        (b"x-user", b""),
        (b"x-remote-user", b"ann"),
        (b"x-uid", b"7"),
        (b"x-remote-uid", b"8"),
        (b"x-remote-group", b"ops"),
        (b"x-group", b"dev"),
        (b"x-extra-scopes", b"a"),
        (b"x-more-scopes", b"b"),
        (b"x-remote-extra-scopes", b"c"),
    ]
    user = header_user(headers, NAMES)
    assert user is not None
    assert (user.name, user.uid) == ("ann", "7")
    assert user.groups == ("dev", "ops", "system:authenticated")
    assert user.extra == {"scopes": ["a", "b"]}
    assert header_user([(b"x-remote-user", b"ann")], HeaderNames(users=("X-User",))) is None


def test_which_headers_name_users():
    """They are known whatever their case is, extra by its prefix."""
    assert NAMES.include(b"x-group")
    assert NAMES.include(b"x-more-anything")
    assert not NAMES.include(b"x-remote-uid")
    assert not NAMES.include(b"accept")
