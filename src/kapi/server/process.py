"""The process that a server runs in: memory, file descriptors, logging."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource

__all__ = ["prepare_process", "settle_memory"]

# A collection looks at young objects only after so many more were made than freed: requests make
# no cycles worth looking for often, and what the watch cache keeps should not be walked for them.
_COLLECTION_THRESHOLDS = (50_000, 20, 50)
# More open files than this help no server; macOS refuses an unlimited number.
_OPEN_FILES = 10_240


def prepare_process() -> None:
    """Allow many connections, and log warnings to standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("uvicorn.error").addFilter(_is_no_cancellation)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    """Whether a record tells something else than that a request ended with the server."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError)


def settle_memory() -> None:
    """Take what start-up made out of garbage collection, and collect seldom from now on."""
    gc.freeze()
    gc.set_threshold(*_COLLECTION_THRESHOLDS)
    gc.enable()
