"""Validation of CertificateSigningRequest, its approval and its status.

Implements "Certificates and Certificate Signing Requests" of the documentation. What was stored
while it was still allowed does not stand in the way of other changes.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.field import quote
from kapi.apis.certificates.pem import PEMError, check_certificates, parse_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "fill_condition_times",
    "keep_approval",
    "signer_name_messages",
    "validate_request",
    "validate_request_update",
]

_LEGACY_SIGNER = "kubernetes.io/legacy-unknown"
_USAGES = (
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
)
_APPROVAL_TYPES = ("Approved", "Denied")
# Conditions that are there or not, but never false.
_ONLY_TRUE = ("Approved", "Denied", "Failed")
_STATUSES = ("False", "True", "Unknown")
_MIN_SECONDS = 600
_SIGNER_FORM = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
_EXCLUSIVE = "Approved and Denied conditions are mutually exclusive"
_MAX_DOMAIN = 253  # RFC 1123
_MAX_SIGNER = 571  # a domain of 253, a slash, a name of 63, a dot and a name of 253


def validate_request(obj: JSONObject, errors: ErrorList, *, old: JSONObject | None = None) -> None:
    """The request and its status."""
    spec = obj.get("spec") or {}
    request = spec.get("request")
    if old is None or request != (old.get("spec") or {}).get("request"):
        _validate_content(request, errors)
    _validate_usages(spec.get("usages") or [], (old or {}).get("spec") or {}, errors)
    signer = spec.get("signerName", "")
    if signer == _LEGACY_SIGNER and ((old or {}).get("spec") or {}).get("signerName") != signer:
        message = "the legacy signerName is not allowed via this API version"
        errors.invalid("spec.signerName", signer, message)
    elif not signer:
        errors.required("spec.signerName")
    else:
        for value, message in signer_name_messages(signer):
            errors.invalid("spec.signerName", value, message)
        if len(signer) > _MAX_SIGNER:
            errors.too_long("spec.signerName", _MAX_SIGNER)
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _MIN_SECONDS:
        message = f"may not specify a duration less than {_MIN_SECONDS} seconds (10 minutes)"
        errors.invalid("spec.expirationSeconds", seconds, message)
    _validate_conditions(_conditions(obj), _conditions(old or {}), errors)
    certificate = (obj.get("status") or {}).get("certificate")
    if certificate and certificate != ((old or {}).get("status") or {}).get("certificate"):
        try:
            check_certificates(_decode(certificate))
        except PEMError as error:
            errors.invalid("status.certificate", "<certificate data>", str(error))


def _conditions(obj: JSONObject) -> list[JSONObject]:
    return (obj.get("status") or {}).get("conditions") or []


def _decode(data: str) -> bytes:
    try:
        return base64.b64decode(data)
    except (binascii.Error, ValueError):
        return b""


def _validate_content(request: str | None, errors: ErrorList) -> None:
    try:
        parse_request(_decode(request or ""))
    except PEMError as error:
        errors.invalid("spec.request", request, str(error))


def _validate_usages(usages: list[str], old_spec: JSONObject, errors: ErrorList) -> None:
    old = old_spec.get("usages") or ()
    if not usages:
        errors.required("spec.usages")
    if all(usage in _USAGES for usage in old):
        for i, usage in enumerate(usages):
            if usage not in _USAGES:
                errors.not_supported(f"spec.usages[{i}]", usage, _USAGES)
    if len(set(old)) == len(old):
        seen: set[str] = set()
        for i, usage in enumerate(usages):
            if usage in seen:
                errors.duplicate(f"spec.usages[{i}]", usage)
            seen.add(usage)


def signer_name_messages(signer: str) -> list[tuple[str, str]]:
    """What is wrong with a signer's name: the part that is, and how."""
    parts = signer.split("/")
    if len(parts) != 2:
        return [(signer, _SIGNER_FORM)]
    domain, path = parts
    wrong: list[tuple[str, str]] = []
    if len(domain) > _MAX_DOMAIN:
        wrong.append((domain, f"must be no more than {_MAX_DOMAIN} characters"))
    labels = domain.split(".")
    wrong += _first_wrong(domain, labels, names.dns1123_label)
    if len(labels) < 2:
        wrong.append((domain, "should be a domain with at least two segments separated by dots"))
    return wrong + _first_wrong(path, path.split("."), names.dns1123_subdomain)


def _first_wrong(
    whole: str, labels: list[str], check: Callable[[str], list[str]]
) -> list[tuple[str, str]]:
    """What is wrong with the first label that is; the others would be told alike."""
    for label in labels:
        messages = check(label)
        if messages:
            return [(whole, f"validating label {quote(label)}: {text}") for text in messages]
    return []


def _validate_conditions(
    conditions: list[JSONObject], old: list[JSONObject], errors: ErrorList
) -> None:
    old_types = [condition.get("type", "") for condition in old]
    path = "status.conditions"
    seen: set[str] = set()
    for i, condition in enumerate(conditions):
        where, kind = f"{path}[{i}]", condition.get("type", "")
        if not kind and "" not in old_types:
            errors.required(f"{where}.type")
        status = condition.get("status", "")
        known = ("True",) if kind in _ONLY_TRUE else _STATUSES
        if not status:
            errors.required(f"{where}.status")
        elif status not in known:
            errors.not_supported(f"{where}.status", status, known)
        if (
            kind in _APPROVAL_TYPES
            and any(other in seen for other in _APPROVAL_TYPES if other != kind)
            and not all(other in old_types for other in _APPROVAL_TYPES)
        ):
            errors.invalid(path, kind, _EXCLUSIVE)
        if kind in seen and len(set(old_types)) == len(old_types):
            errors.duplicate(f"{where}.type", kind)
        seen.add(kind)


def _conditions_of(obj: JSONObject, kind: str) -> list[JSONObject]:
    return [condition for condition in _conditions(obj) if condition.get("type") == kind]


def validate_request_update(
    obj: JSONObject,
    old: JSONObject,
    errors: ErrorList,
    *,
    may_approve: bool,
    may_set_certificate: bool,
) -> None:
    """A change through one of the three doors: the object, its approval or its status."""
    validate_request(obj, errors, old=old)
    path = "status.conditions"
    for kind in (*_APPROVAL_TYPES, "Failed"):
        if len(_conditions_of(obj, kind)) < len(_conditions_of(old, kind)):
            errors.forbidden(path, f"updates may not remove a condition of type {quote(kind)}")
    for kind in () if may_approve else _APPROVAL_TYPES:
        before, after = _conditions_of(old, kind), _conditions_of(obj, kind)
        if len(after) < len(before):
            continue
        if len(after) > len(before):
            errors.forbidden(path, f"updates may not add a condition of type {quote(kind)}")
        elif after != before:
            errors.forbidden(path, f"updates may not modify a condition of type {quote(kind)}")
    certificate = (obj.get("status") or {}).get("certificate")
    old_certificate = (old.get("status") or {}).get("certificate")
    if (certificate or None) != (old_certificate or None):
        if not may_set_certificate:
            errors.forbidden("status.certificate", "updates may not set certificate content")
        elif old_certificate:
            message = "updates may not modify existing certificate content"
            errors.forbidden("status.certificate", message)


def keep_approval(obj: JSONObject, old: JSONObject) -> None:
    """Put the stored approvals and denials where as many of them are written."""
    for kind in _APPROVAL_TYPES:
        stored = iter(_conditions_of(old, kind))
        if len(_conditions_of(obj, kind)) == len(_conditions_of(old, kind)):
            conditions = (obj.get("status") or {}).get("conditions") or []
            for index, condition in enumerate(conditions):
                if condition.get("type") == kind:
                    conditions[index] = dict(next(stored))


def fill_condition_times(obj: JSONObject, old: JSONObject, now: str) -> None:
    """Give new conditions their times; one of the same type and status keeps its transition."""
    for condition in _conditions(obj):
        if not condition.get("lastTransitionTime"):
            key = (condition.get("type"), condition.get("status"))
            condition["lastTransitionTime"] = next(
                (
                    known.get("lastTransitionTime") or now
                    for known in _conditions(old)
                    if (known.get("type"), known.get("status")) == key
                ),
                now,
            )
        if not condition.get("lastUpdateTime"):
            condition["lastUpdateTime"] = now
