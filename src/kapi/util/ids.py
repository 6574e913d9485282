"""Random identifiers behind a protocol, so that a test can make a run repeatable."""

from __future__ import annotations

import os
import random
import uuid
from typing import Protocol

__all__ = ["IDSource", "RandomIDs", "SeededIDs"]

# The alphabet of generated names: no vowels and no look-alikes, so that no words come out.
_NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


class IDSource(Protocol):
    """Where uids, generated name suffixes and audit ids come from."""

    def uid(self) -> str:
        """A new version 4 UUID as text."""
        ...

    def suffix(self, length: int = 5) -> str:
        """Random lower-case characters for ``metadata.generateName``."""
        ...

    def below(self, limit: int) -> int:
        """A random integer in ``[0, limit)``."""
        ...


# Randomness is fetched for this many UUIDs at once: every request takes one or two.
_BATCH = 256
_VARIANT = "89ab"
# The letter of each byte.
_LETTERS = bytes(ord(_NAME_ALPHABET[byte % len(_NAME_ALPHABET)]) for byte in range(256))


class RandomIDs:
    """Identifiers from the operating system's randomness."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()
        self._hex = ""
        self._at = 0
        self._letters = ""
        self._letters_at = 0

    def uid(self) -> str:
        """A new version 4 UUID as text."""
        at = self._at
        if at >= len(self._hex):
            self._hex = os.urandom(16 * _BATCH).hex()
            at = 0
        self._at = at + 32
        text = self._hex[at : at + 32]
        variant = _VARIANT[int(text[16], 16) & 3]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def suffix(self, length: int = 5) -> str:
        """Random lower-case characters for ``metadata.generateName``."""
        at = self._letters_at
        if at + length > len(self._letters):
            self._letters = os.urandom(16 * _BATCH + length).translate(_LETTERS).decode("ascii")
            at = 0
        self._letters_at = at + length
        return self._letters[at : at + length]

    def below(self, limit: int) -> int:
        """A random integer in ``[0, limit)``."""
        return self._random.randrange(limit)


class SeededIDs:
    """The same identifiers in every run with the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def uid(self) -> str:
        """The next UUID of the seeded sequence."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def suffix(self, length: int = 5) -> str:
        """The next suffix of the seeded sequence."""
        return "".join(self._random.choices(_NAME_ALPHABET, k=length))

    def below(self, limit: int) -> int:
        """The next integer in ``[0, limit)`` of the seeded sequence."""
        return self._random.randrange(limit)
