"""Which connections are kept, how many, and until when."""

from __future__ import annotations

from kapi.util.http_pool import ConnectionPool, Endpoint

HERE = Endpoint("127.0.0.1", 1, None, "here")
THERE = Endpoint("127.0.0.1", 2, None, "there")


class Connection:
    """A connection after its exchange."""

    def __init__(self, *, reusable=True):
        self.reusable = reusable
        self.closed = False

    def close(self):
        self.closed = True

    abort = close


async def test_the_last_one_comes_first():
    """The one that was used last is the least likely to have ended."""
    pool, first, last = ConnectionPool(), Connection(), Connection()
    pool.keep(HERE, first)
    pool.keep(HERE, last)
    assert pool.take(THERE) is None
    assert (pool.take(HERE), pool.take(HERE), pool.take(HERE)) == (last, first, None)
    assert pool.idle == 0


async def test_what_has_ended_is_passed_over():
    """Neither kept when it ends with its exchange, nor taken when it has ended since."""
    pool, ended, good = ConnectionPool(), Connection(reusable=False), Connection()
    pool.keep(HERE, ended)
    assert (ended.closed, pool.idle) == (True, 0)
    pool.keep(HERE, good)
    good.reusable = False
    assert pool.take(HERE) is None
    assert (good.closed, pool.idle) == (True, 0)


async def test_few_are_kept():
    """Beyond 25 to one place, and 200 in all, they are closed."""
    pool = ConnectionPool()
    connections = [Connection() for _ in range(26)]
    for each in connections:
        pool.keep(HERE, each)
    assert [each.closed for each in connections] == [False] * 25 + [True]
    for port in range(10):
        for _ in range(25):
            pool.keep(Endpoint("127.0.0.2", port, None, ""), Connection())
    assert pool.idle == 200
    pool.close()
    assert pool.idle == 0


async def test_those_that_lead_nowhere_are_dropped():
    """Only the unwanted ones are closed."""
    pool, here, there = ConnectionPool(), Connection(), Connection()
    pool.keep(HERE, here)
    pool.keep(THERE, there)
    pool.drop(lambda endpoint: endpoint.server_name == "here")
    assert (here.closed, there.closed, pool.idle) == (True, False, 1)
    pool.close()
