"""DeleteOptions of a delete request: the body, or the query when there is no body.

The body is read leniently, as kube-apiserver does: any apiVersion is taken for a DeleteOptions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest, Invalid
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.metav1 import validate_delete_options
from kapi.apimachinery.scheme.decode import DecodeError
from kapi.apimachinery.serializer.protobuf import Enveloped, ProtobufError
from kapi.apimachinery.types import GroupVersion
from kapi.endpoints.body import UnreadableError, check_type_meta, read_body
from kapi.endpoints.options import integer
from kapi.registry.before_delete import DeleteOptions

if TYPE_CHECKING:
    from kapi.apimachinery.scheme import Scheme
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.request import Request

__all__ = ["delete_options", "read_delete_options"]

_DELETE_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
_OPTIONS_VERSION = "meta.k8s.io/v1"
# The options that the same part of kube-apiserver knows, but cannot turn into these.
_OTHER_OPTIONS = frozenset({"CreateOptions", "UpdateOptions", "PatchOptions", "GetOptions"})


def delete_options(request: Request, scheme: Scheme) -> tuple[DeleteOptions, JSONObject]:
    """The options of a request, read and as they were sent; raises BadRequest and Invalid."""
    if not request.body:
        return read_delete_options(_query(request))
    try:
        return read_delete_options(_body(request, scheme))
    except (UnreadableError, DecodeError, ProtobufError) as error:
        raise BadRequest(str(error)) from None


def read_delete_options(options: JSONObject) -> tuple[DeleteOptions, JSONObject]:
    """Decoded options and what they mean; raises Invalid."""
    options = {**options, "kind": "DeleteOptions", "apiVersion": _OPTIONS_VERSION}
    errors = ErrorList()
    validate_delete_options(options, errors)
    if errors:
        raise Invalid.kind("meta.k8s.io", "DeleteOptions", "", errors)
    preconditions = options.get("preconditions") or {}
    read = DeleteOptions(
        options.get("gracePeriodSeconds"),
        preconditions.get("uid"),
        preconditions.get("resourceVersion"),
        options.get("orphanDependents"),
        options.get("propagationPolicy"),
        bool(options.get("dryRun")),
    )
    return read, options


def _body(request: Request, scheme: Scheme) -> JSONObject:
    value = read_body(request).value
    if value is None:
        return {}
    _check_kind(check_type_meta(value))
    kind = scheme.named(_DELETE_OPTIONS)
    if isinstance(value, Enveloped):
        return scheme.protobuf.decode(kind, value.raw)
    return scheme.decode(kind, value).obj


def _check_kind(value: JSONObject) -> None:
    """Raises BadRequest when the body says that it is something else."""
    version = value.get("apiVersion") or ""
    if version.count("/") > 1:
        raise BadRequest(f"unexpected GroupVersion string: {version}")
    kind = value.get("kind") or "DeleteOptions"
    if kind == "DeleteOptions":
        return
    if kind in _OTHER_OPTIONS:
        given = GroupVersion.parse(version).version or "v1"
        raise BadRequest(f"converting ({given}.{kind}) to (v1.DeleteOptions): unknown conversion")
    raise BadRequest(
        f'no kind "{kind}" is registered for version "{version or _OPTIONS_VERSION}" in scheme '
        '"pkg/apis/meta/internalversion/scheme/register.go:27"'
    )


def _query(request: Request) -> JSONObject:
    options: JSONObject = {}
    if not request.query_string:
        return options
    grace = integer(request, "gracePeriodSeconds")
    if grace is not None:
        options["gracePeriodSeconds"] = grace
    if "orphanDependents" in request.query:
        options["orphanDependents"] = request.flag("orphanDependents")
    if request.parameter("propagationPolicy"):
        options["propagationPolicy"] = request.parameter("propagationPolicy")
    if "dryRun" in request.query:
        options["dryRun"] = request.query["dryRun"]
    return options
