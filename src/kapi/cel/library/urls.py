"""URLs: the library of ``url()`` and ``isURL()``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from kapi.apimachinery.field import quote as quoted
from kapi.cel.types import opaque
from kapi.cel.values import CelError

if TYPE_CHECKING:
    from kapi.cel.functions import Functions

__all__ = ["declare_urls"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]").search
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):").match
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}").search
_HOST_OK = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>\"%\x80-\U0010ffff]*").fullmatch
_PORT = re.compile(r"(?::\d*)?").fullmatch
_PATH_SAFE = "/$&+,:;=@-_.~!*'()"


@dataclass(frozen=True, slots=True)
class URL:
    """A parsed URL: its parts as they were written."""

    scheme: str
    host: str
    path: str
    query: str

    def hostname(self) -> str:
        """The host without port and brackets."""
        if self.host.startswith("["):
            return self.host[1:].partition("]")[0]
        return self.host.partition(":")[0]

    def port(self) -> str:
        """The port, if one is named."""
        rest = self.host.rpartition("]")[2]
        return rest.rpartition(":")[2] if ":" in rest else ""

    def escaped_path(self) -> str:
        """The path with escapes."""
        kept = unquote(self.path, errors="surrogateescape")
        if quote(kept, safe=_PATH_SAFE) != self.path and " " not in self.path:
            return self.path
        return quote(kept, safe=_PATH_SAFE, errors="surrogateescape")

    def values(self) -> dict[str, list[str]]:
        """The parameters of the query."""
        found: dict[str, list[str]] = {}
        for pair in self.query.split("&"):
            if not pair or ";" in pair:
                continue
            key, _, value = pair.partition("=")
            if _BAD_ESCAPE(key) or _BAD_ESCAPE(value):
                continue
            name = unquote(key.replace("+", " "))
            found.setdefault(name, []).append(unquote(value.replace("+", " ")))
        return found


def _problem(text: str, why: str) -> CelError:
    return CelError(f"URL parse error during conversion from string: parse {quoted(text)}: {why}")


def parse_url(text: str) -> URL:
    """An absolute URL or an absolute path; raises CelError."""
    if not text:
        raise _problem(text, "empty url")
    if _CONTROL(text):
        raise _problem(text, "net/url: invalid control character in URL")
    rest, _, query = text.partition("?")
    scheme = ""
    match = _SCHEME(rest)
    if match is not None:
        scheme, rest = match[1].lower(), rest[match.end() :]
    elif rest.startswith(":"):
        raise _problem(text, "missing protocol scheme")
    if not rest.startswith("/"):
        raise _problem(text, "invalid URI for request")
    host = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        host, slash, path = rest[2:].partition("/")
        rest = slash + path
        host = host.rpartition("@")[2]
        _check_host(text, host)
    bad = _BAD_ESCAPE(rest)
    if bad is not None:
        raise _problem(text, f"invalid URL escape {quoted(bad[0])}")
    return URL(scheme, host, rest, query)


def _check_host(text: str, host: str) -> None:
    if host.startswith("["):
        inside, bracket, port = host.rpartition("]")
        if not bracket:
            raise _problem(text, "missing ']' in host")
        del inside
    else:
        name, colon, rest = host.partition(":")
        port = colon + rest
        bad = next((letter for letter in name if not _HOST_OK(letter)), "")
        if bad:
            raise _problem(text, f"invalid character {quoted(bad)} in host name")
    if not _PORT(port):
        raise _problem(text, f"invalid port {quoted(port)} after host")


def _is_url(text: str) -> bool:
    try:
        parse_url(text)
    except CelError:
        return False
    return True


def declare_urls(functions: Functions) -> None:
    """Declare the functions of URLs."""
    opaque("kubernetes.URL", URL)
    declare = functions.declare
    declare("url", "(string) -> kubernetes.URL", parse_url)
    declare("isURL", "(string) -> bool", _is_url)
    declare("getScheme", "kubernetes.URL.() -> string", lambda url: url.scheme)
    declare("getHost", "kubernetes.URL.() -> string", lambda url: url.host)
    declare("getHostname", "kubernetes.URL.() -> string", URL.hostname)
    declare("getPort", "kubernetes.URL.() -> string", URL.port)
    declare("getEscapedPath", "kubernetes.URL.() -> string", URL.escaped_path)
    declare("getQuery", "kubernetes.URL.() -> map<string, list<string>>", URL.values)
