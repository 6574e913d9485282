"""GET with ``watch``: follow a collection.

Implements "Efficient detection of changes", bookmarks and streaming lists of the API concepts.
An event is framed once per form and shared by all watchers; a watcher that cannot keep up is
closed and resumes from its last event.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import Expired, InternalError, NotAcceptable, StatusError
from kapi.apimachinery.serializer import cbor, protobuf
from kapi.endpoints.handlers.converted_events import ConvertedEvents
from kapi.endpoints.handlers.get import parse_resource_version
from kapi.endpoints.negotiation import STREAMS
from kapi.endpoints.request import Response
from kapi.endpoints.selection import predicate, scope
from kapi.endpoints.table import include_object, partial_metadata
from kapi.endpoints.writer import convert_body, object_message
from kapi.registry.storage_errors import to_status
from kapi.storage.errors import FutureRevision, RevisionCompacted, SlowConsumer, StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.negotiation import Representation
    from kapi.endpoints.options import ListOptions
    from kapi.endpoints.request import Request
    from kapi.registry.catalogue import Resource
    from kapi.storage.cacher.change import WatchEvent
    from kapi.storage.cacher.entry import Entry
    from kapi.storage.cacher.watcher import Watcher

__all__ = ["watch"]

# kube-apiserver ends watches without timeoutSeconds after 30 to 60 minutes (--min-request-timeout).
_MIN_TIMEOUT_SECONDS = 1800
_INITIAL_EVENTS_END = "k8s.io/initial-events-end"


async def watch(api: API, request: Request, resource: Resource, options: ListOptions) -> Response:
    """Answer with a stream of events."""
    representation = api.negotiator.choose(
        request.headers.get(b"accept"), streams=True, messages=not resource.custom
    )
    if representation.encoding == "yaml":
        raise NotAcceptable(f"only the following media types are accepted: {STREAMS}")
    timeout = options.timeout_seconds or (
        _MIN_TIMEOUT_SECONDS + api.ids.below(_MIN_TIMEOUT_SECONDS)
    )
    framer = _Framer(api, request, resource, representation)
    try:
        watcher = await _open(api, request, resource, options, timeout)
    except StorageError as error:
        return Response(
            200, content_type=framer.content_type, stream=_single(framer.error(_watch_error(error)))
        )
    timer = asyncio.get_running_loop().call_later(timeout, watcher.close)
    converted: ConvertedEvents | None = None
    if resource.conversion is not None:
        converted = ConvertedEvents(resource.conversion, predicate(resource, options))

    async def stream() -> AsyncIterator[bytes]:
        try:
            while True:
                events = await watcher.next()
                if not events:
                    return
                if converted is None:
                    for piece in framer.pieces(events):
                        yield piece
                    continue
                async for part in converted.prepared(events):
                    for piece in framer.pieces(part):
                        yield piece
        except SlowConsumer:
            return  # everything queued was sent; the client goes on from its last event
        except StatusError as error:  # of a conversion
            yield framer.error(error)
        except StorageError as error:
            yield framer.error(_watch_error(error))
        finally:
            timer.cancel()
            watcher.close()

    return Response(
        200,
        content_type=framer.content_type,
        stream=stream(),
        on_disconnect=watcher.close,
    )


async def _open(
    api: API, request: Request, resource: Resource, options: ListOptions, timeout_seconds: int
) -> Watcher:
    store = api.store(resource)
    version = parse_resource_version(options.resource_version)
    after: int | None = version or None
    fresh: int | None = 0
    if options.send_initial_events:
        after, fresh = None, version
    elif options.send_initial_events is False and not after:
        await store.storage.ready()
        await store.storage.cacher.consistent()
        after = store.storage.cacher.revision
    elif version is None:
        fresh = None
    return await store.storage.watch(
        scope(store, resource, request.info.namespace, options),
        after=after,
        # With a conversion the form in which events are selected is made afterwards.
        predicate=None if resource.conversion is not None else predicate(resource, options),
        bookmarks=options.allow_watch_bookmarks,
        initial_events_end=bool(options.send_initial_events and options.allow_watch_bookmarks),
        not_older_than=fresh,
        timeout_seconds=timeout_seconds,
    )


def _watch_error(error: StorageError) -> StatusError:
    if isinstance(error, RevisionCompacted):
        return Expired(f"too old resource version: {error.revision} ({error.compacted})")
    if isinstance(error, FutureRevision):
        return to_status(error)
    return InternalError(str(error))


async def _single(frame: bytes) -> AsyncIterator[bytes]:
    yield frame


class _Framer:
    """Turns events into bytes for one watch; plain objects are framed once for all watches."""

    def __init__(
        self, api: API, request: Request, resource: Resource, representation: Representation
    ) -> None:
        self._api = api
        self._resource = resource
        self._as_kind = representation.as_kind
        self._version = representation.as_version
        self._codec = representation.protobuf
        self._is_cbor = representation.encoding == "cbor"
        self._include = "Metadata"
        self._definitions_sent = False
        if self._as_kind == "Table":
            self._include = include_object(request.parameter("includeObject"))
        self._form = (resource.gvk, self._as_kind, self._version, representation.encoding)

    @property
    def content_type(self) -> bytes:
        """The Content-Type of the stream."""
        if self._codec is not None:
            return f"{protobuf.MEDIA_TYPE};stream=watch".encode()
        if self._is_cbor:
            return cbor.SEQUENCE_TYPE.encode()
        return b"application/json"

    def frame(self, event: WatchEvent) -> bytes:
        """One event: a line of JSON, an item of CBOR, or a message with its length before it."""
        if self._as_kind == "Table":
            return self._frame(event.type, self._table(event))
        return event.frame(self._form, self._build)

    def pieces(self, events: list[WatchEvent]) -> Iterator[bytes]:
        """The events as one piece; raises StatusError for one that has no form.

        Those before it are still sent.
        """
        frames: list[bytes] = []
        try:
            for event in events:
                frames.append(self.frame(event))  # noqa: PERF401 - what is there counts
        except StatusError:
            if frames:
                yield b"".join(frames)
            raise
        if frames:
            yield b"".join(frames)

    def error(self, error: StatusError) -> bytes:
        """The ERROR event that ends a watch."""
        return self._frame("ERROR", error.status())

    def _frame(self, event_type: str, obj: JSONObject) -> bytes:
        if self._codec is not None:
            return protobuf.watch_frame(event_type, self._codec.encode_object(obj))
        if self._is_cbor:
            return cbor.dumps({"type": event_type, "object": obj})
        return b'{"type":"%b","object":%b}\n' % (event_type.encode(), orjson.dumps(obj))

    def _build(self, event: WatchEvent) -> bytes:
        if event.entry is None or self._as_kind or self._is_cbor:
            return self._frame(event.type, self._object(event))
        resource = self._resource
        if self._codec is not None:
            message = object_message(self._codec, resource, event.entry)
            envelope = self._codec.wrap(resource.api_version, resource.kind, message)
            return protobuf.watch_frame(event.type, envelope)
        return b'{"type":"%b","object":%b%b}\n' % (
            event.type.encode(),
            resource.object_head,
            convert_body(resource, self._body(event.entry))[1:],
        )

    def _body(self, entry: Entry) -> bytes:
        """An entry's body in the form of the hub of this resource."""
        conversion = self._resource.conversion
        return entry.body if conversion is None else conversion.body(entry)

    def _object(self, event: WatchEvent) -> JSONObject:
        resource = self._resource
        if event.entry is None:
            shown = self._bookmark(event)
            return partial_metadata(resource, shown, self._version) if self._as_kind else shown
        if self._as_kind:
            obj = orjson.loads(self._body(event.entry))
            return partial_metadata(resource, obj, self._version)
        return self._api.writer.versioned(resource, self._body(event.entry))

    def _bookmark(self, event: WatchEvent) -> JSONObject:
        """An empty object of the kind that tells how far the watch has come."""
        resource = self._resource
        empty = resource.codec.empty()
        for name in resource.rules.plain_numbers:
            empty["spec"] = {name: 0, **empty["spec"]}
        metadata: JSONObject = {"resourceVersion": str(event.revision)}
        if event.initial_events_end:
            metadata["annotations"] = {_INITIAL_EVENTS_END: "true"}
        return {
            **empty,
            "kind": resource.kind,
            "apiVersion": resource.api_version,
            "metadata": metadata,
        }

    def _table(self, event: WatchEvent) -> JSONObject:
        tables, resource = self._api.tables, self._resource
        if event.entry is None:
            shown = self._bookmark(event)
            obj = shown
        else:
            body = self._body(event.entry)
            obj = orjson.loads(body)
            shown = obj
            if self._include == "Object":
                shown = self._api.writer.versioned(resource, body)
        now = self._api.clock.now()
        row = tables.row(resource, obj, shown, now, self._include, self._version)
        metadata = {"resourceVersion": str(event.revision)}
        first, self._definitions_sent = not self._definitions_sent, True
        return tables.table(resource, [row], metadata, self._version, definitions=first)
