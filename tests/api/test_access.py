"""Who is asking, and what strangers are told."""

from __future__ import annotations

import pytest

from kapi.authorization.authorizer import Decision

MAPS = "/api/v1/namespaces/default/configmaps"
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def tokens(start_cluster, tmp_path):
    """A server with a token file."""
    path = tmp_path / "tokens.csv"
    path.write_text('ann-token,ann,ann-id,"dev,ops"\nbob-token,bob,bob-id\n')
    return await start_cluster(token_auth_file=path)


async def test_tokens_of_a_file(tokens):
    """User, uid and groups stand in the file; everybody known is system:authenticated."""
    answer = await tokens.post(REVIEWS, {}, headers=bearer("ann-token"))
    user = answer.json()["status"]["userInfo"]
    assert (user["username"], user["uid"]) == ("ann", "ann-id")
    assert user["groups"] == ["dev", "ops", "system:authenticated"]


async def test_the_first_of_two_tokens_counts(tokens, fails):
    """Whoever looks at a request on its way sees the same user as the server."""
    both = [("Authorization", "Bearer ann-token"), ("Authorization", "Bearer bob-token")]
    del tokens.http.headers["Authorization"]
    user = (await tokens.post(REVIEWS, {}, headers=both)).json()["status"]["userInfo"]
    assert user["username"] == "ann"
    own = [("Impersonate-User", "eve"), *both]
    answer = await tokens.post(REVIEWS, {}, headers=own)
    assert 'User "ann"' in fails(answer, 403, "Forbidden")["message"]


@pytest.mark.parametrize("path", ["/version", "/livez", "/api", MAPS, "/nothing"])
async def test_wrong_token(tokens, fails, path):
    """401 everywhere, also where strangers are welcome."""
    answer = await tokens.get(path, headers=bearer("wrong"))
    status = fails(answer, 401, "Unauthorized", "Unauthorized")
    assert "details" not in status


@pytest.mark.parametrize("header", [None, "Bearer", "Basic YTpi", "bearer "])
async def test_no_token_is_a_stranger(tokens, header):
    """Without a bearer token one is system:anonymous."""
    del tokens.http.headers["Authorization"]
    headers = {} if header is None else {"Authorization": header}
    assert (await tokens.get("/version", headers=headers)).status_code == 200
    assert (await tokens.get("/livez", headers=headers)).status_code == 200
    assert (await tokens.get(MAPS, headers=headers)).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        (
            "GET",
            f"{MAPS}/a",
            (
                'configmaps "a" is forbidden: User "system:anonymous" cannot get resource '
                '"configmaps" in API group "" in the namespace "default"'
            ),
        ),
        (
            "POST",
            MAPS,
            (
                'configmaps is forbidden: User "system:anonymous" cannot create resource '
                '"configmaps" in API group "" in the namespace "default"'
            ),
        ),
        (
            "GET",
            "/apis/apps/v1/deployments?watch=1",
            (
                'deployments.apps is forbidden: User "system:anonymous" cannot watch resource '
                '"deployments" in API group "apps" at the cluster scope'
            ),
        ),
        (
            "DELETE",
            "/api/v1/nodes",
            (
                'nodes is forbidden: User "system:anonymous" cannot deletecollection resource '
                '"nodes" in API group "" at the cluster scope'
            ),
        ),
        ("GET", "/apis", 'forbidden: User "system:anonymous" cannot get path "/apis"'),
        ("GET", "/nothing", 'forbidden: User "system:anonymous" cannot get path "/nothing"'),
    ],
)
async def test_what_strangers_are_told(cluster, fails, method, path, message):
    """403 says who cannot do what where."""
    del cluster.http.headers["Authorization"]
    fails(await cluster.http.request(method, path), 403, "Forbidden", message)


async def test_no_strangers_at_all(start_cluster, fails):
    """With --anonymous-auth=false it is 401 also without a token."""
    cluster = await start_cluster(anonymous_auth=False)
    del cluster.http.headers["Authorization"]
    fails(await cluster.get("/version"), 401, "Unauthorized")


async def test_refusal_comes_before_the_body(cluster, fails):
    """Who may not write learns nothing about what would be wrong with the body."""
    del cluster.http.headers["Authorization"]
    answer = await cluster.http.post(MAPS, content=b"garbage")
    fails(answer, 403, "Forbidden")


async def test_always_allow(start_cluster, tmp_path, fails):
    """Everybody who is known may do everything; strangers are not let in at all."""
    path = tmp_path / "tokens.csv"
    path.write_text("ann-token,ann,ann-id\n")
    modes = ("RBAC", "AlwaysAllow")
    server = await start_cluster(authorization_modes=modes, token_auth_file=path)
    assert (await server.get(MAPS, headers=bearer("ann-token"))).status_code == 200
    del server.http.headers["Authorization"]
    for where in (MAPS, "/livez"):
        fails(await server.get(where), 401, "Unauthorized")


async def test_always_deny(start_cluster, tmp_path, fails):
    """Only the administrator may do anything; health is everybody's to ask for."""
    path = tmp_path / "tokens.csv"
    path.write_text("ann-token,ann,ann-id\n")
    server = await start_cluster(authorization_modes=("AlwaysDeny",), token_auth_file=path)
    assert (await server.get(MAPS)).status_code == 200
    answer = await server.get(MAPS, headers=bearer("ann-token"))
    fails(
        answer,
        403,
        "Forbidden",
        'configmaps is forbidden: User "ann" cannot list resource "configmaps" in API group "" '
        'in the namespace "default": Everything is forbidden.',
    )
    assert (await server.get("/readyz", headers=bearer("ann-token"))).status_code == 200


class _AllBut:
    """Allows everything but one verb."""

    def __init__(self, verb):
        self._verb = verb

    def authorize(self, attributes):
        return Decision(allowed=attributes.verb != self._verb)

    def rules(self, user, namespace):
        raise AssertionError


async def test_updates_that_create_need_the_right_to_create(cluster, config_map, fails):
    """An apply or a PUT that finds nothing creates, which has to be allowed, too."""
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    lease = {"metadata": {"name": "l"}, "spec": {"holderIdentity": "a"}}
    cluster.server.api.authorizer = _AllBut("create")
    status = fails(await cluster.apply(f"{MAPS}/a", config_map("a")), 403, "Forbidden")
    assert status["message"].startswith('configmaps "a" is forbidden: User "')
    assert 'cannot create resource "configmaps" in API group ""' in status["message"]
    status = fails(await cluster.put(f"{leases}/l", lease), 403, "Forbidden")
    assert 'cannot create resource "leases"' in status["message"]
    fails(await cluster.patch("merge", f"{MAPS}/a", {}), 404, "NotFound")
    cluster.server.api.authorizer = _AllBut("delete")
    assert (await cluster.apply(f"{MAPS}/a", config_map("a"))).status_code == 201
    assert (await cluster.put(f"{leases}/l", lease)).status_code == 201
    cluster.server.api.authorizer = _AllBut("create")
    assert (await cluster.apply(f"{MAPS}/a", config_map("a"))).status_code == 200
