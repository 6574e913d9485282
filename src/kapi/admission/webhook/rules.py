"""RuleMatcher: whether the rules of a webhook mean an operation.

Implements "Matching requests: rules" of the documentation: operations, groups, versions, resources
with their subresources, and scope, all with ``*``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.types import JSONObject

__all__ = ["RequestedResource", "RuleMatcher", "is_exempt"]

_GROUP = "admissionregistration.k8s.io"
# What configures admission is never judged by it: nobody could mend a mistake otherwise.
_EXEMPT = frozenset(
    {
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "mutatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "validatingwebhookconfigurations",
    }
)


class RequestedResource(NamedTuple):
    """What rules look at; ``namespaced`` says whether the object is inside a namespace."""

    group: str
    version: str
    resource: str
    subresource: str
    operation: str
    namespaced: bool


def is_exempt(group: str, resource: str) -> bool:
    """Whether webhooks never see a resource."""
    return group == _GROUP and resource in _EXEMPT


class _Rule(NamedTuple):
    operations: frozenset[str]
    groups: frozenset[str]
    versions: frozenset[str]
    # Pairs of resource and subresource; either may be "*".
    resources: frozenset[tuple[str, str]]
    scope: str

    def matches(self, wanted: RequestedResource) -> bool:
        return (
            (wanted.operation in self.operations or "*" in self.operations)
            and (wanted.group in self.groups or "*" in self.groups)
            and (wanted.version in self.versions or "*" in self.versions)
            and self._means(wanted.resource, wanted.subresource)
            and (self.scope == "*" or (self.scope == "Namespaced") == wanted.namespaced)
        )

    def _means(self, resource: str, subresource: str) -> bool:
        resources = self.resources
        return (
            (resource, subresource) in resources
            or ("*", subresource) in resources
            or (resource, "*") in resources
            or ("*", "*") in resources
        )


class RuleMatcher:
    """The rules of one webhook, read once."""

    def __init__(self, rules: Sequence[JSONObject]) -> None:
        self._rules = tuple(_read(rule) for rule in rules)

    def matches(self, wanted: RequestedResource) -> bool:
        """Whether any rule means the operation."""
        return any(rule.matches(wanted) for rule in self._rules)


def _read(rule: JSONObject) -> _Rule:
    pairs: set[tuple[str, str]] = set()
    for text in rule.get("resources") or ():
        resource, _, subresource = text.partition("/")
        pairs.add((resource, subresource))
    return _Rule(
        frozenset(rule.get("operations") or ()),
        frozenset(rule.get("apiGroups") or ()),
        frozenset(rule.get("apiVersions") or ()),
        frozenset(pairs),
        rule.get("scope") or "*",
    )
