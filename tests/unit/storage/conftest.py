"""Engines to hold the contract against."""

from __future__ import annotations

import pytest

from kapi.storage.encryption.ciphers import AESGCMCipher
from kapi.storage.encryption.engine import EncryptedEngine
from kapi.storage.encryption.transformer import Provider, Transformer, Transformers
from kapi.storage.memory import MemoryEngine
from kapi.storage.sqlite import SQLiteEngine
from kapi.util.clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


def encrypted(engine):
    """The engine with every value encrypted."""
    transformer = Transformer([Provider(b"k8s:enc:aesgcm:v1:a:", AESGCMCipher(b"k" * 32))])
    transformers = Transformers({"*.*": transformer})
    above = EncryptedEngine(engine, transformers, lambda _: ("", "any"))
    above.expire = engine.expire
    return above


@pytest.fixture(params=["memory", "sqlite", "encrypted"])
async def engine(request, tmp_path, clock):
    """An empty store of each kind."""
    if request.param == "memory":
        opened = MemoryEngine(clock=clock)
    elif request.param == "encrypted":
        opened = encrypted(MemoryEngine(clock=clock))
    else:
        opened = await SQLiteEngine.open(str(tmp_path / "state.db"), clock=clock)
    yield opened
    await opened.close()
