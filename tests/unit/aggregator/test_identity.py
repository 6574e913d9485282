"""How a server behind this one is told who asks."""

from __future__ import annotations

from kapi.aggregator.identity import identity_headers
from kapi.apimachinery.user import UserInfo


def test_headers_name_user_uid_groups_and_extra():
    """Groups and values of extra repeat their header; keys of extra are escaped."""
    user = UserInfo("ann", "7", ("dev", "ops"), {"Example.org/a b": ["1", "2"]})
    assert list(identity_headers(user)) == [
        (b"x-remote-user", b"ann"),
        (b"x-remote-uid", b"7"),
        (b"x-remote-group", b"dev"),
        (b"x-remote-group", b"ops"),
        (b"x-remote-extra-example.org%2Fa%20b", b"1"),
        (b"x-remote-extra-example.org%2Fa%20b", b"2"),
    ]


def test_line_breaks_begin_no_header():
    """A user cannot smuggle a header in through a name."""
    headers = identity_headers(UserInfo("ann\r\nX-Remote-Group: system:masters"))
    assert headers[0][1] == b"ann  X-Remote-Group: system:masters"
