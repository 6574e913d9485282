"""MutatingWork: the mutating policies on one request in one round.

Which policies, bindings and parameters are meant is found first; then each gets its turn on what
those before it have made. Failures are collected, so one that is to be ignored hides no other.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from kapi.admission.policy.compiled import Variables
from kapi.admission.policy.evaluation import CONDITIONS_LIMIT, COST_LIMIT, conditions_hold
from kapi.admission.policy.inputs import RequestInputs
from kapi.admission.policy.mutations import MutationError
from kapi.admission.policy.params import ConfigurationError, find_params, param_resource
from kapi.admission.refusal import refused
from kapi.admission.webhook.matching import Matching
from kapi.apimachinery.errors import StatusError
from kapi.apimachinery.scheme import DecodeError
from kapi.cel.values import CelError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from kapi.admission.policy.bound import Binding
    from kapi.admission.policy.compiled_mutating import CompiledMutatingPolicy
    from kapi.admission.policy.mutations import Mutation
    from kapi.admission.rounds import Rounds
    from kapi.admission.webhook.matching import Invocation
    from kapi.admission.webhook.mutating import WebhookAccess
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes, Reinvocation
    from kapi.registry.catalogue import Resource
    from kapi.structuredmerge.typed import TypedSchema

__all__ = ["MutatingWork"]

_LOG = logging.getLogger("kapi.admission.policy")


class _Refused(StatusError):
    """A policy could not do its work, and that refuses the request."""

    code = 403
    reason = "Invalid"


class _Call(NamedTuple):
    """One policy with one binding and one of its parameters."""

    policy: CompiledMutatingPolicy
    binding: Binding
    invocation: Invocation
    param: JSONObject | None

    @property
    def key(self) -> Hashable:
        meta = (self.param or {}).get("metadata") or {}
        return self.policy.name, self.binding.name, meta.get("namespace"), meta.get("name")


class MutatingWork:
    """The policies on one request in one round."""

    def __init__(self, attributes: Attributes, access: WebhookAccess) -> None:
        self._attributes = attributes
        self._access = access
        self._matching = Matching(attributes, access.lookup, access.versions)
        self._inputs = RequestInputs(attributes, access, self._matching)
        # Texts, and the reasons that they give the answer.
        self._failures: list[tuple[str, str]] = []

    async def choose(
        self, bound: list[tuple[CompiledMutatingPolicy, list[Binding]]]
    ) -> list[_Call]:
        """What is meant, in order, but for match conditions."""
        name = self._attributes.context.name
        calls: list[_Call] = []
        for policy, bindings in bound:
            invocation = await policy.constraint.match(self._matching, name)
            if invocation is None:
                continue
            try:
                resource = param_resource(self._access.versions, policy.param_kind)
            except ConfigurationError as error:
                self._fail(policy, f'policy "{policy.name}"', str(error), "Forbidden")
                continue
            namespace = self._attributes.context.namespace
            for binding in bindings:
                if not await binding.means(self._matching, name):
                    continue
                try:
                    params = await find_params(
                        self._access.lookup, resource, binding.param_ref, namespace
                    )
                except ConfigurationError as error:
                    self._fail(policy, _who(policy, binding), str(error), "Forbidden")
                    continue
                calls += [_Call(policy, binding, invocation, param) for param in params]
        if calls:
            await self._inputs.read_namespace()
        return calls

    async def run(self, calls: list[_Call], rounds: Rounds, reinvocation: Reinvocation) -> None:
        """Call those whose turn it is."""
        changed = False
        for call in calls:
            if reinvocation.again and call.key not in rounds.due:
                continue
            if not await self._is_wanted(call):
                continue
            if await self._mutate(call):
                changed = True
                rounds.changed()
            if call.policy.reinvocable:
                rounds.called.add(call.key)
        if changed:
            rounds.changed()
            reinvocation.wanted = True

    async def _scope(self, call: _Call) -> dict[str, Any]:
        """The variables as they are now: those before have changed the object."""
        await self._matching.objects.prepare(call.invocation.resource)
        return {**self._inputs.scope(call.invocation), "params": call.param}

    async def _is_wanted(self, call: _Call) -> bool:
        """Whether the match conditions hold."""
        if not call.policy.conditions:
            return True
        scope = await self._scope(call)
        try:
            return conditions_hold(call.policy.conditions, scope, [CONDITIONS_LIMIT])
        except CelError as error:
            self._fail(call.policy, _who(call.policy, call.binding), str(error))
            return False

    async def _mutate(self, call: _Call) -> bool:
        """Apply all mutations of a policy; whether the object is another now."""
        if self._attributes.obj is None:
            return False
        resource = call.invocation.resource
        typed = self._access.versions.typed(resource, self._attributes.subresource)
        changed = False
        for mutation in call.policy.mutations:
            try:
                changed |= await self._apply(call, mutation, typed)
            except MutationError as error:
                self._fail(call.policy, _who(call.policy, call.binding), str(error))
        return changed

    async def _apply(self, call: _Call, mutation: Mutation, typed: TypedSchema | None) -> bool:
        scope, budget = await self._scope(call), [COST_LIMIT]
        if call.policy.variables:
            # Of the object as it is now, so not shared between mutations.
            scope["variables"] = Variables(call.policy.variables, scope, budget)
        expression = mutation.expression
        try:
            value = expression.evaluate(scope, budget)
        except CelError as error:
            text = f"expression '{expression.source}' resulted in error: {error}"
            raise MutationError(text) from error
        obj = scope["object"]
        changed = mutation.mutate(value, obj, typed)
        if changed == obj:  # cheap: what stays the same is shared
            return False
        resource = call.invocation.resource
        if not mutation.patches:
            changed = self._restored(resource, changed)
        return await self._matching.objects.accept(resource, changed, strict=mutation.patches)

    def _restored(self, resource: Resource, changed: JSONObject) -> JSONObject:
        try:
            return self._access.versions.restored(resource, changed)
        except DecodeError as error:
            kind = f"{resource.api_version}, Kind={resource.kind}"
            text = f"unable to convert unstructured object to {kind}: {error}"
            raise MutationError(text) from error

    def _fail(
        self, policy: CompiledMutatingPolicy, who: str, why: str, reason: str = "Invalid"
    ) -> None:
        if policy.ignores_failures:
            _LOG.warning("mutating %s, failing open: %s", who, why)
        else:
            self._failures.append((f"{who} denied request: {why}", reason))

    def raise_failures(self) -> None:
        """Raise StatusError for what failed, if anything did."""
        if not self._failures:
            return
        text, reason = self._failures[0]
        causes: list[JSONObject] = [{"message": each} for each, _ in self._failures]
        forbidden = refused(self._attributes, text, causes)
        if reason == "Invalid":
            raise _Refused(text, forbidden.details)
        forbidden.message = text
        raise forbidden


def _who(policy: CompiledMutatingPolicy, binding: Binding) -> str:
    return f"policy '{policy.name}' with binding '{binding.name}'"
