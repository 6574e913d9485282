"""ServiceAccountAuthenticator: time, keys, and what a token is bound to."""

from __future__ import annotations

import pytest

from kapi.authentication.jwt import read_signing_key
from kapi.authentication.service_account import (
    ServiceAccountAuthenticator,
    TokenIssuer,
    TokenRefusedError,
)
from kapi.authentication.service_account_claims import BoundObject, Lifetime, ServiceAccountClaims
from kapi.server.certificates import create_service_account_key
from kapi.util.clock import FakeClock

ISSUER = "https://issuer.example"
NOW = 1_700_000_000


class Objects(dict):
    """Objects by resource, namespace and name."""

    async def get(self, group, resource, namespace, name):
        uid = dict.get(self, (resource, namespace, name))
        return None if uid is None else {"metadata": {"name": name, "uid": uid}}


class World:
    """One issuer, one verifier, and the objects between them."""

    def __init__(self):
        self.key = read_signing_key(create_service_account_key()[0])
        self.clock = FakeClock(NOW)
        self.objects = Objects({("serviceaccounts", "ns", "robot"): "u1"})
        self.issuer = TokenIssuer(ISSUER, lambda: self.key)
        self.authenticator = ServiceAccountAuthenticator(
            [ISSUER],
            lambda: [self.key.verifying],
            ["api"],
            self.objects,
            self.clock,
            minor=37,
        )

    def token(self, seconds=600, **bound):
        """A token of the account."""
        claims = ServiceAccountClaims(
            "ns", BoundObject("robot", "u1"), ("api",), Lifetime(NOW, NOW + seconds), **bound
        )
        return self.issuer.issue(claims)

    async def refusal(self, token):
        """Why a token is not good."""
        with pytest.raises(TokenRefusedError) as info:
            await self.authenticator.authenticate_token(token)
        return str(info.value)


@pytest.fixture
def world():
    """A fresh one."""
    return World()


async def test_expiry_also_of_a_known_token(world):
    """A token that was good is not good for ever; clocks may differ by a minute."""
    token = world.token(600)
    assert await world.authenticator.authenticate_token(token)
    world.clock.advance(660)
    assert await world.authenticator.authenticate_token(token)
    world.clock.advance(1)
    assert await world.refusal(token) == "service account token has expired"


async def test_token_of_the_future(world):
    """It is refused until its time comes."""
    token = world.token()
    world.clock.advance(-61)
    assert await world.refusal(token) == "service account token is not valid yet"
    world.clock.advance(1)
    assert await world.authenticator.authenticate_token(token)


@pytest.mark.parametrize(
    ("member", "key"),
    [
        ("pod", ("pods", "ns", "x")),
        ("secret", ("secrets", "ns", "x")),
        ("node", ("nodes", "", "x")),
    ],
)
async def test_bound_objects(world, member, key):
    """The token dies with what it is bound to, also when that is made anew."""
    token = world.token(**{member: BoundObject("x", "u2")})
    world.objects[key] = "u2"
    assert await world.authenticator.authenticate_token(token)
    world.objects[key] = "u3"
    assert "UID (u3) does not match" in await world.refusal(token)
    del world.objects[key]
    assert await world.refusal(token) == "service account token has been invalidated"


async def test_node_of_a_pod_is_not_asked_for(world):
    """A token of a pod says on which node it runs; the node itself may be gone."""
    world.objects["pods", "ns", "x"] = "u2"
    token = world.token(pod=BoundObject("x", "u2"), node=BoundObject("n", "u3"))
    found = await world.authenticator.authenticate_token(token)
    assert found.user.extra["authentication.kubernetes.io/node-uid"] == ["u3"]


async def test_tokens_of_others(world):
    """Another issuer's tokens, and what is no token, are for somebody else to judge."""
    other = TokenIssuer("https://other.example", lambda: world.key)
    claims = ServiceAccountClaims(
        "ns", BoundObject("robot", "u1"), ("api",), Lifetime(NOW, NOW + 600)
    )
    for token in (other.issue(claims), "text", "a.b.c", "..", "a.bnVsbA.c"):
        assert await world.authenticator.authenticate_token(token) is None


async def test_foreign_key(world):
    """A token of the right issuer that another key signed is refused."""
    key = read_signing_key(create_service_account_key()[0])
    mine, world.key = world.key, key
    token = world.token()
    world.key = mine
    assert await world.refusal(token) == "invalid signature, no keys found"
