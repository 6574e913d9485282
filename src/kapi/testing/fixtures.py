"""pytest fixtures: ``pytest_plugins = ["kapi.testing.fixtures"]`` in a conftest.py.

``kapi_server`` is one server for the whole run, ``fresh_kapi_server`` an empty one for each test.
Override the fixture ``kapi_flags`` to choose flags of ``kapi up`` for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kapi.testing.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["fresh_kapi_server", "kapi_flags", "kapi_server"]


@pytest.fixture(scope="session")
def kapi_flags() -> Sequence[str]:
    """The flags of ``kapi up`` that the servers are started with."""
    return ()


@pytest.fixture(scope="session")
def kapi_server(kapi_flags: Sequence[str]) -> Iterator[Server]:
    """One server for all tests, in a process of its own."""
    with Server(*kapi_flags) as server:
        yield server


@pytest.fixture
def fresh_kapi_server(kapi_flags: Sequence[str]) -> Iterator[Server]:
    """An empty server for one test, in a thread."""
    with Server(*kapi_flags, thread=True) as server:
        yield server
