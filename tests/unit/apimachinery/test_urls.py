"""Reading URLs: what passes, and what is said of the rest."""

from __future__ import annotations

import pytest

from kapi.apimachinery.urls import URL, URLError, parse_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("HTTPS://u:p@h:1/a%20b?q#f", URL("https", "u:p", "h:1", "/a%20b", "q", "f")),
        ("https:h/p?q", URL("https", None, "", "", "q", "")),
        ("https://[fe80::1%25en0]:1", URL("https", None, "[fe80::1%25en0]:1", "", "", "")),
        ("https://a%C3%A9:99999/", URL("https", None, "a%C3%A9:99999", "/", "", "")),
        ("a/b:c", URL("", None, "", "a/b:c", "", "")),
        ("///a:b", URL("", None, "", "///a:b", "", "")),
        ("", URL("", None, "", "", "", "")),
    ],
)
def test_parts(text: str, url: URL) -> None:
    """Each part is found, though nothing is said about its sense."""
    assert parse_url(text) == url


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (":a", "missing protocol scheme"),
        ("1:b", "first path segment in URL cannot contain colon"),
        ("https://a\\b", 'invalid character "\\\\" in host name'),
        ("https://a%20b", 'invalid URL escape "%20"'),
        ("https://a[b", "invalid IP-literal"),
        ("https://[::1", "missing ']' in host"),
        ("https://[::1]x", 'invalid port "x" after host'),
        ("https://[a]", 'invalid host: ParseAddr("a"): unable to parse IP'),
        ("https://u[@a", "net/url: invalid userinfo"),
        ("https://a/%4", 'invalid URL escape "%4"'),
        ("https://a\x01", "net/url: invalid control character in URL"),
    ],
)
def test_what_is_no_url(text: str, why: str) -> None:
    """The message says what the first mistake is."""
    with pytest.raises(URLError) as raised:
        parse_url(text)
    assert str(raised.value).startswith("parse ")
    assert str(raised.value).endswith(f": {why}")


def test_a_bad_fragment_shows_the_whole_text() -> None:
    """Other mistakes show the URL without its fragment."""
    with pytest.raises(URLError, match=r'^parse "/a#%": invalid URL escape "%"$'):
        parse_url("/a#%")
    with pytest.raises(URLError, match=r'^parse ":a": '):
        parse_url(":a#f")
