"""Table columns of CertificateSigningRequest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age, human_duration
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["CERTIFICATE_SIGNING_REQUEST"]

_V1 = "io.k8s.api.certificates.v1"


def _condition(status: JSONObject) -> str:
    types = {condition.get("type") for condition in status.get("conditions") or ()}
    shown = "Denied" if "Denied" in types else "Approved" if "Approved" in types else "Pending"
    if "Failed" in types:
        shown += ",Failed"
    if status.get("certificate"):
        shown += ",Issued"
    return shown


def _request_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    seconds = spec.get("expirationSeconds")
    return [
        meta["name"],
        age(meta.get("creationTimestamp"), now),
        spec.get("signerName") or "<none>",
        spec.get("username", ""),
        "<none>" if seconds is None else human_duration(seconds),
        _condition(obj.get("status") or {}),
    ]


# The texts of SignerName and Requestor are those of an API version that is gone.
CERTIFICATE_SIGNING_REQUEST = Columns(
    (
        NAME,
        AGE,
        Column(
            "SignerName",
            description=(
                "Requested signer for the request. It is a qualified name in the form: "
                "`scope-hostname.io/name`. If empty, it will be defaulted:\n"
                " 1. If it's a kubelet client certificate, it is assigned\n"
                '    "kubernetes.io/kube-apiserver-client-kubelet".\n'
                " 2. If it's a kubelet serving certificate, it is assigned\n"
                '    "kubernetes.io/kubelet-serving".\n'
                ' 3. Otherwise, it is assigned "kubernetes.io/legacy-unknown".\n'
                "Distribution of trust for signers happens out of band. "
                "You can select on this field using `spec.signerName`."
            ),
        ),
        Column("Requestor", description="Base64-encoded PKCS#10 CSR data"),
        Column(
            "RequestedDuration",
            describes=f"{_V1}.CertificateSigningRequestSpec.expirationSeconds",
        ),
        Column(
            "Condition",
            description="Conditions applied to the request, such as approval or denial.",
        ),
    ),
    _request_cells,
)
