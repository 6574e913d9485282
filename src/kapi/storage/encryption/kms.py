"""KMS v2: values are encrypted with keys that a plugin beside the server keeps encrypted.

The server makes a seed, has it encrypted once by the plugin (gRPC over a Unix socket), and derives
a key from it for each value. A value is stored with everything that is needed to read it again:

    k8s:enc:kms:v2:<name>:<message: data, key id, encrypted seed, annotations, kind of seed>

The plugin is asked when the server starts, for each seed that was not seen yet, and once a minute
whether its key has changed. Implements "Using a KMS provider for data encryption".
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kapi.apimachinery.serializer.protobuf_wire import (
    LENGTH,
    VARINT,
    ProtobufError,
    delimited,
    read_length,
    read_varint,
    skip,
    tag,
    varint,
)
from kapi.storage.encryption.ciphers import AESGCMCipher, CipherError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.util.clock import Clock
    from kapi.util.ids import IDSource

__all__ = ["EncryptedSeed", "GRPCPlugin", "KMSCipher", "Plugin"]

# kube-apiserver asks for the plugin's state so often.
_STATUS_SECONDS = 60.0
_SEED_BYTES = 32
_INFO_BYTES = 32
# How a data encryption key is stored: as it is, or as a seed that keys are derived from.
_PLAIN_KEY = 0
_DERIVED_KEYS = 1


class EncryptedSeed(NamedTuple):
    """A seed as only the plugin can read it."""

    ciphertext: bytes
    key_id: str
    annotations: tuple[tuple[str, bytes], ...] = ()


class Plugin(Protocol):
    """The plugin's three calls; each raises CipherError when it fails."""

    def status(self) -> str:
        """The id of the key that it encrypts with now."""
        ...

    def encrypt(self, plaintext: bytes, uid: str) -> EncryptedSeed:
        """Encrypt a seed."""
        ...

    def decrypt(self, seed: EncryptedSeed, uid: str) -> bytes:
        """The seed of what ``encrypt`` returned."""
        ...


class _Stored(NamedTuple):
    data: bytes
    seed: EncryptedSeed
    kind: int


class KMSCipher:
    """One ``kms`` provider."""

    def __init__(
        self,
        plugin: Plugin,
        clock: Clock,
        ids: IDSource,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._plugin = plugin
        self._clock = clock
        self._ids = ids
        self._random = random
        self._asked_at = float("-inf")
        self._key_id = ""
        self._current: tuple[bytes, EncryptedSeed] | None = None
        self._seeds: dict[EncryptedSeed, bytes] = {}

    def encrypt(self, value: bytes, context: bytes) -> bytes:
        """The value under a key of its own."""
        seed, encrypted = self._current_seed()
        info = self._random(_INFO_BYTES)
        sealed = AESGCMCipher(_derived(seed, info), self._random).encrypt(value, context)
        return _message(_Stored(info + sealed, encrypted, _DERIVED_KEYS))

    def decrypt(self, data: bytes, context: bytes) -> bytes:
        """The value; asks the plugin for a seed that was not seen yet."""
        stored = _parsed(data)
        seed = self._seeds.get(stored.seed)
        if seed is None:
            seed = self._plugin.decrypt(stored.seed, self._ids.uid())
            self._seeds[stored.seed] = seed
        if stored.kind == _PLAIN_KEY:
            return AESGCMCipher(seed).decrypt(stored.data, context)
        info, sealed = stored.data[:_INFO_BYTES], stored.data[_INFO_BYTES:]
        return AESGCMCipher(_derived(seed, info)).decrypt(sealed, context)

    def is_stale(self, data: bytes) -> bool:
        """Whether the plugin has another key now."""
        return _parsed(data).seed.key_id != self._known_key_id()

    def _known_key_id(self) -> str:
        """The plugin's key as of less than a minute ago."""
        now = self._clock.monotonic()
        if now - self._asked_at >= _STATUS_SECONDS:
            try:
                self._key_id = self._plugin.status()
            except CipherError:
                if not self._key_id:
                    raise
            self._asked_at = now
        return self._key_id

    def _current_seed(self) -> tuple[bytes, EncryptedSeed]:
        key_id = self._known_key_id()
        if self._current is None or self._current[1].key_id != key_id:
            seed = self._random(_SEED_BYTES)
            encrypted = self._plugin.encrypt(seed, self._ids.uid())
            self._current = seed, encrypted
            self._key_id = encrypted.key_id
            self._seeds[encrypted] = seed
        return self._current


def _derived(seed: bytes, info: bytes) -> bytes:
    """HKDF with SHA-256, the expanding half, for 32 bytes: one round."""
    return hmac.digest(seed, info + b"\x01", hashlib.sha256)


class GRPCPlugin:
    """A plugin behind ``unix:///path``; calls block until it answers, at most the time-out."""

    def __init__(self, endpoint: str, timeout_seconds: float) -> None:
        import grpc  # noqa: PLC0415 - heavy, and an extra that others do not need

        self._timeout_seconds = timeout_seconds
        channel = grpc.insecure_channel(endpoint)
        service = "/v2.KeyManagementService/"
        self._calls: dict[str, Callable[..., bytes]] = {
            name: channel.unary_unary(service + name) for name in ("Status", "Encrypt", "Decrypt")
        }
        self._failure = grpc.RpcError

    def _call(self, name: str, request: bytes) -> dict[int, list[bytes]]:
        try:
            answer: bytes = self._calls[name](request, timeout=self._timeout_seconds)
            return _fields(answer)
        except self._failure as error:
            details = getattr(error, "details", error.__str__)()
            raise CipherError(f"the KMS plugin failed: {details}") from None

    def status(self) -> str:
        """The id of the key that it encrypts with now."""
        fields = self._call("Status", b"")
        health = _text(fields, 2)
        if health != "ok":
            raise CipherError(f"the KMS plugin is not healthy: {health}")
        if _text(fields, 1) not in {"v2", "v2beta1"}:
            raise CipherError(f"the KMS plugin speaks {_text(fields, 1)!r}, not v2")
        return _text(fields, 3)

    def encrypt(self, plaintext: bytes, uid: str) -> EncryptedSeed:
        """Encrypt a seed."""
        fields = self._call("Encrypt", _field(1, plaintext) + _field(2, uid.encode()))
        annotations = tuple(_annotation(each) for each in fields.get(3, ()))
        return EncryptedSeed(_bytes(fields, 1), _text(fields, 2), annotations)

    def decrypt(self, seed: EncryptedSeed, uid: str) -> bytes:
        """The seed of what ``encrypt`` returned."""
        request = _field(1, seed.ciphertext) + _field(2, uid.encode())
        request += _field(3, seed.key_id.encode()) + _annotations(4, seed)
        return _bytes(self._call("Decrypt", request), 1)


# -- messages ---------------------------------------------------------------------------------


def _message(stored: _Stored) -> bytes:
    seed = stored.seed
    return (
        _field(1, stored.data)
        + _field(2, seed.key_id.encode())
        + _field(3, seed.ciphertext)
        + _annotations(4, seed)
        + (tag(5, VARINT) + varint(stored.kind) if stored.kind else b"")
    )


def _parsed(data: bytes) -> _Stored:
    fields = _fields(data)
    annotations = tuple(_annotation(each) for each in fields.get(4, ()))
    seed = EncryptedSeed(_bytes(fields, 3), _text(fields, 2), annotations)
    kind = fields.get(5)
    return _Stored(_bytes(fields, 1), seed, read_varint(kind[-1], 0)[0] if kind else _PLAIN_KEY)


def _field(number: int, data: bytes) -> bytes:
    return tag(number, LENGTH) + delimited(data) if data else b""


def _annotations(number: int, seed: EncryptedSeed) -> bytes:
    return b"".join(
        _field(number, _field(1, name.encode()) + _field(2, value))
        for name, value in seed.annotations
    )


def _annotation(data: bytes) -> tuple[str, bytes]:
    fields = _fields(data)
    return _text(fields, 1), _bytes(fields, 2)


def _fields(data: bytes) -> dict[int, list[bytes]]:
    """The fields of a message by number; numbers as they are on the wire."""
    fields: dict[int, list[bytes]] = {}
    pos, end = 0, len(data)
    try:
        while pos < end:
            key, pos = read_varint(data, pos)
            if key & 7 == LENGTH:
                start, stop = read_length(data, pos, end)
            else:
                start, stop = pos, skip(data, pos, end, key)
            fields.setdefault(key >> 3, []).append(data[start:stop])
            pos = stop
    except (IndexError, ProtobufError):
        raise CipherError("a KMS message cannot be read") from None
    return fields


def _bytes(fields: dict[int, list[bytes]], number: int) -> bytes:
    values = fields.get(number)
    return values[-1] if values else b""


def _text(fields: dict[int, list[bytes]], number: int) -> str:
    return _bytes(fields, number).decode("utf-8", "replace")
