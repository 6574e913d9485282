"""GET on a collection: list objects, in pages where the client asks for them.

Implements "Retrieving large results sets in chunks" and the resourceVersion semantics of the API
concepts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest, Expired, StatusError
from kapi.endpoints.continue_token import decode_token, encode_token
from kapi.endpoints.handlers.get import parse_resource_version
from kapi.endpoints.options import list_options
from kapi.endpoints.selection import predicate, scope
from kapi.registry.storage_errors import to_status
from kapi.storage.errors import FutureRevision, RevisionCompacted, StorageError

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.options import ListOptions
    from kapi.endpoints.request import Request, Response
    from kapi.registry.catalogue import Resource
    from kapi.registry.store import ResourceStore
    from kapi.storage.cacher.cacher import ListResult
    from kapi.storage.cacher.change import Predicate
    from kapi.storage.cacher.entry import Entry

__all__ = ["fetch", "list_metadata", "list_objects"]


def list_metadata(
    store: ResourceStore, options: ListOptions, result: ListResult, *, more: bool
) -> JSONObject:
    """The ListMeta of a page."""
    metadata: JSONObject = {"resourceVersion": str(result.revision)}
    if more:
        last = result.entries[-1].key.removeprefix(store.storage.prefix)
        metadata["continue"] = encode_token(result.revision, last)
        if options.label_selector.empty and options.field_selector.empty:
            metadata["remainingItemCount"] = result.remaining
    return metadata


async def fetch(
    store: ResourceStore, resource: Resource, namespace: str, options: ListOptions
) -> ListResult:
    """The selected entries of one page, in the form of the resource's version."""
    where = scope(store, resource, namespace, options)
    chosen = predicate(resource, options)
    limit = options.limit
    if options.resource_version == "0" and not options.continue_token:
        limit = 0
    if resource.conversion is None:
        return await _page(store, where, options, chosen, limit)
    if chosen is None:
        result = await _page(store, where, options, None, limit)
        return result._replace(entries=await resource.conversion.views(result.entries))
    # What is selected is known only in the form of the version: conversion may change labels.
    result = await _page(store, where, options, None, 0)
    views = await resource.conversion.views(result.entries, selectable=True)
    return _selected(result._replace(entries=views), chosen, limit)


def _selected(result: ListResult, chosen: Predicate, limit: int) -> ListResult:
    """The page of what is selected, as ``Snapshot.page`` cuts it."""
    found: list[Entry] = []
    for index, entry in enumerate(result.entries):
        if chosen(entry):
            found.append(entry)
            if limit and len(found) == limit:
                return result._replace(entries=found, remaining=len(result.entries) - index - 1)
    return result._replace(entries=found, remaining=0)


async def _page(
    store: ResourceStore,
    where: str,
    options: ListOptions,
    chosen: Predicate | None,
    limit: int,
) -> ListResult:
    try:
        version = parse_resource_version(options.resource_version)
    except StatusError as error:
        raise BadRequest(f"invalid resource version: {error.message}") from None
    try:
        if options.continue_token:
            token = decode_token(options.continue_token)
            if options.resource_version not in {"", "0"}:
                raise BadRequest("specifying resource version is not allowed when using continue")
            revision = None if token.revision < 0 else token.revision
            return await store.storage.list(
                where,
                predicate=chosen,
                limit=limit,
                start_after=store.storage.prefix + token.start,
                at_revision=revision,
            )
        if options.resource_version_match == "Exact" and version:
            return await store.storage.list(
                where, predicate=chosen, limit=limit, at_revision=version
            )
        return await store.storage.list(
            where, predicate=chosen, limit=limit, not_older_than=version
        )
    except RevisionCompacted as error:
        raise _too_old(store, options, error) from None
    except FutureRevision as error:
        raise to_status(error) from None
    except StorageError as error:
        raise to_status(error) from error


def _too_old(store: ResourceStore, options: ListOptions, error: RevisionCompacted) -> Expired:
    if not options.continue_token:
        return Expired("The resourceVersion for the provided list is too old.")
    token = decode_token(options.continue_token)
    fresh = encode_token(-1, token.start)
    return _ExpiredToken(fresh)


class _ExpiredToken(Expired):
    """410 for a continue token, with one that goes on at the newest revision."""

    def __init__(self, fresh: str) -> None:
        super().__init__(
            "The provided continue parameter is too old to display a consistent list result. "
            "You can start a new list without the continue parameter, or use the continue token "
            "in this response to retrieve the remainder of the results. Continuing with the "
            "provided token results in an inconsistent list - objects that were created, "
            "modified, or deleted between the time the first chunk was returned and now may "
            "show up in the list."
        )
        self._fresh = fresh

    def status(self) -> JSONObject:
        """The Status with the token in its ListMeta."""
        return {**super().status(), "metadata": {"continue": self._fresh}}


async def list_objects(api: API, request: Request, resource: Resource) -> Response:
    """Answer with the selected objects."""
    representation = api.negotiator.choose(
        request.headers.get(b"accept"), streams=True, messages=not resource.custom
    )
    options = list_options(request, resource)
    store = api.store(resource)
    result = await fetch(store, resource, request.info.namespace, options)
    more = bool(options.limit and result.remaining and options.resource_version != "0")
    metadata = list_metadata(store, options, result, more=more)
    bodies = [entry.body for entry in result.entries]
    return api.writer.list(request, resource, bodies, metadata, representation, result.entries)
