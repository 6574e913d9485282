"""PATCH on an object or one of its subresources, in its four forms.

Implements JSON Patch, JSON Merge Patch, strategic merge patch and server-side apply as the
documentation's "Update API objects in place" and "Server-Side Apply" describe them. Without a
resourceVersion in the patch it is applied to whatever is current, again if that changes meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest, StatusError, UnsupportedMediaType
from kapi.apimachinery.managedfields import gvk_text, name_text
from kapi.apimachinery.scheme import DecodeError
from kapi.apimachinery.scheme.go_names import json_kind
from kapi.apimachinery.serializer import yaml
from kapi.endpoints.body import media_type
from kapi.endpoints.conversion import from_hub, to_hub
from kapi.endpoints.field_ownership import apply_fields, update_fields
from kapi.endpoints.filters.authorization import authorize_creation
from kapi.endpoints.handlers.patch_bodies import JSONPatch, MergePatch, StrategicMergePatch
from kapi.endpoints.handlers.update import check_name, strategy_for
from kapi.endpoints.options import field_manager, patch_options
from kapi.registry.before_create import match_namespace
from kapi.util.clock import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.scheme import Scheme
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.handlers.patch_bodies import PatchBody
    from kapi.endpoints.options import WriteOptions
    from kapi.endpoints.request import Request, Response
    from kapi.registry.catalogue import Resource

__all__ = ["Application", "Patching", "patch", "read_patch"]

_JSON_PATCH = "application/json-patch+json"
_MERGE_PATCH = "application/merge-patch+json"
_STRATEGIC = "application/strategic-merge-patch+json"
_APPLY_YAML = "application/apply-patch+yaml"
_BODIES: dict[str, Callable[[Scheme, Resource, bytes], PatchBody]] = {
    _JSON_PATCH: JSONPatch,
    _MERGE_PATCH: MergePatch,
    _STRATEGIC: StrategicMergePatch,
}
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
        self._body: PatchBody | None = None
        self._manager = field_manager(request, options)

    async def make_new(self, live: JSONObject | None) -> JSONObject:
        """The patched object at the hub version."""
        assert live is not None
        resource = self._resource
        current = from_hub(resource, self._api.copy(live, resource))
        if self._body is None:  # read only now: a missing object is told before a bad patch
            form = _BODIES[self._form]
            self._body = form(self._api.scheme, resource, self._request.body)
        changed = self._body.apply(current)
        obj, unknown = self._body.decode(current, changed)
        if unknown or self._body.repeated:
            self._report(self._body, current, unknown)
        meta = obj["metadata"]
        check_name(self._request.info.name, meta)
        match_namespace(resource, meta, self._request.info.namespace)
        subresource = self._request.info.subresource
        await update_fields(
            self._api, resource, subresource, current, obj, self._manager, self._now, changed
        )
        return to_hub(resource, obj)

    def _report(self, body: PatchBody, current: JSONObject, unknown: list[str]) -> None:
        validation = self._options.field_validation
        texts = [*body.repeated, *(f'unknown field "{path}"' for path in unknown)]
        if validation == "Strict":
            raise body.refusal(current, f"strict decoding error: {', '.join(texts)}")
        if validation != "Ignore":
            known = self._request.warnings
            known.extend(text for text in texts if text not in known)


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
        applied, repeated = self._read()
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
        if repeated:
            self._report(repeated)
        obj = self._defaulted(applied, merged)
        check_name(self._request.info.name, obj["metadata"])
        match_namespace(resource, obj["metadata"], self._request.info.namespace)
        return to_hub(resource, obj)

    def _defaulted(self, applied: JSONObject, obj: JSONObject) -> JSONObject:
        resource = self._resource
        try:
            return resource.codec.decode(obj).obj
        except DecodeError as error:
            if resource.custom:
                raise StatusError(str(error), code=500) from None
        try:
            return resource.codec.decode(self._api.scheme.restore(resource.type, obj)).obj
        except DecodeError as error:
            raise StatusError(
                f"failed to convert new object ({name_text(applied, resource.gvk)}) to proper "
                f"version: unable to convert unstructured object to {gvk_text(resource.gvk)}: "
                f"{error}",
                code=500,
            ) from None

    def _read(self) -> yaml.Document:
        try:
            document = yaml.load(self._request.body)
        except yaml.YAMLError as error:
            why = f"error converting YAML to JSON: yaml: {error}"
            raise BadRequest(f"error decoding YAML: {why}") from None
        value = document.value
        if value is None:
            return yaml.Document({}, [])
        if not isinstance(value, dict):
            found = f"cannot unmarshal {json_kind(value)} into Go value of type "
            why = f"while decoding JSON: json: {found}map[string]interface {{}}"
            raise BadRequest(f"error decoding YAML: error unmarshaling JSON: {why}")
        return document

    def _report(self, repeated: list[str]) -> None:
        """What field validation says about keys that stand twice."""
        if self._options.field_validation == "Strict":
            why = f"error converting YAML to JSON: {yaml.repeated_keys(repeated)}"
            raise BadRequest(f"error strict decoding YAML: {why}")
        if self._options.field_validation != "Ignore":
            known = self._request.warnings
            known.extend(text for text in repeated if text not in known)
