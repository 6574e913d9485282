"""Ciphers: from a value to what is stored of it under one key, and back.

aesgcm      nonce (12), sealed            the store's key is authenticated
aescbc      vector (16), blocks           not authenticated, padding as PKCS #7
secretbox   nonce (24), box               XSalsa20 and Poly1305; needs PyNaCl
identity    the value itself
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as _Cipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ENCRYPTED_PREFIX",
    "AESCBCCipher",
    "AESGCMCipher",
    "Cipher",
    "CipherError",
    "IdentityCipher",
    "SecretboxCipher",
]

# What all encrypted values begin with, whoever wrote them.
ENCRYPTED_PREFIX = b"k8s:enc:"

_GCM_NONCE_BYTES = 12
_BLOCK_BYTES = 16
_BOX_NONCE_BYTES = 24


class CipherError(Exception):
    """A stored value cannot be decrypted; the text tells why."""


class Cipher(Protocol):
    """Encrypts under one key. ``context`` is the key in the store that the value belongs to."""

    def encrypt(self, value: bytes, context: bytes) -> bytes:
        """What is stored behind the prefix."""
        ...

    def decrypt(self, data: bytes, context: bytes) -> bytes:
        """The value of what is stored; raises CipherError."""
        ...

    def is_stale(self, data: bytes) -> bool:
        """Whether writing the value again would use another key than it was written with."""
        ...


class IdentityCipher:
    """Stores values as they are."""

    def encrypt(self, value: bytes, context: bytes) -> bytes:
        """The value."""
        return value

    def decrypt(self, data: bytes, context: bytes) -> bytes:
        """The value, unless somebody has encrypted it."""
        if data.startswith(ENCRYPTED_PREFIX):
            raise CipherError("identity transformer tried to read encrypted data")
        return data

    def is_stale(self, data: bytes) -> bool:
        """There is one way to store a value as it is."""
        return False


class _KeyCipher:
    """What ciphers with a key of their own have in common."""

    def is_stale(self, data: bytes) -> bool:
        """The key is the cipher's."""
        return False


class AESGCMCipher(_KeyCipher):
    """AES in Galois/Counter Mode."""

    def __init__(self, secret: bytes, random: Callable[[int], bytes] = os.urandom) -> None:
        self._aead = AESGCM(secret)
        self._random = random

    def encrypt(self, value: bytes, context: bytes) -> bytes:
        """A random nonce and the sealed value."""
        nonce = self._random(_GCM_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, value, context)

    def decrypt(self, data: bytes, context: bytes) -> bytes:
        """The value, if key and context are those it was sealed with."""
        if len(data) < _GCM_NONCE_BYTES:
            raise CipherError("the stored data was shorter than the required size")
        try:
            return self._aead.decrypt(data[:_GCM_NONCE_BYTES], data[_GCM_NONCE_BYTES:], context)
        except InvalidTag:
            raise CipherError("cipher: message authentication failed") from None


class AESCBCCipher(_KeyCipher):
    """AES in cipher block chaining mode."""

    def __init__(self, secret: bytes, random: Callable[[int], bytes] = os.urandom) -> None:
        self._algorithm = algorithms.AES(secret)
        self._random = random

    def encrypt(self, value: bytes, context: bytes) -> bytes:
        """A random vector and the blocks."""
        vector = self._random(_BLOCK_BYTES)
        padder = PKCS7(_BLOCK_BYTES * 8).padder()
        encryptor = _Cipher(self._algorithm, modes.CBC(vector)).encryptor()
        padded = padder.update(value) + padder.finalize()
        return vector + encryptor.update(padded) + encryptor.finalize()

    def decrypt(self, data: bytes, context: bytes) -> bytes:
        """The value; a wrong key shows in the padding only."""
        if len(data) < _BLOCK_BYTES:
            raise CipherError("the stored data was shorter than the required size")
        if len(data) % _BLOCK_BYTES:
            raise CipherError("the stored data is not a multiple of the block size")
        decryptor = _Cipher(self._algorithm, modes.CBC(data[:_BLOCK_BYTES])).decryptor()
        unpadder = PKCS7(_BLOCK_BYTES * 8).unpadder()
        padded = decryptor.update(data[_BLOCK_BYTES:]) + decryptor.finalize()
        try:
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError:
            raise CipherError("invalid padding on input") from None


class SecretboxCipher(_KeyCipher):
    """NaCl's secret box."""

    def __init__(self, secret: bytes, random: Callable[[int], bytes] = os.urandom) -> None:
        from nacl import bindings, exceptions  # noqa: PLC0415 - an extra that others do not need

        self._secret = secret
        self._random = random
        self._seal = bindings.crypto_secretbox
        self._open = bindings.crypto_secretbox_open
        self._refused = exceptions.CryptoError

    def encrypt(self, value: bytes, context: bytes) -> bytes:
        """A random nonce and the box."""
        nonce = self._random(_BOX_NONCE_BYTES)
        return nonce + self._seal(value, nonce, self._secret)

    def decrypt(self, data: bytes, context: bytes) -> bytes:
        """The value, if the key is the one it was sealed with."""
        if len(data) < _BOX_NONCE_BYTES:
            raise CipherError("the stored data was shorter than the required size")
        try:
            return self._open(data[_BOX_NONCE_BYTES:], data[:_BOX_NONCE_BYTES], self._secret)
        except self._refused:
            raise CipherError("output array was not large enough for encryption") from None
