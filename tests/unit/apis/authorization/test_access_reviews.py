"""Access reviews and token requests."""

from __future__ import annotations

import pytest

from kapi.apimachinery.errors import BadRequest
from kapi.apimachinery.field import ErrorList
from kapi.apis.authentication.defaults import default_token_request
from kapi.apis.authentication.validation import require_review_token, validate_token_request
from kapi.apis.authorization.validation import (
    validate_local_subject_access_review,
    validate_self_subject_access_review,
    validate_subject_access_review,
)

RESOURCE = {"verb": "get", "resource": "pods"}
PATH = {"path": "/", "verb": "get"}


def errors_of(validate, metadata=None, **spec):
    errors = ErrorList()
    validate({"metadata": metadata or {}, "spec": spec}, errors)
    return [str(error) for error in errors]


def test_a_review_asks_one_thing_about_somebody():
    """Only a review of oneself needs no subject."""
    nothing = (
        "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or "
        "resourceAttributes must be specified"
    )
    nobody = 'spec.user: Invalid value: "": at least one of user or group must be specified'
    assert errors_of(validate_subject_access_review) == [nothing, nobody]
    assert errors_of(validate_self_subject_access_review) == [nothing]
    both = {"resourceAttributes": RESOURCE, "nonResourceAttributes": PATH}
    assert errors_of(validate_self_subject_access_review, **both) == [
        (
            'spec.nonResourceAttributes: Invalid value: {"Path":"/","Verb":"get"}: cannot be '
            "specified "
            "in combination with resourceAttributes"
        )
    ]


def test_a_review_has_no_metadata():
    """A local one has the namespace it asks about."""
    review = {"user": "ann", "resourceAttributes": {**RESOURCE, "namespace": "ns"}}
    local = validate_local_subject_access_review
    assert errors_of(local, {"namespace": "ns"}, **review) == []
    assert errors_of(local, {"namespace": "other"}, **review) == [
        'spec.resourceAttributes.namespace: Invalid value: "ns": must match metadata.namespace'
    ]
    assert errors_of(validate_subject_access_review, {"name": "n"}, **review) == [
        'metadata: Invalid value: {"name":"n"}: must be empty'
    ]


def test_selectors_of_a_review_are_raw_or_requirements():
    """An unknown operator is left to whoever answers."""
    path = "spec.resourceAttributes.labelSelector"

    def selector_errors(**selector):
        attributes = {**RESOURCE, "labelSelector": selector}
        return errors_of(validate_self_subject_access_review, resourceAttributes=attributes)

    assert selector_errors(requirements=[{"key": "a", "operator": "Near"}]) == []
    assert selector_errors() == [
        (
            f"{path}.requirements: Required value: when {path} is specified, requirements or "
            "rawSelector is required"
        )
    ]
    assert selector_errors(rawSelector="a", requirements=[{"key": "a", "operator": "In"}]) == [
        (
            f'{path}.rawSelector: Invalid value: "a": may not specified at the same time as '
            "requirements"
        ),
        (
            f"{path}.requirements[0].values: Required value: must be specified when `operator` is "
            "'In' or 'NotIn'"
        ),
    ]


def test_tokens_live_for_ten_minutes_at_least():
    """An hour when nothing is said."""
    obj = {}
    default_token_request(obj)
    assert obj["spec"]["expirationSeconds"] == 3600
    assert errors_of(validate_token_request, expirationSeconds=3600) == []
    for seconds in (599, 2**32 + 1):
        (error,) = errors_of(validate_token_request, expirationSeconds=seconds)
        assert error.startswith(f"spec.expirationSeconds: Invalid value: {seconds}: may not")


def test_a_token_review_without_token_cannot_be_read():
    """It is a bad request, not an invalid object."""
    with pytest.raises(BadRequest, match="token is required for TokenReview in authentication"):
        require_review_token({"spec": {"token": ""}})
