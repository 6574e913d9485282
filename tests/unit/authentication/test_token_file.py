"""The table of static tokens."""

from __future__ import annotations

import pytest

from kapi.authentication.token_file import TokenFileError, parse_token_file


def test_rows_become_users():
    """Groups are one quoted column; blank lines and rows without a token are skipped."""
    text = 't0,admin,1,"system:masters,ops"\n\nt1,ann,2\n,nobody,3\nt2,bob,4,dev,ignored\n'
    users = parse_token_file(text, "f")
    assert {token: (user.name, user.uid, user.groups) for token, user in users.items()} == {
        "t0": ("admin", "1", ("system:masters", "ops")),
        "t1": ("ann", "2", ()),
        "t2": ("bob", "4", ("dev",)),
    }


def test_the_later_of_two_rows_counts():
    """A token that stands twice belongs to the later user."""
    assert parse_token_file("t,a,1\nt,b,2\n", "f")["t"].name == "b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t,admin\n", "must have at least 3 columns"),
        ('t,a,1,"unfinished\n', "line 1"),
    ],
)
def test_unreadable_rows_are_told(text, message):
    """A short row or an open quote is an error that names the file."""
    with pytest.raises(TokenFileError, match=message) as caught:
        parse_token_file(text, "tokens.csv")
    assert "tokens.csv" in str(caught.value)
