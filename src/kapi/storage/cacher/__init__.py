"""The watch cache: every object of a resource as served bytes, and the recent changes."""

from kapi.storage.cacher.cacher import Cacher, CacherOptions, ListResult
from kapi.storage.cacher.change import Predicate, WatchEvent, WatchEventType
from kapi.storage.cacher.codec import Codec, JSONCodec, stored_value, value_header
from kapi.storage.cacher.entry import Entry
from kapi.storage.cacher.watcher import Watcher

__all__ = [
    "Cacher",
    "CacherOptions",
    "Codec",
    "Entry",
    "JSONCodec",
    "ListResult",
    "Predicate",
    "WatchEvent",
    "WatchEventType",
    "Watcher",
    "stored_value",
    "value_header",
]
