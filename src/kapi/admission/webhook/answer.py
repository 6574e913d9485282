"""The AdmissionReview that a webhook answers, read as a typed object.

Owns the form of answers of ``admission.k8s.io/v1`` and ``v1beta1``: which kinds are taken for a
review, and what is said of members of a wrong type. Whether the answer fits the request is judged
in ``review``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from kapi.apimachinery.scheme.decode import DecodeError, DecoderCompiler
from kapi.apimachinery.scheme.definitions import Presence
from kapi.apimachinery.scheme.diagnose import type_error
from kapi.apimachinery.scheme.go_names import GoNames
from kapi.apimachinery.scheme.model import Field, Type
from kapi.registry.webhook.client import CallFailed

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["decode_answer"]

_GROUP = "admission.k8s.io"
_KIND = "AdmissionReview"
_VERSIONS = ("v1", "v1beta1")
_META = "io.k8s.apimachinery.pkg.apis.meta.v1"
_STRING, _BOOLEAN, _INTEGER = Type("string"), Type("boolean"), Type("int32")
_SCHEME = "k8s.io/apiserver/pkg/util/webhook/client.go:71"


def decode_answer(answer: JSONObject, version: str) -> JSONObject:
    """The review with what reviews have; ``version`` is the one that was asked with.

    Raises CallFailed when it is another kind, or a member has a wrong type.
    """
    problem = _wrong_kind(answer, version)
    if not problem:
        kind = _review(version)
        try:
            decoded = _compiler().decoder(kind)(answer, [])
        except DecodeError as error:
            told = type_error(_compiler(), GoNames(Presence()), kind, answer)
            problem = told or error.detail
        else:
            assert isinstance(decoded, dict)
            return decoded
    raise CallFailed(f"failed to call webhook: {problem}")


def _wrong_kind(answer: JSONObject, version: str) -> str:
    """Why an answer is no review of the version; what it does not say is taken for granted."""
    api_version, kind = answer.get("apiVersion") or "", answer.get("kind") or _KIND
    if api_version.count("/") > 1:
        return f"unexpected GroupVersion string: {api_version}"
    found = api_version or f"{_GROUP}/{version}"
    if (found, kind) == (f"{_GROUP}/{version}", _KIND):
        return ""
    reviews = kind == _KIND and found in [f"{_GROUP}/{known}" for known in _VERSIONS]
    if reviews or (found, kind) == ("v1", "Status"):
        wanted = f"({version}.{_KIND})"
        return f"converting ({found.rpartition('/')[2]}.{kind}) to {wanted}: unknown conversion"
    return f'no kind "{kind}" is registered for version "{found}" in scheme "{_SCHEME}"'


@cache
def _compiler() -> DecoderCompiler:
    return DecoderCompiler()


def _struct(name: str, /, **members: Type) -> Type:
    return Type("struct", name, {each: Field(each, kind) for each, kind in members.items()})


@cache
def _review(version: str) -> Type:
    package = f"io.k8s.api.admission.{version}"
    response = _struct(
        f"{package}.AdmissionResponse",
        uid=_STRING,
        allowed=_BOOLEAN,
        status=_status(),
        patch=Type("bytes"),
        patchType=_STRING,
        auditAnnotations=Type("map", element=_STRING),
        warnings=Type("list", element=_STRING),
    )
    for member in ("status", "patchType"):
        response.fields[member].pointer = True
    review = _struct(f"{package}.{_KIND}", kind=_STRING, apiVersion=_STRING, response=response)
    review.fields["response"].pointer = True
    return review


def _status() -> Type:
    cause = _struct(f"{_META}.StatusCause", reason=_STRING, message=_STRING, field=_STRING)
    details = _struct(
        f"{_META}.StatusDetails",
        name=_STRING,
        group=_STRING,
        kind=_STRING,
        uid=_STRING,
        causes=Type("list", element=cause),
        retryAfterSeconds=_INTEGER,
    )
    metadata = _struct(
        f"{_META}.ListMeta",
        selfLink=_STRING,
        resourceVersion=_STRING,
        remainingItemCount=Type("int64"),
        **{"continue": _STRING},
    )
    status = _struct(
        f"{_META}.Status",
        kind=_STRING,
        apiVersion=_STRING,
        metadata=metadata,
        status=_STRING,
        message=_STRING,
        reason=_STRING,
        details=details,
        code=_INTEGER,
    )
    status.fields["details"].pointer = True
    return status
