"""Escalation: which of the rules that somebody gives away they do not have themselves.

Implements "Privilege escalation prevention and bootstrapping" of the RBAC documentation. Rules are
judged in their smallest parts (one verb on one resource); those that are missing are told together
again, a line for each resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.apimachinery.field import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.apimachinery.user import UserInfo

__all__ = ["FULL_AUTHORITY", "escalation_message", "missing_rules", "uncovered_rules"]

_ALL = "*"
# What may use an aggregation rule.
FULL_AUTHORITY: tuple[JSONObject, ...] = (
    {"apiGroups": [_ALL], "resources": [_ALL], "verbs": [_ALL]},
    {"nonResourceURLs": [_ALL], "verbs": [_ALL]},
)


class _Part(NamedTuple):
    """One right: a verb on a URL (``url``), or on a resource, or on one object of it."""

    verb: str
    group: str = ""
    resource: str = ""
    name: str = ""
    url: str | None = None


def missing_rules(held: Sequence[JSONObject], given: Iterable[JSONObject]) -> list[str]:
    """Those parts of the given rules that no held rule covers, as messages show them, sorted."""
    lines: dict[_Part, list[str]] = {}
    for rule in given:
        for part in _parts(rule):
            if any(_covers(owner, part) for owner in held):
                continue
            # Verbs on one resource share a line, those on a URL have one each.
            key = part if part.url is not None else part._replace(verb="")
            verbs = lines.setdefault(key, [])
            if part.verb not in verbs:
                verbs.append(part.verb)
    return sorted(_line(part, verbs) for part, verbs in lines.items())


def uncovered_rules(held: Sequence[JSONObject], given: Iterable[JSONObject]) -> list[JSONObject]:
    """Those of the given rules that the held ones do not cover whole."""
    return [
        rule
        for rule in given
        if rule not in held
        and any(not any(_covers(owner, part) for owner in held) for part in _parts(rule))
    ]


def escalation_message(user: UserInfo, missing: Iterable[str], errors: Sequence[str]) -> str:
    """Why somebody may not give rules away; ``errors`` tell why some that they hold are unknown."""
    text = (
        f"user {quote(user.name)} (groups={_quoted(user.groups)}) is attempting to grant RBAC "
        "permissions not currently held:\n" + "\n".join(missing)
    )
    return f"{text}; resolution errors: [{', '.join(errors)}]" if errors else text


def _parts(rule: JSONObject) -> Iterator[_Part]:
    verbs: Sequence[str] = rule.get("verbs") or ()
    for group in rule.get("apiGroups") or ():
        for resource in rule.get("resources") or ():
            for verb in verbs:
                for name in rule.get("resourceNames") or ("",):
                    yield _Part(verb, group, resource, name)
    for url in rule.get("nonResourceURLs") or ():
        for verb in verbs:
            yield _Part(verb, url=url)


def _covers(owner: JSONObject, part: _Part) -> bool:
    if not _holds(owner, "verbs", part.verb):
        return False
    if part.url is not None:
        return any(_covers_url(url, part.url) for url in owner.get("nonResourceURLs") or ())
    if not _holds(owner, "apiGroups", part.group):
        return False
    names: Sequence[str] = owner.get("resourceNames") or ()
    if names and part.name not in names:
        return False
    return _holds_resource(owner.get("resources") or (), part.resource)


def _holds(owner: JSONObject, member: str, wanted: str) -> bool:
    listed: Sequence[str] = owner.get(member) or ()
    return _ALL in listed or wanted in listed


def _holds_resource(listed: Sequence[str], wanted: str) -> bool:
    if _ALL in listed or wanted in listed:
        return True
    _, slash, subresource = wanted.partition("/")
    return bool(slash) and f"*/{subresource}" in listed


def _covers_url(owner: str, url: str) -> bool:
    return owner == url or (owner.endswith(_ALL) and url.startswith(owner[:-1]))


def _line(part: _Part, verbs: Sequence[str]) -> str:
    if part.url is not None:
        return f"{{NonResourceURLs:{_quoted([part.url])}, Verbs:{_quoted(verbs)}}}"
    names = f"ResourceNames:{_quoted([part.name])}, " if part.name else ""
    return (
        f"{{APIGroups:{_quoted([part.group])}, Resources:{_quoted([part.resource])}, "
        f"{names}Verbs:{_quoted(verbs)}}}"
    )


def _quoted(texts: Iterable[str]) -> str:
    return f"[{' '.join(map(quote, texts))}]"
