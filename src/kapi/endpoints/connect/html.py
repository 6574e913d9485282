"""Links of HTML pages that come through a proxy, rewritten so that they lead back through it.

Pages are rewritten as they stream; a tag that is cut by the end of a piece waits for the rest.
"""

from __future__ import annotations

import html
import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.util.http_client import ResponseHead

__all__ = ["LinkRewriter", "is_html"]

# The attributes that hold places, by element.
_ATTRIBUTES: dict[bytes, frozenset[bytes]] = {
    element: frozenset(names.split())
    for element, names in {
        b"a": b"href",
        b"applet": b"codebase",
        b"area": b"href",
        b"audio": b"src",
        b"base": b"href",
        b"blockquote": b"cite",
        b"body": b"background",
        b"button": b"formaction",
        b"command": b"icon",
        b"del": b"cite",
        b"embed": b"src",
        b"form": b"action",
        b"frame": b"longdesc src",
        b"head": b"profile",
        b"html": b"manifest",
        b"iframe": b"longdesc src",
        b"img": b"longdesc src usemap",
        b"input": b"src formaction usemap",
        b"ins": b"cite",
        b"link": b"href",
        b"object": b"classid codebase data usemap",
        b"q": b"cite",
        b"script": b"src",
        b"source": b"src",
        b"video": b"poster src",
    }.items()
}
_TAG = re.compile(rb"<([a-zA-Z][a-zA-Z0-9]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
_CUT_TAG = re.compile(rb"<(?:[a-zA-Z](?:[^>\"']|\"[^\"]*\"|'[^']*')*(?:\"[^\"]*|'[^']*)?)?\Z")
_ATTRIBUTE = re.compile(rb"([a-zA-Z-]+)(\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)")
# A tag longer than this is passed on as it is.
_LONGEST_TAG_BYTES = 64 * 1024
_GZIP_WINDOW = 31


def is_html(head: ResponseHead) -> bool:
    """Whether a response is a page that can be read here."""
    media_type = head.header(b"content-type").split(b";", 1)[0].strip().lower()
    return media_type == b"text/html" and head.header(b"content-encoding") in {b"", b"gzip"}


class LinkRewriter:
    """Rewrites one page; ``place`` maps a link to where it leads from outside."""

    def __init__(self, place: Callable[[str], str], encoding: bytes) -> None:
        self._place = place
        self._inflate = zlib.decompressobj(_GZIP_WINDOW) if encoding == b"gzip" else None
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """The next piece of the page, rewritten as far as its tags are complete."""
        text = self._rest + (data if self._inflate is None else self._inflate.decompress(data))
        cut = _CUT_TAG.search(text)
        end = len(text)
        if cut is not None and end - cut.start() <= _LONGEST_TAG_BYTES:
            end = cut.start()
        self._rest = text[end:]
        return _TAG.sub(self._tag, text[:end])

    def end(self) -> bytes:
        """What was held back."""
        rest = self._rest if self._inflate is None else self._rest + self._inflate.flush()
        return _TAG.sub(self._tag, rest)

    def _tag(self, match: re.Match[bytes]) -> bytes:
        names = _ATTRIBUTES.get(match[1].lower())
        if names is None:
            return match[0]

        def attribute(found: re.Match[bytes]) -> bytes:
            return self._attribute(found) if found[1].lower() in names else found[0]

        return b"<" + match[1] + _ATTRIBUTE.sub(attribute, match[2]) + b">"

    def _attribute(self, match: re.Match[bytes]) -> bytes:
        old = html.unescape(match[3].strip(b"\"'").decode("utf-8", "surrogateescape"))
        new = self._place(old)
        if new == old:
            return match[0]
        quoted = html.escape(new).encode("utf-8", "surrogateescape")
        return b'%b%b"%b"' % (match[1], match[2], quoted)
