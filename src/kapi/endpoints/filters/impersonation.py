"""Impersonation: headers with which a request is made in the name of somebody else.

Implements "User impersonation" of the authentication documentation: ``Impersonate-User``,
``-Group``, ``-Uid`` and ``-Extra-*``. Comes after authentication and before authorization; whoever
is passed the request after that sees nobody but the impersonated user.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import unquote

from kapi.apimachinery.errors import BadRequest, Forbidden
from kapi.apimachinery.field import quote
from kapi.apimachinery.user import UserInfo
from kapi.endpoints.filters.authorization import attributes_of
from kapi.endpoints.filters.impersonation_modes import MODES, Mode, impersonated_user

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping
    from typing import Any

    from kapi.authorization.attributes import AuthorizationAttributes
    from kapi.authorization.authorizer import Authorizer
    from kapi.endpoints.request import Request

__all__ = ["PREFIX", "Impersonation", "wanted_user"]

# What the names of all headers of impersonation start with.
PREFIX = b"impersonate-"
_USER, _UID, _GROUP = b"impersonate-user", b"impersonate-uid", b"impersonate-group"
_EXTRA = b"impersonate-extra-"
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})").search
# The minor version since when rights may be given for a mode and a verb.
_CONSTRAINED_SINCE_MINOR = 36
# Requestors whose last mode is remembered.
_REMEMBERED = 10_000


class Impersonation:
    """Impersonation on one server, which remembers by which mode each requestor succeeded."""

    def __init__(self, authorizer: Authorizer, minor: int) -> None:
        self._authorizer = authorizer
        self._constrained = minor >= _CONSTRAINED_SINCE_MINOR
        self._modes = MODES if self._constrained else MODES[-1:]
        self._succeeded: OrderedDict[str, Mode] = OrderedDict()

    def apply(self, request: Request, scope: MutableMapping[str, Any]) -> None:
        """Make the request one of the user that its headers name, and take these headers away.

        Raises BadRequest for headers without a user, Forbidden for a user that may not be
        impersonated.
        """
        headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        wanted = wanted_user(headers)
        if not wanted.name:
            if any(_is_of_impersonation(name) for name, _ in headers if name != _USER):
                raise BadRequest(self._nameless(wanted))
            return
        request.user = self._user(wanted, attributes_of(request))
        kept = [header for header in headers if not _is_of_impersonation(header[0])]
        scope["headers"] = kept
        request.headers = dict(reversed(kept))

    def _user(self, wanted: UserInfo, asked: AuthorizationAttributes) -> UserInfo:
        """The impersonated user; the refusal of the first mode that suits is told."""
        requestor = asked.user
        first: Forbidden | None = None
        last = self._succeeded.get(requestor.name)
        modes: Iterable[Mode] = self._modes
        if last is not None:
            modes = (last, *(mode for mode in self._modes if mode is not last))
        for mode in modes:
            if not mode.suits(wanted, requestor):
                continue
            try:
                user = impersonated_user(mode, self._authorizer, wanted, asked)
            except Forbidden as error:
                first = first or error
                continue
            self._remember(requestor.name, mode)
            return user
        assert first is not None, "the classic mode suits everybody"
        raise first

    def _remember(self, requestor: str, mode: Mode) -> None:
        self._succeeded[requestor] = mode
        self._succeeded.move_to_end(requestor)
        if len(self._succeeded) > _REMEMBERED:
            self._succeeded.popitem(last=False)

    def _nameless(self, wanted: UserInfo) -> str:
        """What is told about headers that name no user; older servers show it in another form."""
        if self._constrained:
            return f"requested {_go_user(wanted)} without impersonating a user name"
        references = [("Group", "", group, "", "", "", "") for group in wanted.groups]
        version = "authentication.k8s.io/v1"
        references += [
            ("UserExtra", "", value, "", version, "", key)
            for key, values in wanted.extra.items()
            for value in values
        ]
        if wanted.uid:
            references.append(("UID", "", wanted.uid, "", version, "", ""))
        shown = " ".join(f"{{{' '.join(reference)}}}" for reference in references)
        return f"requested [{shown}] without impersonating a user"


def _is_of_impersonation(name: bytes) -> bool:
    return name in (_USER, _UID, _GROUP) or name.startswith(_EXTRA)


def wanted_user(headers: Iterable[tuple[bytes, bytes]]) -> UserInfo:
    """The user as the headers say it, with nothing added; the name may be missing."""
    name: str | None = None
    uid: str | None = None
    groups: list[str] = []
    extra: dict[str, list[str]] = {}
    for header, value in headers:
        if not header.startswith(PREFIX):
            continue
        text = value.decode("utf-8", "replace")
        if header == _USER:
            name = text if name is None else name
        elif header == _UID:
            uid = text if uid is None else uid
        elif header == _GROUP:
            groups.append(text)
        elif header.startswith(_EXTRA):
            extra.setdefault(_extra_key(header[len(_EXTRA) :].decode("latin-1")), []).append(text)
    return UserInfo(name or "", uid or "", tuple(groups), dict(sorted(extra.items())))


def _extra_key(encoded: str) -> str:
    """The key of extra values; what is not well encoded stays as it is."""
    lower = encoded.lower()
    return lower if _BAD_ESCAPE(lower) else unquote(lower)


def _go_user(user: UserInfo) -> str:
    """A user as Go shows it."""
    groups, extra = "[]string(nil)", "map[string][]string(nil)"
    if user.groups:
        groups = _go_list(user.groups)
    if user.extra:
        pairs = [f"{quote(key)}:{_go_list(values)}" for key, values in user.extra.items()]
        extra = f"map[string][]string{{{', '.join(pairs)}}}"
    name, uid = quote(user.name), quote(user.uid)
    return f"&user.DefaultInfo{{Name:{name}, UID:{uid}, Groups:{groups}, Extra:{extra}}}"


def _go_list(texts: Iterable[str]) -> str:
    return f"[]string{{{', '.join(map(quote, texts))}}}"
