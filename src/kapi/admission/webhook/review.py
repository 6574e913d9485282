"""AdmissionReview: what a webhook is sent and what it answers.

Implements "Webhook request and response" of the documentation for ``admission.k8s.io/v1`` and
``v1beta1``. Answers are checked as kube-apiserver checks them, with its texts.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

import orjson

from kapi.admission.webhook.answer import decode_answer
from kapi.admission.webhook.versions import ReviewedObjects, reviewed_kind
from kapi.apimachinery.errors import StatusError
from kapi.apimachinery.field import quote
from kapi.apimachinery.scheme.go_names import json_kind
from kapi.apimachinery.serializer import json
from kapi.apimachinery.user import user_info
from kapi.registry.webhook.client import CallFailed

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes
    from kapi.registry.catalogue import Resource

__all__ = [
    "AdmissionResponse",
    "WebhookDenied",
    "describe_request",
    "read_patch",
    "read_review",
    "write_review",
]

_GROUP = "admission.k8s.io"
_KIND = "AdmissionReview"
_OPTIONS = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}
_META = "meta.k8s.io/v1"
_CLIENT_ERROR = 400


def describe_request(attributes: Attributes, resource: Resource, namespace: str) -> JSONObject:
    """The AdmissionRequest without uid and objects, for a webhook that is sent ``resource``."""
    context, asked = attributes.context, attributes.resource
    subresource = attributes.subresource
    request: JSONObject = {"kind": _gvk(resource, subresource), "resource": _gvr(resource)}
    if subresource:
        request["subResource"] = subresource
    request["requestKind"] = _gvk(asked, subresource)
    request["requestResource"] = _gvr(asked)
    if subresource:
        request["requestSubResource"] = subresource
    if context.name:
        request["name"] = context.name
    if namespace:
        request["namespace"] = namespace
    request["operation"] = attributes.operation
    request["userInfo"] = user_info(context.user)
    request["dryRun"] = context.dry_run
    request["options"] = _options(attributes)
    return request


def _gvk(resource: Resource, subresource: str) -> JSONObject:
    group, version, kind = reviewed_kind(resource, subresource)
    return {"group": group, "version": version, "kind": kind}


def _gvr(resource: Resource) -> JSONObject:
    return {
        "group": resource.group,
        "version": resource.version,
        "resource": resource.resource,
    }


def _options(attributes: Attributes) -> JSONObject | None:
    """The options as an object of the operation's own kind: patches create or update, too."""
    kind = _OPTIONS.get(attributes.operation)
    if kind is None:
        return None
    given = {k: v for k, v in attributes.options.items() if k not in {"kind", "apiVersion"}}
    if kind != "DeleteOptions":
        given.pop("force", None)
    return {"kind": kind, "apiVersion": _META, **given}


def write_review(
    version: str, uid: str, request: JSONObject, objects: ReviewedObjects, resource: Resource
) -> bytes:
    """The AdmissionReview that is sent; raises CallFailed without a common version."""
    if not version:
        raise CallFailed("webhook does not accept known AdmissionReview versions (v1, v1beta1)")
    return orjson.dumps(
        {
            "kind": _KIND,
            "apiVersion": f"{_GROUP}/{version}",
            "request": {
                "uid": uid,
                **request,
                "object": objects.new(resource)[1],
                "oldObject": objects.old(resource)[1],
            },
        }
    )


class AdmissionResponse(NamedTuple):
    """A checked answer. ``patch`` is the text of a JSON patch, empty for no change."""

    allowed: bool
    result: JSONObject
    patch: bytes
    patch_type: str
    warnings: list[str]
    audit_annotations: dict[str, str]


def read_review(answer: JSONObject, version: str, uid: str, *, mutating: bool) -> AdmissionResponse:
    """The answer in a review; raises CallFailed when it is none to this request."""
    response = decode_answer(answer, version).get("response")
    if response is None:
        raise _invalid("webhook response was absent")
    patch = base64.b64decode(response.get("patch") or "")
    patch_type = response.get("patchType")
    if version == "v1":
        _check(answer, response, uid)
        _check_patch(patch, patch_type, mutating=mutating)
    else:  # not checked in this version
        patch_type = "JSONPatch" if patch else None
    return AdmissionResponse(
        response.get("allowed") or False,
        response.get("status") or {},
        patch if mutating else b"",
        patch_type or "",
        response.get("warnings") or [],
        response.get("auditAnnotations") or {},
    )


def read_patch(response: AdmissionResponse) -> list[JSONObject]:
    """The operations of an answer's patch; raises CallFailed when it is no JSON patch."""
    if not response.patch:
        return []
    try:
        operations = json.loads(response.patch)
    except json.JSONError as error:
        raise _undecodable(str(error)) from error
    if operations is None:
        return []
    if not isinstance(operations, list):
        found = json_kind(operations)
        into = "Go value of type jsonpatch.Patch"
        raise _undecodable(f"json: cannot unmarshal {found} into {into}")
    for index, operation in enumerate(operations):
        if operation is not None and not isinstance(operation, dict):
            into = f"Patch.{index} of type jsonpatch.Operation"
            raise _undecodable(f"json: cannot unmarshal {json_kind(operation)} into {into}")
    if operations and response.patch_type != "JSONPatch":
        raise CallFailed(f"unsupported patch type {quote(response.patch_type)}")
    return [_of_texts(operation or {}) for operation in operations]


def _of_texts(operation: JSONObject) -> JSONObject:
    """An operation without what is no text but must be one: that counts as missing."""
    texts = {k: v for k, v in operation.items() if k == "value" or isinstance(v, str)}
    return {"op": "unknown", **texts}


def _undecodable(why: str) -> CallFailed:
    return CallFailed(f"received undecodable patch in webhook response: {why}")


def _invalid(why: str) -> CallFailed:
    return CallFailed(f"received invalid webhook response: {why}")


def _check(review: JSONObject, response: JSONObject, uid: str) -> None:
    given = response.get("uid") or ""
    if given != uid:
        raise _invalid(f"expected response.uid={quote(uid)}, got {quote(given)}")
    api_version, kind = review.get("apiVersion") or "", review.get("kind") or ""
    if api_version != f"{_GROUP}/v1" or kind != _KIND:
        group, _, version = api_version.rpartition("/")
        raise _invalid(
            f"expected webhook response of {_GROUP}/v1, Kind={_KIND}, "
            f"got {group}/{version}, Kind={kind}"
        )


def _check_patch(patch: bytes, patch_type: str | None, *, mutating: bool) -> None:
    if not mutating:
        if patch:
            raise _invalid("validating webhook may not return response.patch")
        if patch_type is not None:
            raise _invalid("validating webhook may not return response.patchType")
        return
    if patch and patch_type is None:
        raise _invalid("webhook returned response.patch but not response.patchType")
    if not patch and patch_type is not None:
        raise _invalid("webhook returned response.patchType but not response.patch")
    if patch_type == "":
        raise _invalid('webhook returned invalid response.patchType of ""')


class WebhookDenied(StatusError):
    """A webhook said no: the Status is its own, with its name in the message."""

    def __init__(self, webhook: str, result: JSONObject) -> None:
        denied = f"admission webhook {quote(webhook)} denied the request"
        explanation = result.get("message") or result.get("reason")
        text = f"{denied}: {explanation}" if explanation else f"{denied} without explanation"
        code = result.get("code")
        if not code or code < _CLIENT_ERROR:
            code = _CLIENT_ERROR
        super().__init__(text, result.get("details"), code=code)
        self._reason = result.get("reason") or ""
        self._metadata = result.get("metadata") or {}

    def status(self) -> JSONObject:
        """The Status, with the reason and metadata that the webhook gave."""
        status = {**super().status(), "metadata": self._metadata}
        if not self._reason:
            return status
        return {
            **{k: v for k, v in status.items() if k not in {"details", "code"}},
            "reason": self._reason,
            **{k: status[k] for k in ("details", "code") if k in status},
        }
