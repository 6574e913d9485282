"""Static tokens: the table of bearer tokens that a file or the server itself provides.

Implements "Static token file" of the authentication documentation: lines of
``token,user,uid,"group1,group2"``.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from kapi.apimachinery.user import UserInfo, with_authenticated_group

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["StaticTokenAuthenticator", "TokenFileError", "parse_token_file"]

_MINIMUM_COLUMNS = 3


class TokenFileError(ValueError):
    """A token file that cannot be read as a table of tokens."""


class StaticTokenAuthenticator:
    """Looks tokens up in a table that does not change while the server runs."""

    def __init__(self, users: Mapping[str, UserInfo]) -> None:
        self._users = {token: with_authenticated_group(user) for token, user in users.items()}

    def authenticate_token(self, token: str) -> UserInfo | None:
        """The token's user; None when the table has no such token."""
        return self._users.get(token)


def parse_token_file(text: str, source: str) -> dict[str, UserInfo]:
    """Read the CSV ``text`` of the token file ``source``.

    A line without a token is skipped, and of two lines with one token the later counts, as in
    kube-apiserver. Raises TokenFileError when a line is not a row of at least three columns.
    """
    users: dict[str, UserInfo] = {}
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for row in reader:
            if not row:
                continue
            if len(row) < _MINIMUM_COLUMNS:
                raise TokenFileError(
                    f"token file '{source}' must have at least 3 columns "
                    f"(token, user name, user uid), found {len(row)}"
                )
            token, name, uid, *more = row
            if token:
                users[token] = UserInfo(name, uid, tuple(more[0].split(",")) if more else ())
    except csv.Error as error:
        raise TokenFileError(f"token file '{source}', line {reader.line_num}: {error}") from error
    return users
