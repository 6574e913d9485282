"""Which requests a policy or a binding is meant for.

Implements ``matchConstraints`` and ``matchResources``: the rules of webhooks with names of
objects, what is excluded again, and selectors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kapi.admission.webhook.configurations import compile_webhooks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.admission.webhook.configurations import Webhook
    from kapi.admission.webhook.matching import Invocation, Matching
    from kapi.apimachinery.types import JSONObject

__all__ = ["Constraint"]

_EVERYTHING: JSONObject = {
    "operations": ["*"],
    "apiGroups": ["*"],
    "apiVersions": ["*"],
    "resources": ["*/*"],
}


def _never(_expression: str) -> object:
    raise AssertionError("a constraint has no conditions")


class Constraint:
    """The constraint of one policy or binding, compiled once."""

    def __init__(self, match: JSONObject) -> None:
        rules = match.get("resourceRules") or [_EVERYTHING]
        self._rules: list[JSONObject] = rules
        self._excluded: list[JSONObject] = match.get("excludeResourceRules") or []
        self._named = any(rule.get("resourceNames") for rule in (*rules, *self._excluded))
        selectors = {name: match.get(name) for name in ("namespaceSelector", "objectSelector")}
        self._policy = match.get("matchPolicy")
        self._base = _matcher(rules, self._policy, selectors)
        self._exclusion = _matcher(self._excluded, self._policy, {}) if self._excluded else None

    async def match(self, matching: Matching, name: str) -> Invocation | None:
        """How the request is seen, None if it is not meant."""
        wanted, unwanted = self._base, self._exclusion
        if self._named:
            rules = _matcher(_for_name(self._rules, name), self._policy, {})
            wanted = replace(wanted, rules=rules.rules)
            left = _for_name(self._excluded, name)
            unwanted = _matcher(left, self._policy, {}) if left else None
        if unwanted is not None and await matching.match(unwanted) is not None:
            return None
        return await matching.match(wanted)


def _for_name(rules: Sequence[JSONObject], name: str) -> list[JSONObject]:
    return [
        rule
        for rule in rules
        if not rule.get("resourceNames") or (name and name in rule["resourceNames"])
    ]


def _matcher(rules: Sequence[JSONObject], policy: str | None, selectors: JSONObject) -> Webhook:
    """The matching part of a webhook."""
    webhook = {"name": "", "rules": rules, "matchPolicy": policy, **selectors}
    configuration = {"metadata": {"name": ""}, "webhooks": [webhook]}
    return compile_webhooks(configuration, _never)[0]  # type: ignore[arg-type]
