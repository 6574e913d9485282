"""Headers and links that pass a proxy."""

from __future__ import annotations

import zlib

import pytest

from kapi.endpoints.connect.exchange import Exchange
from kapi.endpoints.connect.headers import (
    request_headers,
    response_headers,
    rewrite_location,
    upgrade_headers,
)
from kapi.endpoints.connect.html import LinkRewriter

PREFIX = "/api/v1/namespaces/ns/pods/p/proxy"


def exchange(*headers):
    return Exchange(list(headers), "/x", "192.0.2.9", None, None)


CLIENT = (
    (b"host", b"kapi"),
    (b"authorization", b"Bearer secret"),
    (b"impersonate-user", b"ann"),
    (b"impersonate-extra-x", b"1"),
    (b"x-remote-user", b"ann"),
    (b"x-forwarded-for", b"198.51.100.1"),
    (b"connection", b"Upgrade, X-Hop"),
    (b"upgrade", b"websocket"),
    (b"x-hop", b"1"),
    (b"cookie", b"a"),
    (b"cookie", b"b"),
    (
        b"sec-websocket-protocol",
        b"base64url.bearer.authorization.k8s.io.c2VjcmV0, v4.channel.k8s.io",
    ),
)


def test_passed_on():
    """What is about one connection or about who the client is stays; all else passes in order."""
    assert request_headers(exchange(*CLIENT)) == [
        (b"host", b"kapi"),
        (b"cookie", b"a"),
        (b"cookie", b"b"),
        (b"sec-websocket-protocol", b"v4.channel.k8s.io"),
        (b"x-forwarded-for", b"198.51.100.1, 192.0.2.9"),
        (b"connection", b"close"),
    ]


def test_what_cannot_be_taken_away():
    """A client may not call the length of its body, or the host, things of the connection."""
    names = (b"content-length", b"host", b"audit-id")
    headers = [(b"connection", b"Content-Length, host"), (b"connection", b"AUDIT-ID")]
    headers += [(name, b"1") for name in names]
    assert {name for name, _ in request_headers(exchange(*headers), keep=True)} >= set(names)


def test_upgrade_passes_on_the_wish():
    """A backend sees that another protocol is wanted, and no credentials."""
    headers = upgrade_headers(exchange(*CLIENT))
    names = [name for name, _ in headers]
    assert b"upgrade" in names
    assert dict(headers)[b"connection"] == b"Upgrade"
    assert not {b"authorization", b"impersonate-user", b"x-remote-user"} & set(names)


def test_only_a_token_as_protocol():
    """A token that was the only protocol leaves no header behind."""
    token = (b"sec-websocket-protocol", b"base64url.bearer.authorization.k8s.io.c2VjcmV0")
    names = [name for name, _ in upgrade_headers(exchange(token))]
    assert names == [b"x-forwarded-for"]


def test_passed_back():
    """A backend opens the server to no other site."""
    headers = [
        (b"connection", b"close"),
        (b"transfer-encoding", b"chunked"),
        (b"access-control-allow-origin", b"*"),
        (b"set-cookie", b"a"),
    ]
    assert response_headers(headers, cors=False) == [(b"set-cookie", b"a")]
    assert len(response_headers(headers, cors=True)) == 2


@pytest.mark.parametrize(
    ("location", "seen"),
    [
        ("/a/?x=1#y", f"{PREFIX}/a/?x=1#y"),
        ("http://10.0.0.1:80/a", f"{PREFIX}/a"),
        ("https://kapi/a", f"{PREFIX}/a"),
        ("https://elsewhere/a", "https://elsewhere/a"),
        ("a/b", "a/b"),
        (f"{PREFIX}/a", f"{PREFIX}/a"),
        ("#here", "#here"),
        ("http://[no/", "http://[no/"),
    ],
)
def test_places(location, seen):
    """Places on the backend lead back through the proxy, others stay."""
    assert rewrite_location(location, prefix=PREFIX, hosts=("10.0.0.1:80", "kapi")) == seen


PAGE = (
    b'<html><a class="x" href="/a?b=1&amp;c=2">/a</a><p title=\'/a\'><IMG SRC=/i.png alt="a>b">'
    b'<script src=\'/s.js\'></script><form action="/f"><a href="rel">1 < 2</a>'
)
REWRITTEN = (
    b'<html><a class="x" href="/P/a?b=1&amp;c=2">/a</a><p title=\'/a\'>'
    b'<IMG SRC="/P/i.png" alt="a>b"><script src="/P/s.js"></script>'
    b'<form action="/P/f"><a href="rel">1 < 2</a>'
)


def place(text):
    return f"/P{text}" if text.startswith("/") else text


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 1000])
def test_page_in_pieces(size):
    """Links are found however the page is cut; text and other attributes stay."""
    links = LinkRewriter(place, b"")
    pieces = [links.feed(PAGE[i : i + size]) for i in range(0, len(PAGE), size)]
    assert b"".join([*pieces, links.end()]) == REWRITTEN


def test_compressed_page():
    """A compressed page is rewritten and sent plain."""
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(PAGE) + packer.flush()
    links = LinkRewriter(place, b"gzip")
    assert links.feed(packed[:30]) + links.feed(packed[30:]) + links.end() == REWRITTEN
