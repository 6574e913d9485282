r"""The file of a snapshot: a manifest, the keys in blocks, and a seal that tells it is complete.

    kapi-snapshot 1\n
    {"kapi":"0.1.0","keys":2,"revision":7,"takenAt":"2026-01-01T00:00:00Z"}\n
    length, CRC-32, block of records (zlib)      as often as needed
    0, SHA-256 of everything before it

A record is the key, the value as it is in the store (encrypted values stay encrypted), its
revisions and when it expires. Numbers are big-endian. A file that was cut short, changed, or made
by something else is refused with a sentence that tells so.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, BinaryIO

from kapi.storage.engine import KeyValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Manifest", "SnapshotError", "SnapshotReader", "SnapshotWriter"]

_MAGIC = b"kapi-snapshot "
_VERSION = b"1\n"
_BLOCK = struct.Struct(">II")
# Lengths of key and value, create_revision, mod_revision, expires_at (not a number: never).
_RECORD = struct.Struct(">IIQQd")
_SEAL_BYTES = 32
# Enough for zlib to find repetitions, little enough to hold in memory.
_BLOCK_BYTES = 1 << 20
# No block that this module wrote is longer; a damaged length does not ask for more memory.
_MAX_BLOCK_BYTES = 1 << 25
_MAX_MANIFEST_BYTES = 1 << 16


class SnapshotError(Exception):
    """A snapshot cannot be taken, read or restored; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot holds: all ``keys`` of a store as of ``revision``."""

    revision: int
    keys: int
    takenAt: str  # noqa: N815 - as in the file
    kapi: str


class SnapshotWriter:
    """Writes a snapshot from the front to the back."""

    def __init__(self, file: BinaryIO, manifest: Manifest) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._records: list[bytes] = []
        self._size = 0
        self._keys = 0
        self._expected = manifest.keys
        text = json.dumps(asdict(manifest), separators=(",", ":"), sort_keys=True)
        self._write(_MAGIC + _VERSION + text.encode() + b"\n")

    def add(self, items: Sequence[KeyValue]) -> None:
        """Append keys."""
        self._keys += len(items)
        for key, value, created, modified, expires_at in items:
            name = key.encode()
            expires = math.nan if expires_at is None else expires_at
            head = _RECORD.pack(len(name), len(value), created, modified, expires)
            self._records += (head, name, value)
            self._size += len(head) + len(name) + len(value)
            if self._size >= _BLOCK_BYTES:
                self._flush()

    def seal(self) -> None:
        """Write what is left and the checksum; without it the file counts as cut short."""
        if self._keys != self._expected:
            raise SnapshotError(f"the store has {self._keys} keys, it had {self._expected} before")
        self._flush()
        self._write(_BLOCK.pack(0, 0))
        self._file.write(self._digest.digest())

    def _flush(self) -> None:
        if self._records:
            block = zlib.compress(b"".join(self._records), 1)
            self._write(_BLOCK.pack(len(block), zlib.crc32(block)))
            self._write(block)
            self._records.clear()
            self._size = 0

    def _write(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)


class SnapshotReader:
    """Reads a snapshot; every byte is checked before the last record is handed out."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._digest = hashlib.sha256()
        self.manifest = self._read_manifest()

    def records(self) -> Iterator[list[KeyValue]]:
        """The keys, block by block; SnapshotError when something is wrong with the file."""
        keys = 0
        while True:
            length, checksum = _BLOCK.unpack(self._read(_BLOCK.size))
            if length == 0:
                break
            if length > _MAX_BLOCK_BYTES:
                raise self._damaged("a block has no sensible length")
            block = self._read(length)
            if zlib.crc32(block) != checksum:
                raise self._damaged(f"the checksum of a block after key {keys} is wrong")
            items = self._items(zlib.decompress(block))
            keys += len(items)
            yield items
        digest = self._digest.digest()
        if self._read(_SEAL_BYTES) != digest:
            raise self._damaged("the checksum of the file is wrong")
        if keys != self.manifest.keys:
            raise self._damaged(f"it has {keys} keys, the manifest tells {self.manifest.keys}")
        if self._file.read(1):
            raise self._damaged("something follows its end")

    def _items(self, block: bytes) -> list[KeyValue]:
        items: list[KeyValue] = []
        at = 0
        while at < len(block):
            name, size, created, modified, expires = _RECORD.unpack_from(block, at)
            at += _RECORD.size
            key = block[at : at + name].decode()
            at += name
            value = block[at : at + size]
            at += size
            expires_at = None if math.isnan(expires) else expires
            items.append(KeyValue(key, value, created, modified, expires_at))
        return items

    def _read_manifest(self) -> Manifest:
        start = self._file.read(len(_MAGIC) + len(_VERSION))
        if not start.startswith(_MAGIC):
            raise SnapshotError(f"{self._name} is not a snapshot of kapi")
        if start != _MAGIC + _VERSION:
            raise SnapshotError(f"{self._name} was made by a newer version of kapi")
        line = self._file.readline(_MAX_MANIFEST_BYTES)
        self._digest.update(start + line)
        try:
            return Manifest(**json.loads(line))
        except (ValueError, TypeError):
            raise self._damaged("its manifest cannot be read") from None

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise self._damaged("it was cut short")
        self._digest.update(data)
        return data

    def _damaged(self, why: str) -> SnapshotError:
        return SnapshotError(f"{self._name} is damaged: {why}")
