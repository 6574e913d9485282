"""The options of a request out of its query and body, checked.

Implements CreateOptions, UpdateOptions, PatchOptions, DeleteOptions and ListOptions of
``meta.k8s.io/v1``. Numbers that are none are 400, values that are not allowed 422.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.apimachinery import fields, labels
from kapi.apimachinery.errors import BadRequest, Invalid
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.metav1 import (
    validate_create_options,
    validate_list_options,
    validate_patch_options,
    validate_update_options,
)
from kapi.util.integers import parse_int64

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.request import Request
    from kapi.registry.catalogue import Resource

__all__ = [
    "ListOptions",
    "WriteOptions",
    "field_manager",
    "list_options",
    "write_options",
]

# A manager name longer than this is cut when it comes from the User-Agent.
_MANAGER_BYTES = 128
_WRITE_VALIDATORS: dict[str, Callable[[JSONObject, ErrorList], None]] = {
    "CreateOptions": validate_create_options,
    "UpdateOptions": validate_update_options,
}


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """Options of create, update and patch; ``raw`` is the options object for admission."""

    raw: JSONObject
    dry_run: bool = False
    field_manager: str = ""
    field_validation: str = ""
    force: bool | None = None


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Options of list, watch and deletecollection.

    ``resource_version`` is None when absent. ``timeout_seconds`` 0 means the server's choice.
    """

    label_selector: labels.Selector
    field_selector: fields.Selector
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    resource_version_match: str = ""
    timeout_seconds: int = 0
    watch: bool = False
    allow_watch_bookmarks: bool = False
    send_initial_events: bool | None = None


_NO_OPTIONS: JSONObject = {}
_PLAIN = WriteOptions(_NO_OPTIONS)


def _query_options(request: Request, kind: str) -> JSONObject:
    options: JSONObject = {"kind": kind, "apiVersion": "meta.k8s.io/v1"}
    query = request.query
    if "dryRun" in query:
        options["dryRun"] = query["dryRun"]
    for name in ("fieldManager", "fieldValidation"):
        if request.parameter(name):
            options[name] = request.parameter(name)
    if "force" in query:
        options["force"] = request.flag("force")
    return options


def write_options(request: Request, kind: str) -> WriteOptions:
    """CreateOptions or UpdateOptions out of the query; raises Invalid."""
    if not request.query_string:
        return _PLAIN
    options = _query_options(request, kind)
    errors = ErrorList()
    _WRITE_VALIDATORS[kind](options, errors)
    _refuse(kind, errors)
    return _as_write_options(options)


def patch_options(request: Request, *, apply: bool) -> WriteOptions:
    """PatchOptions out of the query; raises Invalid."""
    options = _query_options(request, "PatchOptions")
    errors = ErrorList()
    validate_patch_options(options, errors, apply=apply)
    _refuse("PatchOptions", errors)
    return _as_write_options(options)


def _as_write_options(options: JSONObject) -> WriteOptions:
    return WriteOptions(
        options,
        bool(options.get("dryRun")),
        options.get("fieldManager", ""),
        options.get("fieldValidation", ""),
        options.get("force"),
    )


def _refuse(kind: str, errors: ErrorList) -> None:
    if errors:
        raise Invalid.kind("meta.k8s.io", kind, "", errors)


def field_manager(request: Request, options: WriteOptions) -> str:
    """Who the fields of a write belong to: the option, or the start of the User-Agent."""
    if options.field_manager:
        return options.field_manager
    agent = request.header(b"user-agent").partition("/")[0]
    name = "".join(char for char in agent if char.isprintable())
    if len(name) > _MANAGER_BYTES:
        name = name.encode()[:_MANAGER_BYTES].decode("utf-8", "ignore")
    return name or "unknown"


def integer(request: Request, name: str) -> int | None:
    """A query parameter that is a number, or None; raises BadRequest."""
    text = request.parameter(name)
    return parse_integer(text) if text else None


def parse_integer(text: str) -> int:
    """A number as a query holds it; raises BadRequest."""
    try:
        return parse_int64(text)
    except ValueError as problem:
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": {problem}') from None


_ALL = ListOptions(labels.Selector(), fields.Selector())


def list_options(request: Request, resource: Resource) -> ListOptions:
    """ListOptions out of the query; raises BadRequest and Invalid."""
    if not request.query_string and not request.info.legacy_watch:
        return _ALL
    limit = max(integer(request, "limit") or 0, 0)
    timeout = integer(request, "timeoutSeconds")
    watch = request.flag("watch") or request.info.legacy_watch
    initial = request.flag("sendInitialEvents") if "sendInitialEvents" in request.query else None
    options = ListOptions(
        _label_selector(request.parameter("labelSelector")),
        _field_selector(request, resource),
        limit,
        request.parameter("continue"),
        request.parameter("resourceVersion"),
        request.parameter("resourceVersionMatch"),
        timeout or 0,
        watch,
        request.flag("allowWatchBookmarks"),
        initial,
    )
    errors = ErrorList()
    validate_list_options(_raw_list_options(options), errors)
    if errors:
        raise Invalid.kind("meta.k8s.io", "ListOptions", "", errors)
    return options


def _raw_list_options(options: ListOptions) -> JSONObject:
    raw: JSONObject = {
        "resourceVersion": options.resource_version,
        "resourceVersionMatch": options.resource_version_match,
        "continue": options.continue_token,
        "limit": options.limit,
        "watch": options.watch,
    }
    if options.send_initial_events is not None:
        raw["sendInitialEvents"] = options.send_initial_events
    return {name: value for name, value in raw.items() if value not in ("", None)}


def _label_selector(text: str) -> labels.Selector:
    if not text:
        return _ALL.label_selector
    try:
        return labels.parse(text)
    except labels.SelectorError as error:
        raise BadRequest(str(error)) from None


def _field_selector(request: Request, resource: Resource) -> fields.Selector:
    text = request.parameter("fieldSelector")
    if not text and not (request.info.legacy_watch and request.info.name):
        return _ALL.field_selector
    try:
        selector = fields.parse(text)
    except fields.SelectorError as error:
        raise BadRequest(str(error)) from None
    known = ("metadata.name", "metadata.namespace", *resource.rules.selectable_fields)
    for term in selector.terms:
        if term.field not in known:
            raise BadRequest(_unknown_field(term.field, resource))
    if request.info.legacy_watch and request.info.name:
        return fields.Selector((*selector.terms, fields.Term("metadata.name", request.info.name)))
    return selector


def _unknown_field(field: str, resource: Resource) -> str:
    if not resource.rules.selectable_fields and not resource.custom:
        return (
            f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'
        )
    return f"field label not supported: {field}"
