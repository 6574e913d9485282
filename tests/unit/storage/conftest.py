"""Engines to hold the contract against."""

from __future__ import annotations

import pytest

from kapi.storage.memory import MemoryEngine
from kapi.storage.sqlite import SQLiteEngine
from kapi.util.clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite"])
async def engine(request, tmp_path, clock):
    """An empty store of each kind."""
    if request.param == "memory":
        opened = MemoryEngine(clock=clock)
    else:
        opened = await SQLiteEngine.open(str(tmp_path / "state.db"), clock=clock)
    yield opened
    await opened.close()
