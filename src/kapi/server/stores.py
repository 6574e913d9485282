"""The stores of one server: one for each kind of object that is stored, whatever serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.apimachinery.serializer import protobuf
from kapi.apimachinery.types import GroupResource
from kapi.registry.keys import storage_prefix
from kapi.registry.store import ResourceStore
from kapi.registry.stored_protobuf import StoredProtobuf
from kapi.registry.stored_versions import upgrade
from kapi.storage.cacher.codec import JSONCodec, value_header
from kapi.storage.store import Store

if TYPE_CHECKING:
    from kapi.admission.chain import AdmissionChain
    from kapi.apimachinery.scheme import Scheme
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.catalogue import Resource
    from kapi.registry.hooks import WriteHooks
    from kapi.server.options import ServerOptions
    from kapi.storage.engine import Engine
    from kapi.util.clock import Clock
    from kapi.util.ids import IDSource

__all__ = ["StoreParts", "resource_store"]

# Events are kept for an hour (--event-ttl).
_EVENT_TTL_SECONDS = 3600.0


class StoreParts(NamedTuple):
    """What all stores of a server have in common."""

    options: ServerOptions
    engine: Engine
    scheme: Scheme
    clock: Clock
    ids: IDSource


def resource_store(
    parts: StoreParts, resource: Resource, admission: AdmissionChain, hooks: WriteHooks | None
) -> ResourceStore:
    """The store of a resource's objects, at its hub version."""
    strategy, names = resource.rules.strategy, resource.rules.selectable_fields

    def fields(obj: JSONObject) -> tuple[str, ...]:
        labels = strategy.field_labels(obj)
        return tuple(labels.get(name, "") for name in names)

    prefix = storage_prefix(resource.storage)
    header = value_header(resource.hub.api_version, resource.hub.kind)
    convert = upgrade(resource.rules, resource.hub)
    stored = StoredProtobuf(parts.scheme.protobuf, resource.hub, resource.rules)
    codec = JSONCodec(prefix, [header], fields if names else None, convert, stored.read)
    as_protobuf = parts.options.storage_media_type == protobuf.MEDIA_TYPE
    is_event = resource.storage == GroupResource("", "events")
    return ResourceStore(
        resource.hub,
        Store(parts.engine, prefix, codec, clock=parts.clock, ids=parts.ids),
        admission,
        parts.ids,
        hooks,
        _EVENT_TTL_SECONDS if is_event else None,
        stored.write if as_protobuf and stored.is_writable else None,
    )
