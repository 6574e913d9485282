"""Strategies of the access reviews, which are answered and never stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.authorization.validation import (
    validate_local_subject_access_review,
    validate_self_subject_access_review,
    validate_subject_access_review,
)
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = [
    "LocalSubjectAccessReviewStrategy",
    "SelfSubjectAccessReviewStrategy",
    "SubjectAccessReviewStrategy",
]


class SubjectAccessReviewStrategy(Strategy):
    """SubjectAccessReview."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Who, and what."""
        validate_subject_access_review(obj, errors)


class SelfSubjectAccessReviewStrategy(Strategy):
    """SelfSubjectAccessReview."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """What."""
        validate_self_subject_access_review(obj, errors)


class LocalSubjectAccessReviewStrategy(Strategy):
    """LocalSubjectAccessReview."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Who, and what in this namespace."""
        validate_local_subject_access_review(obj, errors)
