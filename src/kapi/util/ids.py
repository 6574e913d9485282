"""Random identifiers behind a protocol, so that a test can make a run repeatable."""

from __future__ import annotations

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


class RandomIDs:
    """Identifiers from the operating system's randomness."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()

    def uid(self) -> str:
        """A new version 4 UUID as text."""
        return str(uuid.uuid4())

    def suffix(self, length: int = 5) -> str:
        """Random lower-case characters for ``metadata.generateName``."""
        return "".join(self._random.choices(_NAME_ALPHABET, k=length))

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
