"""BoundPolicies: the policies in force, those that a binding names.

A policy is in force for every request that comes after its write was acknowledged. Programs are
compiled once for each version of a policy, and only if it is bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.admission.lookup import Lookup
    from kapi.admission.policy.constraints import Constraint
    from kapi.admission.webhook.matching import Matching
    from kapi.apimachinery.types import JSONObject

__all__ = ["Binding", "BoundPolicies", "Policy"]

_GROUP = "admissionregistration.k8s.io"


class Policy(Protocol):
    """What all compiled policies have."""

    @property
    def name(self) -> str:
        """The name of the object."""
        ...

    @property
    def constraint(self) -> Constraint:
        """What it is meant for."""
        ...

    @property
    def param_kind(self) -> JSONObject | None:
        """The kind of its parameters."""
        ...

    @property
    def ignores_failures(self) -> bool:
        """Its failurePolicy."""
        ...


P = TypeVar("P", bound=Policy)


class Binding(NamedTuple):
    """A binding; ``constraint`` is None if it narrows nothing."""

    name: str
    actions: list[str]
    constraint: Constraint | None
    param_ref: JSONObject | None

    async def means(self, matching: Matching, name: str) -> bool:
        """Whether the request is one of those that the binding is for."""
        return self.constraint is None or await self.constraint.match(matching, name) is not None


class BoundPolicies(Generic[P]):
    """The policies of one kind with their bindings, both in the order of their names."""

    def __init__(self, lookup: Lookup, kind: str, compile_one: Callable[[JSONObject], P]) -> None:
        """``kind`` is ``validatingadmissionpolic`` or ``mutatingadmissionpolic``."""
        self._lookup = lookup
        self._policies, self._bindings = f"{kind}ies", f"{kind}ybindings"
        self._compile = compile_one
        self._listed: tuple[list[JSONObject], list[JSONObject]] = ([], [])
        self._compiled: dict[str, tuple[JSONObject, P]] = {}
        self._bound: list[tuple[P, list[Binding]]] = []

    async def current(self) -> list[tuple[P, list[Binding]]]:
        """Those in force now; costs a look at one or two lists while nothing changes."""
        bindings = await self._lookup.list(_GROUP, self._bindings)
        if not bindings:
            return []
        policies = await self._lookup.list(_GROUP, self._policies)
        if bindings is not self._listed[0] or policies is not self._listed[1]:
            self._read(policies, bindings)
            self._listed = (bindings, policies)
        return self._bound

    def _read(self, policies: list[JSONObject], bindings: list[JSONObject]) -> None:
        by_policy: dict[str, list[Binding]] = {}
        for binding in sorted(bindings, key=_name):
            spec = binding.get("spec") or {}
            by_policy.setdefault(spec.get("policyName") or "", []).append(_binding(binding, spec))
        compiled: dict[str, tuple[JSONObject, P]] = {}
        for policy in policies:
            name = _name(policy)
            if name in by_policy:
                known = self._compiled.get(name)
                if known is None or known[0] is not policy:
                    known = policy, self._compile(policy)
                compiled[name] = known
        self._compiled = compiled
        self._bound = [(compiled[name][1], by_policy[name]) for name in sorted(compiled)]


def _name(obj: JSONObject) -> str:
    name: str = obj["metadata"]["name"]
    return name


def _binding(binding: JSONObject, spec: JSONObject) -> Binding:
    from kapi.admission.policy.constraints import Constraint  # noqa: PLC0415 - only if bound

    match = spec.get("matchResources")
    return Binding(
        _name(binding),
        spec.get("validationActions") or [],
        Constraint(match) if match else None,
        spec.get("paramRef"),
    )
