"""URLs as Kubernetes reads them: which texts are one, and why others are not.

Owns the reading of URLs that users write into objects. It is laxer than RFC 3986 in what it lets
pass, and its messages are those that clients of Kubernetes know. It refuses to interpret anything:
whether a scheme or a port makes sense is the business of whoever asks.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple
from urllib.parse import unquote

from kapi.apimachinery.field import quote

__all__ = ["URL", "URLError", "parse_url"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]").search
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):").match
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL).search
_ESCAPE = re.compile(r"%..", re.DOTALL).finditer
# In a host only what is not ASCII may be escaped, and the percent sign itself.
_HOST_ESCAPE = re.compile(r"%(?:25|[89A-Fa-f].)", re.DOTALL).fullmatch
_NOT_IN_HOST = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>\"%\x80-\U0010ffff]").search
_PORT = re.compile(r"(?::[0-9]*)?").fullmatch
_USER_INFO = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*").fullmatch
_ZONE = "%25"


class URLError(ValueError):
    """A text is no URL; the message says which and why."""


class URL(NamedTuple):
    """The parts of a URL as they were written, but for the scheme, which is in lower case."""

    scheme: str
    user: str | None
    host: str  # with the port
    path: str
    query: str
    fragment: str


class _Problem(Exception):
    """Why a text is no URL."""


def parse_url(text: str) -> URL:
    """The parts of a URL, which may be relative; raises URLError."""
    whole, _, fragment = text.partition("#")
    try:
        url = _parse(whole)._replace(fragment=fragment)
    except _Problem as problem:
        raise URLError(f"parse {quote(whole)}: {problem}") from None
    try:
        _check_escapes(fragment)
    except _Problem as problem:
        raise URLError(f"parse {quote(text)}: {problem}") from None
    return url


def _parse(text: str) -> URL:
    if _CONTROL(text):
        raise _Problem("net/url: invalid control character in URL")
    if text.startswith(":"):
        raise _Problem("missing protocol scheme")
    scheme, rest, user, host = "", text, None, ""
    match = _SCHEME(text)
    if match is not None:
        scheme, rest = match[1].lower(), text[match.end() :]
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return URL(scheme, None, "", "", query, "")
        if ":" in rest.partition("/")[0]:
            raise _Problem("first path segment in URL cannot contain colon")
    elif rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        user, host = _authority(authority)
        rest = slash + path
    _check_escapes(rest)
    return URL(scheme, user, host, rest, query, "")


def _authority(text: str) -> tuple[str | None, str]:
    """The user, if there is an ``@``, and the host."""
    user, at, host = text.rpartition("@")
    _check_host(host)
    if not at:
        return None, host
    if not _USER_INFO(user):
        raise _Problem("net/url: invalid userinfo")
    _check_escapes(user)
    return user, host


def _check_host(host: str) -> None:
    bracket = host.rfind("[")
    if bracket > 0:
        raise _Problem("invalid IP-literal")
    if bracket < 0:
        _, colon, port = host.partition(":")
        _check_port(colon + port)
        _check_host_text(host)
        return
    end = host.rfind("]")
    if end < 0:
        raise _Problem("missing ']' in host")
    _check_port(host[end + 1 :])
    address, zoned, zone = host[1:end].partition(_ZONE)
    _check_host_text(address)
    if zoned:
        _check_escapes(zone)
    try:
        IPv6Address(unquote(address))
    except AddressValueError:
        shown = unquote(host[1:end])
        told = f"ParseAddr({quote(shown)}): unable to parse IP"
        raise _Problem(f"invalid host: {told}") from None


def _check_port(text: str) -> None:
    if not _PORT(text):
        raise _Problem(f"invalid port {quote(text)} after host")


def _check_host_text(text: str) -> None:
    for found in _ESCAPE(text):
        if not _HOST_ESCAPE(found[0]):
            raise _Problem(f"invalid URL escape {quote(found[0])}")
    _check_escapes(text)
    wrong = _NOT_IN_HOST(text)
    if wrong:
        raise _Problem(f"invalid character {quote(wrong[0])} in host name")


def _check_escapes(text: str) -> None:
    wrong = _BAD_ESCAPE(text)
    if wrong:
        raise _Problem(f"invalid URL escape {quote(wrong[0])}")
