"""Transformer: encrypts with the first provider and decrypts with whichever fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.storage.encryption.ciphers import CipherError, IdentityCipher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kapi.storage.encryption.ciphers import Cipher

__all__ = ["IDENTITY", "Provider", "Transformer", "Transformers"]


class Provider(NamedTuple):
    """A cipher and what stands in front of the values that it has written."""

    prefix: bytes
    cipher: Cipher


class Transformer:
    """The providers of some resources, the writing one first."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = tuple(providers)
        self._writer = self._providers[0]

    @property
    def is_identity(self) -> bool:
        """Whether values are stored as they are and read as they are."""
        return len(self._providers) == 1 and isinstance(self._writer.cipher, IdentityCipher)

    def to_storage(self, value: bytes, context: bytes) -> bytes:
        """What is stored for a value; raises CipherError."""
        return self._writer.prefix + self._writer.cipher.encrypt(value, context)

    def from_storage(self, data: bytes, context: bytes) -> tuple[bytes, bool]:
        """The value, and whether writing it again would change how it is stored.

        Raises:
            CipherError: no provider can read it.
        """
        failure: CipherError | None = None
        for provider in self._providers:
            prefix, cipher = provider
            if not data.startswith(prefix):
                continue
            body = data[len(prefix) :]
            try:
                value = cipher.decrypt(body, context)
            except CipherError as error:
                # Another one may have the same prefix; the first failure tells most.
                failure = failure or error
                continue
            return value, provider is not self._writer or cipher.is_stale(body)
        raise failure or CipherError("no matching prefix found")


IDENTITY = Transformer([Provider(b"", IdentityCipher())])


class Transformers:
    """Transformers by resource, with the wildcards of an EncryptionConfiguration."""

    def __init__(self, by_resource: Mapping[str, Transformer]) -> None:
        self._by_resource = dict(by_resource)

    def of(self, group: str, resource: str) -> Transformer:
        """The one for a resource: by its name, else by its group, else for everything."""
        found = self._by_resource
        return (
            found.get(f"{resource}.{group}" if group else resource)
            or found.get(f"*.{group}")
            or found.get("*.*")
            or IDENTITY
        )
