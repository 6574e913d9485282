"""MutatingAdmissionPolicy: policies written in CEL change what is about to be stored.

Implements "Mutating Admission Policy" of the documentation. Policies run in the order of their
names, each on what those before it have made; which ones are meant is decided before the first.
When one of them has changed the object, all mutating plugins run once more, and of the policies
those with ``reinvocationPolicy: IfNeeded``. A policy is in force for every request that comes
after its write was acknowledged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.admission.policy.bound import BoundPolicies
from kapi.admission.policy.inputs import is_judged
from kapi.admission.rounds import Rounds
from kapi.registry.admission import Reinvocation

if TYPE_CHECKING:
    from kapi.admission.policy.compiled_mutating import CompiledMutatingPolicy
    from kapi.admission.webhook.mutating import WebhookAccess
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["MutatingAdmissionPolicy"]


class MutatingAdmissionPolicy(Plugin):
    """See the module."""

    name: ClassVar[str] = "MutatingAdmissionPolicy"
    operations: ClassVar[frozenset[str]] = frozenset({"CREATE", "UPDATE", "CONNECT"})

    def __init__(self, access: WebhookAccess) -> None:
        self._access = access
        self._policies = BoundPolicies(access.lookup, "mutatingadmissionpolic", _compiled)

    def handles(self, attributes: Attributes) -> bool:
        """Everything but deletions, and policies themselves."""
        return attributes.operation in self.operations and is_judged(attributes)

    async def mutate(self, attributes: Attributes) -> None:
        """Run the policies that are meant; raises StatusError when one fails that must not."""
        bound = await self._policies.current()
        if not bound or attributes.context.admitted:
            return
        from kapi.admission.policy.mutating_work import MutatingWork  # noqa: PLC0415 - loads CEL

        work = MutatingWork(attributes, self._access)
        calls = await work.choose(bound)
        if calls:
            if attributes.reinvocation is None:
                attributes.reinvocation = Reinvocation()
            rounds = attributes.reinvocation.states.setdefault(self.name, Rounds())
            assert isinstance(rounds, Rounds)
            rounds.begin(attributes.reinvocation, attributes.obj)
            await work.run(calls, rounds, attributes.reinvocation)
            rounds.end(attributes.obj)
        work.raise_failures()


def _compiled(policy: JSONObject) -> CompiledMutatingPolicy:
    from kapi.admission.policy.compiled_mutating import (  # noqa: PLC0415 - loads CEL
        compile_mutating_policy,
    )

    return compile_mutating_policy(policy)
