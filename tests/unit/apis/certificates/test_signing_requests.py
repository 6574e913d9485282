"""CertificateSigningRequest, its approval and its status."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kapi.apimachinery.field import ErrorList
from kapi.apis.certificates.columns import CERTIFICATE_SIGNING_REQUEST
from kapi.apis.certificates.strategy import (
    CertificateSigningRequestApprovalStrategy,
    CertificateSigningRequestStatusStrategy,
    CertificateSigningRequestStrategy,
)
from kapi.apis.certificates.validation import signer_name_messages, validate_request
from kapi.registry.context import RequestContext, UserInfo

KEY = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ann")])
PEM = serialization.Encoding.PEM
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
USER = UserInfo("ann", groups=("dev",), extra={"team": ["a"]})
CONTEXT = RequestContext(USER, "", "c", 0.0, 36)


def text(data):
    return base64.b64encode(data).decode()


REQUEST = text(
    x509.CertificateSigningRequestBuilder()
    .subject_name(NAME)
    .sign(KEY, hashes.SHA256())
    .public_bytes(PEM)
)
CERTIFICATE = text(
    x509.CertificateBuilder(NAME, NAME, KEY.public_key(), 1, START, START)
    .sign(KEY, hashes.SHA256())
    .public_bytes(PEM)
)


def request(*conditions, certificate=None, **members):
    spec = {"request": REQUEST, "signerName": "example.com/robots", "usages": ["client auth"]}
    status = {"conditions": list(conditions)} if conditions else {}
    if certificate:
        status["certificate"] = certificate
    return {"metadata": {"name": "c"}, "spec": {**spec, **members}, "status": status}


def condition(kind, status="True", **members):
    return {"type": kind, "status": status, **members}


def update_errors(strategy, obj, old):
    errors = ErrorList()
    strategy().validate_update(CONTEXT, obj, old, errors)
    return [str(error) for error in errors]


def test_the_requester_is_recorded_and_nothing_is_approved():
    """What a client says about itself and about approval is dropped."""
    obj = request(condition("Approved"), username="root", uid="x", groups=["system:masters"])
    CertificateSigningRequestStrategy().prepare_for_create(CONTEXT, obj)
    assert obj["status"] == {}
    assert obj["spec"]["username"] == "ann"
    assert obj["spec"]["groups"] == ["dev"]
    assert obj["spec"]["extra"] == {"team": ["a"]}
    assert "uid" not in obj["spec"]


def test_a_request_without_content_is_wrong_in_three_places():
    """Content, usages and signer are missing."""
    errors = ErrorList()
    validate_request({"metadata": {"name": "c"}, "spec": {}}, errors)
    assert [str(error) for error in errors] == [
        "spec.request: Invalid value: null: PEM block type must be CERTIFICATE REQUEST",
        "spec.usages: Required value",
        "spec.signerName: Required value",
    ]


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"usages": ["fly"]}, "spec.usages[0]"),
        ({"usages": ["any", "any"]}, "spec.usages[1]"),
        ({"expirationSeconds": 599}, "spec.expirationSeconds"),
        ({"signerName": "kubernetes.io/legacy-unknown"}, "spec.signerName"),
        ({"request": text(b"not pem")}, "spec.request"),
        ({"request": CERTIFICATE}, "spec.request"),
    ],
)
def test_one_wrong_member_is_one_error(members, path):
    """A good request has none."""
    errors = ErrorList()
    validate_request(request(), errors)
    validate_request(request(**members), errors)
    assert [error.path for error in errors] == [path]


def test_signers_have_a_domain_and_a_path():
    """Each part is judged, and shown, by itself."""
    assert signer_name_messages("example.com/a") == []
    assert [part for part, _ in signer_name_messages("Bad_Host/x")] == ["Bad_Host", "Bad_Host"]
    assert len(signer_name_messages("a/b/c")) == 1


def test_only_the_approval_approves():
    """The status may have other conditions; an approval stays."""
    old, approved = request(), request(condition("Approved"))
    approve, status = (
        CertificateSigningRequestApprovalStrategy,
        CertificateSigningRequestStatusStrategy,
    )
    assert update_errors(approve, approved, old) == []
    assert update_errors(status, request(condition("Example", "False")), old) == []
    assert update_errors(status, approved, old) == [
        'status.conditions: Forbidden: updates may not add a condition of type "Approved"'
    ]
    assert update_errors(approve, old, approved) == [
        'status.conditions: Forbidden: updates may not remove a condition of type "Approved"'
    ]
    both = request(condition("Approved"), condition("Denied"))
    assert update_errors(approve, both, approved) == [
        (
            'status.conditions: Invalid value: "Denied": Approved and Denied conditions are '
            "mutually "
            "exclusive"
        )
    ]


def test_a_certificate_is_set_once_and_through_the_status():
    """Other content than certificates is refused."""
    status = CertificateSigningRequestStatusStrategy
    signed = request(certificate=CERTIFICATE)
    assert update_errors(status, signed, request()) == []
    assert update_errors(status, request(), signed) == [
        "status.certificate: Forbidden: updates may not modify existing certificate content"
    ]
    assert update_errors(status, request(certificate=text(b"x")), request()) == [
        (
            'status.certificate: Invalid value: "<certificate data>": must contain at least one '
            "CERTIFICATE PEM block"
        )
    ]


def test_conditions_are_dated_and_a_kept_one_keeps_its_transition():
    """The approval cannot touch the certificate."""
    old = request(condition("Approved", lastTransitionTime="2020-01-01T00:00:00Z"))
    obj = request(condition("Approved"), condition("Example", "False"), certificate=CERTIFICATE)
    CertificateSigningRequestApprovalStrategy().prepare_for_update(CONTEXT, obj, old)
    times = [entry["lastTransitionTime"] for entry in obj["status"]["conditions"]]
    assert times == ["2020-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]
    assert "certificate" not in obj["status"]


def test_the_table_tells_what_became_of_a_request():
    """A denial outweighs an approval; failure and certificate are appended."""
    obj = request(condition("Approved"), condition("Failed"), certificate="x")
    assert CERTIFICATE_SIGNING_REQUEST.cells(obj, 0.0)[2:] == [
        "example.com/robots",
        "",
        "<none>",
        "Approved,Failed,Issued",
    ]


def test_a_failure_stays_too():
    """Nobody removes the condition, however it is written."""
    failed = request(condition("Failed"))
    for strategy in (
        CertificateSigningRequestApprovalStrategy,
        CertificateSigningRequestStatusStrategy,
    ):
        assert update_errors(strategy, request(), failed) == [
            'status.conditions: Forbidden: updates may not remove a condition of type "Failed"'
        ]


def test_an_approval_stays_as_it_is_stored():
    """Whoever writes the status may leave out what the approver said."""
    times = dict.fromkeys(("lastUpdateTime", "lastTransitionTime"), "2026-01-02T03:04:05Z")
    stored = request(condition("Approved", reason="R", **times))
    written = request(condition("Approved"))
    CertificateSigningRequestStatusStrategy().prepare_for_update(CONTEXT, written, stored)
    assert written["status"]["conditions"] == stored["status"]["conditions"]
    assert update_errors(CertificateSigningRequestStatusStrategy, written, stored) == []


def test_the_first_wrong_label_of_a_signer_is_told():
    """Others are not; parts of the path may be longer than labels."""
    told = signer_name_messages("../x")
    assert [(part, text[:21]) for part, text in told] == [("..", 'validating label "": ')]
    assert signer_name_messages("example.com/" + "x" * 64) == []
