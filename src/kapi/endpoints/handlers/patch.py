"""PATCH on an object or one of its subresources, in its four forms.

Implements JSON Patch, JSON Merge Patch, strategic merge patch and server-side apply as the
documentation's "Update API objects in place" and "Server-Side Apply" describe them. Without a
resourceVersion in the patch it is applied to whatever is current, again if that changes meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import BadRequest, Invalid, StatusError, UnsupportedMediaType
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.patch import json as json_patch
from kapi.apimachinery.patch import merge as merge_patch
from kapi.apimachinery.patch import strategic
from kapi.apimachinery.scheme import DecodeError
from kapi.apimachinery.serializer import yaml
from kapi.endpoints.body import media_type, other_kind
from kapi.endpoints.conversion import from_hub, to_hub
from kapi.endpoints.field_ownership import apply_fields, update_fields
from kapi.endpoints.filters.authorization import authorize_creation
from kapi.endpoints.handlers.update import check_name, strategy_for
from kapi.endpoints.options import field_manager, patch_options
from kapi.registry.before_create import match_namespace
from kapi.util.clock import format_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.endpoints.api import API
    from kapi.endpoints.options import WriteOptions
    from kapi.endpoints.request import Request, Response
    from kapi.registry.catalogue import Resource

    # The patched object; the one that is given stays as it is.
    Apply: TypeAlias = Callable[[JSONObject], JSONValue]

__all__ = ["Application", "Patching", "patch", "read_patch"]

_JSON_PATCH = "application/json-patch+json"
_MERGE_PATCH = "application/merge-patch+json"
_STRATEGIC = "application/strategic-merge-patch+json"
_APPLY_YAML = "application/apply-patch+yaml"
# Lists of custom resources have no merge keys for strategic merge patches.
_CUSTOM_FORMS = (_JSON_PATCH, _MERGE_PATCH, _APPLY_YAML)


async def patch(api: API, request: Request, resource: Resource) -> Response:
    """Apply the patch in the body."""
    representation = api.negotiator.choose(
        request.headers.get(b"accept"), messages=not resource.custom
    )
    change, options = read_patch(api, request, resource)
    context = api.context(request, "UPDATE", dry_run=options.dry_run)
    strategy = strategy_for(resource, request.info.subresource)
    written = await api.store(resource).update(
        context,
        resource,
        strategy,
        request.info.name,
        change.make_new,
        options.raw,
        create=isinstance(change, Application) and not request.info.subresource,
    )
    status = 201 if written.created else 200
    return api.writer.object(request, resource, written.body, representation, status, written.entry)


def read_patch(
    api: API, request: Request, resource: Resource
) -> tuple[Patching | Application, WriteOptions]:
    """The change that a PATCH asks for, and its options.

    Raises UnsupportedMediaType for a body in none of the four forms.
    """
    form = media_type(request) if request.headers.get(b"content-type") else ""
    if resource.custom and form not in _CUSTOM_FORMS:
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: "
            f"{', '.join(_CUSTOM_FORMS)}"
        )
    if form not in {_JSON_PATCH, _MERGE_PATCH, _STRATEGIC, _APPLY_YAML}:
        raise UnsupportedMediaType("415: Unsupported Media Type", {})
    options = patch_options(request, apply=form == _APPLY_YAML)
    now = format_time(api.clock.now())
    if form == _APPLY_YAML:
        return Application(api, request, resource, options, now), options
    return Patching(api, request, resource, options, now, form), options


def _change(form: str, request: Request, resource: Resource) -> tuple[Apply, list[str]]:
    """The patch in the body as a function of the current object; also its repeated members."""
    if form == _JSON_PATCH:
        operations, repeated = json_patch.decode(request.body)
        return lambda obj: json_patch.apply(obj, operations), repeated
    if form == _MERGE_PATCH:
        document, repeated = merge_patch.decode(request.body)
        return lambda obj: merge_patch.apply(obj, document), repeated
    document, repeated = strategic.decode(request.body)
    return lambda obj: strategic.apply(obj, document, resource.type), repeated


class Patching:
    """JSON, merge and strategic merge patches."""

    def __init__(
        self,
        api: API,
        request: Request,
        resource: Resource,
        options: WriteOptions,
        now: str,
        form: str,
    ) -> None:
        self._api = api
        self._request = request
        self._resource = resource
        self._options = options
        self._now = now
        self._form = form
        self._change: Apply | None = None
        self._repeated: list[str] = []
        self._manager = field_manager(request, options)

    async def make_new(self, live: JSONObject | None) -> JSONObject:
        """The patched object at the hub version."""
        assert live is not None
        resource = self._resource
        current = from_hub(resource, self._api.copy(live, resource))
        if self._change is None:  # read only now: a missing object is told before a bad patch
            self._change = self._read()
        changed = self._change(current)
        obj = self._decode(changed)
        meta = obj["metadata"]
        check_name(self._request.info.name, meta)
        match_namespace(resource, meta, self._request.info.namespace)
        subresource = self._request.info.subresource
        await update_fields(
            self._api, resource, subresource, current, obj, self._manager, self._now, changed
        )
        return to_hub(resource, obj)

    def _read(self) -> Apply:
        change, repeated = _change(self._form, self._request, self._resource)
        if self._options.field_validation == "Strict":
            self._repeated = repeated
        elif self._options.field_validation != "Ignore":
            self._request.warnings.extend(repeated)
        return change

    def _decode(self, changed: JSONValue) -> JSONObject:
        resource = self._resource
        if isinstance(changed, dict):
            given = (
                changed.get("apiVersion") or resource.api_version,
                changed.get("kind") or resource.kind,
            )
            if resource.custom and given[0] == resource.api_version and given[1] != resource.kind:
                raise other_kind(resource, given[1], changed)
            if given != (resource.api_version, resource.kind):
                raise _undecodable(resource, changed, _other_kind(changed, resource))
        try:
            obj, unknown = resource.codec.decode(changed)
        except DecodeError as error:
            raise _undecodable(resource, changed, str(error)) from None
        if unknown or self._repeated:
            self._report(changed, unknown)
        return obj

    def _report(self, changed: JSONValue, unknown: list[str]) -> None:
        validation = self._options.field_validation
        texts = [*self._repeated, *(f'unknown field "{path}"' for path in unknown)]
        if validation == "Strict":
            why = f"strict decoding error: {', '.join(texts)}"
            raise _undecodable(self._resource, changed, why)
        if validation != "Ignore":
            known = self._request.warnings
            known.extend(text for text in texts if text not in known)


def _other_kind(changed: JSONObject, resource: Resource) -> str:
    kind, version = changed.get("kind"), changed.get("apiVersion")
    return (
        f'no kind "{kind}" is registered for version "{version}" in scheme '
        '"pkg/api/legacyscheme/scheme.go:30"'
    )


def _undecodable(resource: Resource, changed: JSONValue, why: str) -> Invalid:
    errors = ErrorList()
    # Go writes the members of structs in their order, those of maps sorted.
    shown = orjson.dumps(changed, option=orjson.OPT_SORT_KEYS if resource.custom else 0)
    errors.invalid("patch", shown.decode(), why)
    return Invalid.kind("", "", "", errors)


class Application:
    """Server-side apply."""

    def __init__(
        self, api: API, request: Request, resource: Resource, options: WriteOptions, now: str
    ) -> None:
        self._api = api
        self._request = request
        self._resource = resource
        self._options = options
        self._now = now

    async def make_new(self, live: JSONObject | None) -> JSONObject:
        """The object with the applied configuration merged in, at the hub version."""
        resource = self._resource
        applied = self._read()
        if live is None:
            authorize_creation(self._request, self._api.authorizer)
        current = None if live is None else from_hub(resource, self._api.copy(live, resource))
        merged = await apply_fields(
            self._api,
            resource,
            self._request.info.subresource,
            current,
            applied,
            self._options.field_manager,
            self._now,
            force=bool(self._options.force),
        )
        obj = self._defaulted(merged)
        check_name(self._request.info.name, obj["metadata"])
        match_namespace(resource, obj["metadata"], self._request.info.namespace)
        return to_hub(resource, obj)

    def _defaulted(self, obj: JSONObject) -> JSONObject:
        resource = self._resource
        try:
            return resource.codec.decode(obj).obj
        except DecodeError as error:
            raise StatusError(str(error), code=500) from None

    def _read(self) -> JSONObject:
        try:
            document = yaml.load(self._request.body)
        except yaml.YAMLError as error:
            raise BadRequest(f"error decoding YAML: {error}") from None
        value = document.value
        if not isinstance(value, dict):
            raise BadRequest("error decoding YAML: the applied configuration must be an object")
        if document.duplicates:
            if self._options.field_validation == "Strict":
                raise BadRequest(f"error strict decoding YAML: {', '.join(document.duplicates)}")
            if self._options.field_validation != "Ignore":
                self._request.warnings.extend(document.duplicates)
        return value
