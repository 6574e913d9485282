"""Strategies of CertificateSigningRequest: the object, its approval and its status."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import names
from kapi.apis.certificates.validation import (
    fill_condition_times,
    keep_approval,
    validate_request,
    validate_request_update,
)
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = [
    "CertificateSigningRequestApprovalStrategy",
    "CertificateSigningRequestStatusStrategy",
    "CertificateSigningRequestStrategy",
]


class CertificateSigningRequestStrategy(Strategy):
    """The object: its spec never changes, and who asks is the server's knowledge."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec", "status")
    _may_approve: ClassVar[bool] = False
    _may_set_certificate: ClassVar[bool] = False

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Names are path segments."""
        return names.path_segment_name(name, prefix=prefix)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Record the requester; nobody creates an approved request."""
        user, spec = context.user, obj.setdefault("spec", {})
        requester = {
            "username": user.name,
            "uid": user.uid,
            "groups": list(user.groups),
            "extra": {key: list(values) for key, values in user.extra.items()},
        }
        for member, value in requester.items():
            spec.pop(member, None)
            if value:
                spec[member] = value
        obj["status"] = {}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """The request, its signer and its usages."""
        validate_request(obj, errors)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Keep the spec, whatever was sent."""
        obj["spec"] = old.get("spec") or {}

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """What may change here."""
        validate_request_update(
            obj,
            old,
            errors,
            may_approve=self._may_approve,
            may_set_certificate=self._may_set_certificate,
        )

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """The signer."""
        return {"spec.signerName": (obj.get("spec") or {}).get("signerName", "")}


class CertificateSigningRequestStatusStrategy(CertificateSigningRequestStrategy):
    """certificatesigningrequests/status: the certificate, and conditions but the approval."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
    _may_set_certificate: ClassVar[bool] = True

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Date the conditions; an approval or denial stays what it is."""
        keep_approval(obj, old)
        fill_condition_times(obj, old, context.now)


class CertificateSigningRequestApprovalStrategy(CertificateSigningRequestStrategy):
    """certificatesigningrequests/approval: conditions only."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
    _may_approve: ClassVar[bool] = True

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Date the conditions and keep the certificate."""
        fill_condition_times(obj, old, context.now)
        certificate = (old.get("status") or {}).get("certificate")
        status = obj.setdefault("status", {})
        if certificate:
            status["certificate"] = certificate
        else:
            status.pop("certificate", None)
