"""Strategies of Lease and LeaseCandidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apis.coordination.validation import (
    validate_lease,
    validate_lease_candidate,
    validate_lease_candidate_update,
)
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["LeaseCandidateStrategy", "LeaseStrategy"]

# Members of coordinated leader election, which is off unless its API versions are served.
_ELECTION_FIELDS = ("strategy", "preferredHolder")


class LeaseStrategy(Strategy):
    """Lease."""

    standard_finalizers = False
    metadata_rules = (CHANGE,)
    allow_create_on_update: ClassVar[bool] = True
    allow_unconditional_update: ClassVar[bool] = False

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Drop the members of coordinated leader election."""
        spec = obj.get("spec")
        if spec:
            for field in _ELECTION_FIELDS:
                spec.pop(field, None)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Drop the members of coordinated leader election unless they are in use."""
        old_spec = old.get("spec") or {}
        if not any(field in old_spec for field in _ELECTION_FIELDS):
            self.prepare_for_create(context, obj)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Durations and counters."""
        validate_lease(obj, errors)


class LeaseCandidateStrategy(Strategy):
    """LeaseCandidate."""

    allow_create_on_update: ClassVar[bool] = True
    allow_unconditional_update: ClassVar[bool] = False

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """The lease and the versions of the candidate."""
        validate_lease_candidate(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The lease does not change."""
        validate_lease_candidate(obj, errors)
        validate_lease_candidate_update(obj, old, errors)
