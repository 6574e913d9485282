"""What the failures of a call to etcd mean.

etcd tells its errors in the text of a gRPC status; the texts have been the same since 3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import grpc

from kapi.storage.errors import DiskFull, StorageError, Unavailable

if TYPE_CHECKING:
    from grpc.aio import AioRpcError

__all__ = ["Failure", "LeaseGone", "RequestTooLarge", "RevisionGone", "RevisionUnknown", "judge"]


class RevisionGone(StorageError):
    """The revision was compacted away."""


class RevisionUnknown(StorageError):
    """The revision does not exist yet."""


class RequestTooLarge(StorageError):
    """The request exceeds the server's limit."""


class LeaseGone(StorageError):
    """The lease has expired or was revoked; nothing was written."""


class Failure(NamedTuple):
    """A judged failure.

    ``temporary``: another attempt, best at another member, may succeed. ``refused``: it is known
    that nothing was written. ``member_failed``: the member should be left for another one.
    """

    error: StorageError
    temporary: bool
    refused: bool
    member_failed: bool


_PERMANENT: dict[str, type[StorageError]] = {
    "etcdserver: mvcc: required revision has been compacted": RevisionGone,
    "etcdserver: mvcc: required revision is a future revision": RevisionUnknown,
    "etcdserver: request is too large": RequestTooLarge,
    "etcdserver: requested lease not found": LeaseGone,
}
_NO_SPACE = "etcdserver: mvcc: database space exceeded"
# Answers of a member that has not taken the request up, and whether it may do so soon.
_REFUSALS = {
    "etcdserver: no leader": True,
    "etcdserver: not leader": True,
    "etcdserver: leader changed": True,
    "etcdserver: too many requests": False,
    "etcdserver: rpc not supported for learner": True,
}
# gRPC's own words for a request that never left this process.
_NOT_CONNECTED = ("failed to connect", "connections to all backends failing", "dns resolution")
_TEMPORARY_CODES = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
    }
)


def judge(error: AioRpcError, endpoint: str) -> Failure:
    """What an error of a call means."""
    text = error.details() or error.code().name
    if text in _PERMANENT:
        return Failure(_PERMANENT[text](text), temporary=False, refused=True, member_failed=False)
    if text == _NO_SPACE:
        full = DiskFull(f"etcd at {endpoint}")
        return Failure(full, temporary=False, refused=True, member_failed=False)
    unavailable = Unavailable(f"etcd at {endpoint}: {text}")
    if text in _REFUSALS:
        return Failure(unavailable, temporary=True, refused=True, member_failed=_REFUSALS[text])
    lowered = text.lower()
    if any(words in lowered for words in _NOT_CONNECTED):
        return Failure(unavailable, temporary=True, refused=True, member_failed=True)
    temporary = error.code() in _TEMPORARY_CODES or "timed out" in text
    return Failure(unavailable, temporary, refused=False, member_failed=temporary)
