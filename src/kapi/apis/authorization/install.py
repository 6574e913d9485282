"""Registers the reviews of authorization.k8s.io."""

from __future__ import annotations

from kapi.apis.authorization import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "authorization.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group that has rules of its own."""
    for resource, review in (
        ("subjectaccessreviews", strategy.SubjectAccessReviewStrategy()),
        ("selfsubjectaccessreviews", strategy.SelfSubjectAccessReviewStrategy()),
        ("localsubjectaccessreviews", strategy.LocalSubjectAccessReviewStrategy()),
    ):
        rules.add(_GROUP, resource, KindRules(strategy=review))
