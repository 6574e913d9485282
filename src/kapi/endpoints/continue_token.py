"""The ``continue`` token of a list: where its next page starts.

Implements the tokens of "Retrieving large results sets in chunks" in the form that kube-apiserver
writes: unpadded URL-safe base64 of a small JSON object.
"""

from __future__ import annotations

import base64
import posixpath
from typing import TYPE_CHECKING, NamedTuple

import orjson

from kapi.apimachinery.errors import BadRequest
from kapi.apimachinery.scheme.go_names import json_kind
from kapi.apimachinery.serializer import json

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["ContinueToken", "decode_token", "encode_token"]

_VERSION = "meta.k8s.io/v1"
_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_GROUP = 4  # characters of base64 that stand together


class ContinueToken(NamedTuple):
    """Where the next page starts, and at which revision; -1 is the newest one."""

    revision: int
    start: str


def encode_token(revision: int, start: str) -> str:
    """The ``continue`` text that kube-apiserver writes."""
    token = {"v": _VERSION, "rv": revision, "start": start + "\0"}
    return base64.urlsafe_b64encode(orjson.dumps(token)).decode().rstrip("=")


def decode_token(text: str) -> ContinueToken:
    """Read a ``continue`` parameter; raises BadRequest."""
    try:
        token = _members(json.loads(_bytes(text)))
    except ValueError as error:
        raise _invalid(str(error)) from None
    version, revision, start = token.get("v"), token.get("rv"), token.get("start")
    if version != _VERSION:
        raise _invalid(f"server does not recognize this encoded version {version or ''}")
    if not revision:
        raise _invalid(f"incorrect encoded start resourceVersion (version {_VERSION})")
    if not start:
        raise _invalid(f"encoded start key empty (version {_VERSION})")
    key = start.rstrip("\0")
    # A key must not lead out of the collection.
    rooted = key if key.startswith("/") else f"/{key}"
    if _cleaned(rooted) != rooted:
        raise _invalid(start)
    return ContinueToken(revision, key)


def _cleaned(path: str) -> str:
    return posixpath.normpath("/" + path.lstrip("/"))


def _invalid(why: str) -> BadRequest:
    return BadRequest(f"invalid continue token: continue key is not valid: {why}")


def _bytes(text: str) -> bytes:
    """Decode base64; raises ValueError that names the first byte that is wrong."""
    data = text.encode()
    for index, byte in enumerate(data):
        if byte not in _LETTERS:
            raise ValueError(f"illegal base64 data at input byte {index}")
    rest = len(data) % _GROUP
    if rest == 1:
        raise ValueError(f"illegal base64 data at input byte {len(data) - 1}")
    return base64.urlsafe_b64decode(data + b"=" * (-len(data) % _GROUP))


def _members(value: JSONValue) -> JSONObject:
    """The members of the token with their types checked; raises ValueError."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _mismatch(value, "value of type storage.continueToken")
    for name, wanted, go_type in (
        ("v", str, "string"),
        ("rv", int, "int64"),
        ("start", str, "string"),
    ):
        member = value.get(name)
        if member is not None and (not isinstance(member, wanted) or isinstance(member, bool)):
            raise _mismatch(member, f"struct field continueToken.{name} of type {go_type}")
    return value


def _mismatch(value: JSONValue, wanted: str) -> ValueError:
    number = isinstance(value, float) and wanted.endswith("int64")
    found = f"number {value}" if number else json_kind(value)
    return ValueError(f"json: cannot unmarshal {found} into Go {wanted}")
