"""ValidatingAdmissionPolicy: policies written in CEL judge what is about to be stored.

Implements "Validating Admission Policy" of the documentation: bindings, parameters, actions. A
policy is in force for every request that comes after its write was acknowledged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import orjson

from kapi.admission.chain import Plugin
from kapi.admission.policy.bound import BoundPolicies
from kapi.admission.policy.inputs import RequestInputs, is_judged
from kapi.admission.policy.params import ConfigurationError, find_params, param_resource
from kapi.admission.refusal import refused
from kapi.admission.webhook.matching import Matching
from kapi.apimachinery.errors import StatusError

if TYPE_CHECKING:
    from kapi.admission.policy.bound import Binding
    from kapi.admission.policy.compiled import CompiledPolicy
    from kapi.admission.policy.evaluation import Failure
    from kapi.admission.webhook.matching import Invocation
    from kapi.admission.webhook.mutating import WebhookAccess
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.admission import Attributes
    from kapi.registry.catalogue import Resource

__all__ = ["ValidatingAdmissionPolicy"]

_FAILURES = "validation.policy.admission.k8s.io/validation_failure"


class _Invalid(StatusError):
    code = 422
    reason = "Invalid"


class _TooLarge(StatusError):
    code = 413
    reason = "RequestEntityTooLarge"


def _who(policy: CompiledPolicy, binding: Binding) -> str:
    return f"ValidatingAdmissionPolicy '{policy.name}' with binding '{binding.name}'"


class ValidatingAdmissionPolicy(Plugin):
    """See the module."""

    name: ClassVar[str] = "ValidatingAdmissionPolicy"

    def __init__(self, access: WebhookAccess) -> None:
        self._access = access
        self._policies = BoundPolicies(access.lookup, "validatingadmissionpolic", _compiled)

    def handles(self, attributes: Attributes) -> bool:
        """Everything but policies themselves."""
        return is_judged(attributes)

    async def validate(self, attributes: Attributes) -> None:
        """Evaluate all policies that are meant; the first denial counts."""
        bound = await self._policies.current()
        if bound:
            await _Judgement(attributes, self._access).run(bound)


def _compiled(policy: JSONObject) -> CompiledPolicy:
    from kapi.admission.policy.compiled import compile_policy  # noqa: PLC0415 - loads CEL

    return compile_policy(policy)


class _Judgement:
    """The policies on one request."""

    def __init__(self, attributes: Attributes, access: WebhookAccess) -> None:
        self._attributes = attributes
        self._access = access
        self._matching = Matching(attributes, access.lookup, access.versions)
        self._inputs = RequestInputs(attributes, access, self._matching)
        self._denials: list[tuple[str, str]] = []
        self._audited: list[JSONValue] = []
        self._notes: dict[str, list[str]] = {}

    async def run(self, bound: list[tuple[CompiledPolicy, list[Binding]]]) -> None:
        """Raises StatusError for the first denial."""
        name = self._attributes.context.name
        for policy, bindings in bound:
            invocation = await policy.constraint.match(self._matching, name)
            if invocation is None:
                continue
            try:
                resource = param_resource(self._access.versions, policy.param_kind)
            except ConfigurationError as error:
                self._refuse(policy, f"ValidatingAdmissionPolicy '{policy.name}'", error)
                continue
            for binding in bindings:
                if await binding.means(self._matching, name):
                    await self._apply(policy, binding, invocation, resource)
        context = self._attributes.context
        if self._audited:
            context.annotate(_FAILURES, orjson.dumps(self._audited).decode())
        for key, values in self._notes.items():
            context.annotate(key, ", ".join(values))
        if self._denials:
            raise self._error(*self._denials[0])

    async def _apply(
        self,
        policy: CompiledPolicy,
        binding: Binding,
        invocation: Invocation,
        resource: Resource | None,
    ) -> None:
        from kapi.admission.policy.evaluation import evaluate_policy  # noqa: PLC0415 - loads CEL

        namespace = self._attributes.context.namespace
        try:
            params = await find_params(self._access.lookup, resource, binding.param_ref, namespace)
        except ConfigurationError as error:
            self._refuse(policy, _who(policy, binding), error)
            return
        await self._inputs.read_namespace()
        base = self._inputs.scope(invocation)
        for param in params:
            scope = {**base, "params": param}
            for failure in evaluate_policy(policy, scope, self._notes):
                self._act(policy, binding, failure)

    def _refuse(self, policy: CompiledPolicy, who: str, error: ConfigurationError) -> None:
        """What cannot be used refuses whatever it is meant for."""
        if not policy.ignores_failures:
            self._denials.append((f"{who} denied request: {error}", "Invalid"))

    def _act(self, policy: CompiledPolicy, binding: Binding, failure: Failure) -> None:
        who, actions = _who(policy, binding), binding.actions
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
