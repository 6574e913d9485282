"""The webhooks in force: configurations read through Lookup, compiled once for each version.

A configuration is in force for every request that comes after its write was acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.admission.webhook.match_conditions import MatchConditions
from kapi.admission.webhook.rules import RuleMatcher
from kapi.apimachinery.labels import Selector, selector_from_label_selector

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.admission.webhook.match_conditions import CompileCondition
    from kapi.apimachinery.types import JSONObject

__all__ = ["Configurations", "Webhook", "compile_webhooks"]

_GROUP = "admissionregistration.k8s.io"
_REVIEW_VERSIONS = ("v1", "v1beta1")
_NO_SIDE_EFFECTS = ("None", "NoneOnDryRun")


@dataclass(frozen=True, slots=True, eq=False)
class Webhook:
    """One webhook of a configuration, ready to be matched and called."""

    uid: str
    configuration: str
    name: str
    rules: RuleMatcher
    namespace_selector: Selector
    object_selector: Selector
    conditions: MatchConditions
    equivalent: bool  # matchPolicy Equivalent
    ignores_failures: bool  # failurePolicy Ignore
    allows_dry_run: bool
    reinvocable: bool  # reinvocationPolicy IfNeeded
    review_version: str
    timeout_seconds: int
    client_config: JSONObject


def compile_webhooks(configuration: JSONObject, compile_one: CompileCondition) -> list[Webhook]:
    """The webhooks of a stored configuration."""
    name = configuration["metadata"]["name"]
    seen: dict[str, int] = {}
    found: list[Webhook] = []
    for each in configuration.get("webhooks") or ():
        index = seen.get(each["name"], 0)
        seen[each["name"]] = index + 1
        found.append(_compile(name, index, each, compile_one))
    return found


def _compile(
    configuration: str, index: int, webhook: JSONObject, compile_one: CompileCondition
) -> Webhook:
    name = webhook["name"]
    versions = webhook.get("admissionReviewVersions") or ()
    return Webhook(
        uid=f"{configuration}/{name}/{index}",
        configuration=configuration,
        name=name,
        rules=RuleMatcher(webhook.get("rules") or ()),
        namespace_selector=selector_from_label_selector(webhook.get("namespaceSelector") or {}),
        object_selector=selector_from_label_selector(webhook.get("objectSelector") or {}),
        conditions=MatchConditions(webhook.get("matchConditions") or (), compile_one),
        equivalent=webhook.get("matchPolicy") != "Exact",
        ignores_failures=webhook.get("failurePolicy") == "Ignore",
        allows_dry_run=webhook.get("sideEffects") in _NO_SIDE_EFFECTS,
        reinvocable=webhook.get("reinvocationPolicy") == "IfNeeded",
        review_version=next((v for v in versions if v in _REVIEW_VERSIONS), ""),
        timeout_seconds=webhook.get("timeoutSeconds") or 10,
        client_config=webhook.get("clientConfig") or {},
    )


class Configurations:
    """The webhooks of all configurations of one resource, in the order of their names."""

    def __init__(self, lookup: Lookup, resource: str, compile_one: CompileCondition) -> None:
        self._lookup = lookup
        self._resource = resource
        self._compile = compile_one
        # The list as it was last, and what was made of it.
        self._listed: list[JSONObject] = []
        self._webhooks: list[Webhook] = []
        self._compiled: dict[str, tuple[JSONObject, list[Webhook]]] = {}

    async def webhooks(self) -> list[Webhook]:
        """Those that are in force now; costs one look at the list while nothing changes."""
        listed = await self._lookup.list(_GROUP, self._resource)
        if listed is not self._listed:
            self._webhooks = self._read(listed)
            self._listed = listed
        return self._webhooks

    def _read(self, listed: list[JSONObject]) -> list[Webhook]:
        compiled: dict[str, tuple[JSONObject, list[Webhook]]] = {}
        for configuration in listed:
            name = configuration["metadata"]["name"]
            known = self._compiled.get(name)
            if known is None or known[0] is not configuration:
                known = configuration, compile_webhooks(configuration, self._compile)
            compiled[name] = known
        self._compiled = compiled
        return [webhook for name in sorted(compiled) for webhook in compiled[name][1]]
