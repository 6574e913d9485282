"""The contract of the engines, held against a real etcd."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from etcd_cluster import EtcdCluster
from kapi.storage.etcd.engine import EtcdEngine
from kapi.util.clock import FakeClock

# The contract itself stands beside the tests of the embedded engines.
sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "storage"))


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def etcd():
    """One etcd with an empty store."""
    with EtcdCluster(flags=("--unsafe-no-fsync",)) as cluster:
        yield cluster


@pytest.fixture
async def engine(etcd):
    """An engine over everything that an empty etcd holds."""
    opened = await EtcdEngine.open(etcd.urls, prefix="")
    yield opened
    await opened.close()
