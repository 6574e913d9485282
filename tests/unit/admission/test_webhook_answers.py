"""What webhooks answer: which reviews are read, what is said of others, and their patches."""

from __future__ import annotations

import base64
import json

import pytest

from kapi.admission.webhook.review import WebhookDenied, read_patch, read_review
from kapi.registry.webhook.client import CallFailed

STRUCT = "into Go struct field"


def review(api_version="admission.k8s.io/v1", **response):
    return {
        "apiVersion": api_version,
        "kind": "AdmissionReview",
        "response": {"uid": "u", "allowed": True, **response},
    }


def refusal(answer, version="v1", *, mutating=True):
    with pytest.raises(CallFailed) as caught:
        read_patch(read_review(answer, version, "u", mutating=mutating))
    return str(caught.value)


def patch_of(operations):
    return base64.b64encode(json.dumps(operations).encode()).decode()


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        ({"uid": 1}, f"number {STRUCT} AdmissionResponse.response.uid of type types.UID"),
        ({"allowed": "true"}, f"string {STRUCT} AdmissionResponse.response.allowed of type bool"),
        ({"status": []}, f"array {STRUCT} AdmissionResponse.response.status of type v1.Status"),
        (
            {"status": {"code": "400"}},
            f"string {STRUCT} Status.response.status.code of type int32",
        ),
        (
            {"status": {"reason": 1}},
            f"number {STRUCT} Status.response.status.reason of type v1.StatusReason",
        ),
        ({"warnings": [1]}, f"number {STRUCT} AdmissionResponse.response.warnings of type string"),
        ({"patch": 1}, f"number {STRUCT} AdmissionResponse.response.patch of type []uint8"),
        (
            {"patchType": 1},
            f"number {STRUCT} AdmissionResponse.response.patchType of type v1.PatchType",
        ),
    ],
)
def test_members_of_a_wrong_type(response, problem):
    """The call has failed, and the message names the Go field."""
    assert refusal(review(**response)) == (
        f"failed to call webhook: json: cannot unmarshal {problem}"
    )


@pytest.mark.parametrize(
    ("api_version", "kind", "problem"),
    [
        ("v1", "Status", "converting (v1.Status) to (v1.AdmissionReview): unknown conversion"),
        (
            "admission.k8s.io/v1beta1",
            "AdmissionReview",
            "converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion",
        ),
        (
            "admission.k8s.io/v2",
            "AdmissionReview",
            (
                'no kind "AdmissionReview" is registered for version "admission.k8s.io/v2" in '
                'scheme "k8s.io/apiserver/pkg/util/webhook/client.go:71"'
            ),
        ),
        ("a/b/c", "AdmissionReview", "unexpected GroupVersion string: a/b/c"),
    ],
)
def test_other_kinds_are_no_answer(api_version, kind, problem):
    """Only a review of the version that was sent is one."""
    answer = {**review(), "apiVersion": api_version, "kind": kind}
    assert refusal(answer) == f"failed to call webhook: {problem}"


def test_nulls_and_empty_values_count_as_missing():
    """An answer says as much as its members with a value."""
    response = read_review(
        review(status=None, patch=[], warnings=[None], auditAnnotations={"a": None}),
        "v1",
        "u",
        mutating=True,
    )
    assert (response.result, response.patch, response.warnings) == ({}, b"", [""])
    assert response.audit_annotations == {"a": ""}
    assert refusal({}) == "received invalid webhook response: webhook response was absent"


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        ("a", "invalid character 'a' looking for beginning of value"),
        ("[{", "unexpected end of JSON input"),
        ("{}", "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        ("[1]", "json: cannot unmarshal number into Patch.0 of type jsonpatch.Operation"),
    ],
)
def test_patches_that_cannot_be_read(patch, problem):
    """They are the webhook's failure, which its policy may ignore."""
    text = base64.b64encode(patch.encode()).decode()
    assert refusal(review(patch=text, patchType="JSONPatch")) == (
        f"received undecodable patch in webhook response: {problem}"
    )


def test_an_unknown_type_matters_only_for_patches_that_do_something():
    """An empty list of operations is read in any type."""
    empty = review(patch=patch_of([]), patchType="Other")
    assert read_patch(read_review(empty, "v1", "u", mutating=True)) == []
    full = review(patch=patch_of([{"op": "remove", "path": "/a"}]), patchType="Other")
    assert refusal(full) == 'unsupported patch type "Other"'


def test_operations_lose_what_is_no_text():
    """An operation without a kind is of an unknown one."""
    operations = [{"op": 1, "path": "/a", "from": None, "value": 1}, None]
    answer = review(patch=patch_of(operations), patchType="JSONPatch")
    assert read_patch(read_review(answer, "v1", "u", mutating=True)) == [
        {"op": "unknown", "path": "/a", "value": 1},
        {"op": "unknown"},
    ]


def test_a_denial_carries_the_metadata_of_its_status():
    """The Status is the webhook's but for its message."""
    result = {"metadata": {"resourceVersion": "3"}, "message": "m", "code": 600}
    answer = review(allowed=False, status=result)
    status = WebhookDenied("w", read_review(answer, "v1", "u", mutating=False).result).status()
    assert status["metadata"] == {"resourceVersion": "3"}
    assert (status["code"], status["message"]) == (
        600,
        'admission webhook "w" denied the request: m',
    )
