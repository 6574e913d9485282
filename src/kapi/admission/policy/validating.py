"""ValidatingAdmissionPolicy: policies written in CEL judge what is about to be stored.

Implements "Validating Admission Policy" of the documentation: bindings, parameters, actions. A
policy is in force for every request that comes after its write was acknowledged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import orjson

from kapi.admission.chain import Plugin
from kapi.admission.refusal import refused
from kapi.admission.webhook.matching import Matching
from kapi.admission.webhook.mutating import is_reviewed
from kapi.apimachinery.errors import StatusError
from kapi.apimachinery.labels import selector_from_label_selector

if TYPE_CHECKING:
    from kapi.admission.policy.compiled import CompiledPolicy
    from kapi.admission.policy.constraints import Constraint
    from kapi.admission.policy.evaluation import Failure
    from kapi.admission.webhook.matching import Invocation
    from kapi.admission.webhook.mutating import WebhookAccess
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.admission import Attributes

__all__ = ["ValidatingAdmissionPolicy"]

_GROUP = "admissionregistration.k8s.io"
_FAILURES = "validation.policy.admission.k8s.io/validation_failure"


class _Invalid(StatusError):
    code = 422
    reason = "Invalid"


class _TooLarge(StatusError):
    code = 413
    reason = "RequestEntityTooLarge"


class _Binding(NamedTuple):
    name: str
    actions: list[str]
    constraint: Constraint
    param_ref: JSONObject | None


class _NoParams(Exception):
    """The parameters of a binding are missing, and that refuses the request."""


class ValidatingAdmissionPolicy(Plugin):
    """See the module."""

    name: ClassVar[str] = "ValidatingAdmissionPolicy"

    def __init__(self, access: WebhookAccess) -> None:
        self._access = access
        self._lookup = access.lookup
        self._listed: tuple[list[JSONObject], list[JSONObject]] = ([], [])
        self._compiled: dict[str, tuple[JSONObject, CompiledPolicy]] = {}
        self._bound: list[tuple[CompiledPolicy, list[_Binding]]] = []

    def handles(self, attributes: Attributes) -> bool:
        """Everything but what configures admission itself."""
        return is_reviewed(attributes)

    async def validate(self, attributes: Attributes) -> None:
        """Evaluate all policies that are meant; the first denial counts."""
        bindings = await self._lookup.list(_GROUP, "validatingadmissionpolicybindings")
        if not bindings:
            return
        policies = await self._lookup.list(_GROUP, "validatingadmissionpolicies")
        if bindings is not self._listed[0] or policies is not self._listed[1]:
            self._read(policies, bindings)
            self._listed = (bindings, policies)
        if not self._bound:
            return
        await _Judgement(attributes, self._access).run(self._bound)

    def _read(self, policies: list[JSONObject], bindings: list[JSONObject]) -> None:
        from kapi.admission.policy.compiled import compile_policy  # noqa: PLC0415 - loads CEL
        from kapi.admission.policy.constraints import Constraint  # noqa: PLC0415 - with it

        by_policy: dict[str, list[_Binding]] = {}
        for binding in bindings:
            spec = binding.get("spec") or {}
            by_policy.setdefault(spec.get("policyName") or "", []).append(
                _Binding(
                    binding["metadata"]["name"],
                    spec.get("validationActions") or [],
                    Constraint(spec.get("matchResources") or {}),
                    spec.get("paramRef"),
                )
            )
        compiled: dict[str, tuple[JSONObject, CompiledPolicy]] = {}
        for policy in policies:
            name = policy["metadata"]["name"]
            if name in by_policy:
                known = self._compiled.get(name)
                if known is None or known[0] is not policy:
                    known = policy, compile_policy(policy)
                compiled[name] = known
        self._compiled = compiled
        self._bound = [(compiled[name][1], by_policy[name]) for name in sorted(compiled)]


class _Judgement:
    """The policies on one request."""

    def __init__(self, attributes: Attributes, access: WebhookAccess) -> None:
        self._attributes = attributes
        self._access = access
        self._lookup = access.lookup
        self._matching = Matching(attributes, access.lookup, access.versions)
        self._denials: list[tuple[str, str]] = []
        self._audited: list[JSONValue] = []
        self._notes: dict[str, list[str]] = {}
        self._namespace: JSONObject | None = None

    async def run(self, bound: list[tuple[CompiledPolicy, list[_Binding]]]) -> None:
        """Raises StatusError for the first denial."""
        name = self._attributes.context.name
        for policy, bindings in bound:
            invocation = await policy.constraint.match(self._matching, name)
            if invocation is None:
                continue
            for binding in bindings:
                if await binding.constraint.match(self._matching, name) is not None:
                    await self._apply(policy, binding, invocation)
        context = self._attributes.context
        if self._audited:
            context.annotate(_FAILURES, orjson.dumps(self._audited).decode())
        for key, values in self._notes.items():
            context.annotate(key, ", ".join(values))
        if self._denials:
            raise self._error(*self._denials[0])

    async def _apply(
        self, policy: CompiledPolicy, binding: _Binding, invocation: Invocation
    ) -> None:
        from kapi.admission.policy.evaluation import (  # noqa: PLC0415 - loads CEL
            Failure,
            evaluate_policy,
        )

        try:
            params = await self._params(policy, binding)
        except _NoParams as error:
            if not policy.ignores_failures:
                self._act(policy, binding, Failure(str(error)), ["Deny"])
            return
        base = await self._scope(invocation)
        for param in params:
            scope = {**base, "params": param}
            for failure in evaluate_policy(policy, scope, self._notes):
                self._act(policy, binding, failure, binding.actions)

    async def _scope(self, invocation: Invocation) -> dict[str, Any]:
        from kapi.admission.expression_authorizer import (  # noqa: PLC0415 - loads CEL
            authorizer_variables,
        )

        objects, context = self._matching.objects, self._attributes.context
        request = invocation.request
        if self._namespace is None and context.namespace:
            self._namespace = await self._lookup.get("", "namespaces", "", context.namespace)
        return {
            "object": objects.new(invocation.resource)[0],
            "oldObject": objects.old(invocation.resource)[0],
            "request": request,
            "namespaceObject": self._namespace,
            **authorizer_variables(self._access.authorizer, context.user, request),
        }

    async def _params(self, policy: CompiledPolicy, binding: _Binding) -> list[JSONObject | None]:
        """The parameters to evaluate with, one after the other; raises _NoParams."""
        kind, ref = policy.param_kind, binding.param_ref
        if kind is None or ref is None:
            return [None]
        resource = self._access.versions.of_kind(kind.get("apiVersion", ""), kind.get("kind", ""))
        if resource is None:
            text = f'failed to find resource referenced by paramKind: "{kind.get("apiVersion")}'
            raise _NoParams(f'failed to configure policy: {text}, Kind={kind.get("kind")}"')
        storage, namespace = resource.storage, ""
        if resource.namespaced:
            namespace = ref.get("namespace") or self._attributes.context.namespace
            if not namespace:
                why = "cannot use namespaced paramRef in policy binding that matches cluster-scoped"
                raise _NoParams(f"failed to configure binding: {why} resources")
        found: list[JSONObject | None] = []
        if ref.get("name"):
            one = await self._lookup.get(storage.group, storage.resource, namespace, ref["name"])
            found = [one] if one is not None else []
        else:
            selector = selector_from_label_selector(ref.get("selector") or {})
            listed = await self._lookup.list(storage.group, storage.resource, namespace)
            found = [o for o in listed if selector.matches(o["metadata"].get("labels") or {})]
        if not found and ref.get("parameterNotFoundAction") == "Deny":
            why = "no params found for policy binding with `Deny` parameterNotFoundAction"
            raise _NoParams(f"failed to configure binding: {why}")
        return found

    def _act(
        self, policy: CompiledPolicy, binding: _Binding, failure: Failure, actions: list[str]
    ) -> None:
        who = f"ValidatingAdmissionPolicy '{policy.name}' with binding '{binding.name}'"
        if "Deny" in actions:
            self._denials.append((f"{who} denied request: {failure.text}", failure.reason))
        if "Warn" in actions:
            self._attributes.context.warn(f"Validation failed for {who}: {failure.text}")
        if "Audit" in actions:
            self._audited.append(
                {
                    "message": failure.text,
                    "policy": policy.name,
                    "binding": binding.name,
                    "validationActions": actions,
                }
            )

    def _error(self, text: str, reason: str) -> StatusError:
        forbidden = refused(self._attributes, text, [{"message": text}])
        if reason == "Forbidden":
            return forbidden
        kind = _TooLarge if reason == "RequestEntityTooLarge" else _Invalid
        return kind(forbidden.message, forbidden.details)
