"""Limited resources: what may only be used where a quota covers it.

Implements ResourceQuotaConfiguration, "Limit Priority Class consumption by default" of the
documentation of resource quotas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.admission.refusal import refused
from kapi.apimachinery.errors import StatusError
from kapi.apis.core.resource_usage import matches_scopes, scope_expressions, usage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kapi.apimachinery.types import GroupResource, JSONObject, JSONValue
    from kapi.registry.admission import Attributes

__all__ = ["LimitedResource", "LimitedResourceError", "read_limited_resources", "require_quota"]

_KINDS = {
    ("apiserver.config.k8s.io/v1", "ResourceQuotaConfiguration"),
    ("resourcequota.admission.k8s.io/v1", "Configuration"),
    ("resourcequota.admission.k8s.io/v1beta1", "Configuration"),
    ("resourcequota.admission.k8s.io/v1alpha1", "Configuration"),
}
_MEMBERS = {"apiGroup", "resource", "matchContains", "matchScopes"}
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


class LimitedResourceError(Exception):
    """The configuration cannot be used; the text is one line and names the place."""


@dataclass(frozen=True, slots=True)
class LimitedResource:
    """Names (parts of them) that quotas count for a resource, and scopes, that are limited."""

    group: str
    resource: str
    match_contains: tuple[str, ...]
    match_scopes: tuple[JSONObject, ...]


def read_limited_resources(document: JSONObject) -> tuple[LimitedResource, ...]:
    """The configuration as it stands in a file; raises LimitedResourceError."""
    if (document.get("apiVersion"), document.get("kind")) not in _KINDS:
        raise LimitedResourceError(
            "it is no ResourceQuotaConfiguration of apiserver.config.k8s.io/v1"
        )
    unknown = document.keys() - {"apiVersion", "kind", "limitedResources"}
    if unknown:
        raise LimitedResourceError(f"unknown field {min(unknown)!r}")
    entries = _list(document.get("limitedResources"), "limitedResources")
    return tuple(
        _limited_resource(entry, f"limitedResources[{index}]")
        for index, entry in enumerate(entries)
    )


def _limited_resource(entry: JSONValue, where: str) -> LimitedResource:
    if not isinstance(entry, dict):
        raise LimitedResourceError(f"{where}: it must be a mapping")
    unknown = entry.keys() - _MEMBERS
    if unknown:
        raise LimitedResourceError(f"{where}: unknown field {min(unknown)!r}")
    group, resource = entry.get("apiGroup") or "", entry.get("resource")
    if not isinstance(group, str) or not isinstance(resource, str) or not resource:
        raise LimitedResourceError(f"{where}: a resource is required")
    names = _list(entry.get("matchContains"), f"{where}.matchContains")
    if not all(isinstance(name, str) for name in names):
        raise LimitedResourceError(f"{where}.matchContains: it must be a list of texts")
    scopes = _list(entry.get("matchScopes"), f"{where}.matchScopes")
    for index, scope in enumerate(scopes):
        _check_scope(scope, f"{where}.matchScopes[{index}]")
    return LimitedResource(group, resource, tuple(names), tuple(scopes))


def _check_scope(scope: JSONValue, where: str) -> None:
    if not isinstance(scope, dict) or not isinstance(scope.get("scopeName"), str):
        raise LimitedResourceError(f"{where}: a scopeName is required")
    if scope.get("operator") not in _OPERATORS:
        raise LimitedResourceError(f"{where}.operator: it must be one of {', '.join(_OPERATORS)}")
    _list(scope.get("values"), f"{where}.values")


def _list(value: JSONValue, where: str) -> list[JSONValue]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise LimitedResourceError(f"{where}: it must be a list")
    return value


def require_quota(
    attributes: Attributes,
    obj: JSONObject,
    limited: Sequence[LimitedResource],
    quotas: Iterable[JSONObject],
    interesting: Iterable[JSONObject],
) -> None:
    """Refuse what is limited and covered by no quota.

    ``interesting`` are those of the namespace's ``quotas`` that count the object.
    """
    resource = attributes.resource.storage
    covered = {
        name for quota in interesting for name in (quota.get("status") or {}).get("hard") or ()
    }
    missing = sorted(
        name
        for name in (usage_of(resource, obj) if limited else ())
        if name not in covered and any(_is_limited(name, resource, each) for each in limited)
    )
    if missing:
        raise refused(attributes, f"insufficient quota to consume: {','.join(missing)}")
    wanted = _matching(resource, obj, (scope for each in limited for scope in each.match_scopes))
    offered = {
        scope["scopeName"]
        for quota in quotas
        for scope in _matching(resource, obj, scope_expressions(quota))
    }
    uncovered = [scope for scope in wanted if scope["scopeName"] not in offered]
    if uncovered:
        shown = " ".join(map(_shown, uncovered))
        raise StatusError(f"insufficient quota to match these scopes: [{shown}]")


def _is_limited(name: str, resource: GroupResource, limited: LimitedResource) -> bool:
    return (limited.group, limited.resource) == resource and any(
        part in name for part in limited.match_contains
    )


def _matching(
    resource: GroupResource, obj: JSONObject, scopes: Iterable[JSONObject]
) -> list[JSONObject]:
    """The scopes that an object is in."""
    return [
        scope
        for scope in scopes
        if matches_scopes(resource, {"spec": {"scopeSelector": {"matchExpressions": [scope]}}}, obj)
    ]


def _shown(scope: JSONObject) -> str:
    values = " ".join(map(str, scope.get("values") or ()))
    return f"{{{scope['scopeName']} {scope['operator']} [{values}]}}"
