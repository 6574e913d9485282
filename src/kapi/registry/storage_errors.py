"""The one translator from storage errors to Status."""

from __future__ import annotations

from kapi.apimachinery.errors import (
    Expired,
    InternalError,
    ServiceUnavailable,
    StatusError,
    Timeout,
)
from kapi.storage import errors

__all__ = ["to_status"]


def to_status(error: errors.StorageError) -> StatusError:
    """The Status that a client gets for a storage error that is not part of a verb's rules."""
    if isinstance(error, errors.RevisionCompacted):
        return Expired("The provided continue parameter or resourceVersion is too old.")
    if isinstance(error, errors.FutureRevision):
        details = {
            "causes": [
                {
                    "reason": "ResourceVersionTooLarge",
                    "message": "Too large resource version",
                }
            ],
            "retryAfterSeconds": 1,
        }
        why = f"Too large resource version: {error.revision}, current: {error.current}"
        return Timeout(f"Timeout: {why}", details, headers={"Retry-After": "1"})
    if isinstance(error, errors.TooLarge):
        # Clients know this one by etcd's words.
        return StatusError("etcdserver: request is too large", code=500)
    if isinstance(error, errors.DiskFull):
        return StatusError(f"the storage is full: {error}", {}, code=507)
    if isinstance(error, errors.Unavailable):
        return ServiceUnavailable(f"the storage is not available: {error}", {})
    return InternalError(str(error))
