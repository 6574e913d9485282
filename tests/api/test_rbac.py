"""RBAC in force: default roles, bindings, escalation, aggregation."""

from __future__ import annotations

import pytest

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLES = f"{RBAC}/namespaces/default/roles"
BINDINGS = f"{RBAC}/namespaces/default/rolebindings"
MAPS = "/api/v1/namespaces/default/configmaps"
ANN = {"Authorization": "Bearer ann-token"}
READ_MAPS = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["configmaps"]}


@pytest.fixture
async def server(start_cluster, tmp_path):
    """A server that knows ann, who has no role."""
    path = tmp_path / "tokens.csv"
    path.write_text("ann-token,ann,ann-id\n")
    return await start_cluster(token_auth_file=path)


def _role(name, *rules, **more):
    return {"metadata": {"name": name}, "rules": list(rules), **more}


def _binding(name, role, kind="Role"):
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}
    return {
        "metadata": {"name": name},
        "roleRef": ref,
        "subjects": [{"kind": "User", "name": "ann"}],
    }


async def test_a_binding_is_in_force_with_the_next_request(server, fails):
    """Rights come with a binding, and go with it or with its role."""
    fails(
        await server.get(MAPS, headers=ANN),
        403,
        "Forbidden",
        'configmaps is forbidden: User "ann" cannot list resource "configmaps" in API group "" '
        'in the namespace "default"',
    )
    await server.post(ROLES, _role("reader", READ_MAPS))
    await server.post(BINDINGS, _binding("b", "reader"))
    assert (await server.get(MAPS, headers=ANN)).status_code == 200
    fails(await server.get("/api/v1/configmaps", headers=ANN), 403, "Forbidden")
    assert (await server.http.delete(f"{ROLES}/reader")).status_code == 200
    answer = await server.get(MAPS, headers=ANN)
    fails(answer, 403, "Forbidden")
    assert 'RBAC: role.rbac.authorization.k8s.io "reader" not found' in answer.json()["message"]


async def test_nobody_gives_away_what_they_lack(server, fails):
    """Roles and bindings are refused for rights that their author does not have."""
    grant = {"verbs": ["create", "update"], "apiGroups": ["rbac.authorization.k8s.io"]}
    rule = {**grant, "resources": ["roles", "rolebindings"]}
    await server.post(ROLES, _role("author", rule, READ_MAPS))
    await server.post(BINDINGS, _binding("author", "author"))
    allowed = await server.http.post(ROLES, json=_role("same", READ_MAPS), headers=ANN)
    assert allowed.status_code == 201
    secrets = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}
    fails(
        await server.http.post(ROLES, json=_role("more", secrets), headers=ANN),
        403,
        "Forbidden",
        'roles.rbac.authorization.k8s.io "more" is forbidden: user "ann" '
        '(groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently '
        'held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    )
    fails(
        await server.http.post(
            BINDINGS, json=_binding("more", "cluster-admin", "ClusterRole"), headers=ANN
        ),
        403,
        "Forbidden",
    )
    fails(
        await server.http.post(BINDINGS, json=_binding("ghost", "ghost"), headers=ANN),
        404,
        "NotFound",
        'rolebindings.rbac.authorization.k8s.io "ghost" not found',
    )


async def test_default_roles_and_their_aggregation(start_cluster, tmp_path, fails):
    """A binding to ``view`` lets somebody read, with the rules of roles that belong to it."""
    path = tmp_path / "tokens.csv"
    path.write_text("ann-token,ann,ann-id\n")
    server = await start_cluster(token_auth_file=path, controllers=("*",))
    await server.post(BINDINGS, _binding("viewer", "view", "ClusterRole"))
    await server.settled()
    assert (await server.get(MAPS, headers=ANN)).status_code == 200
    secrets = await server.get("/api/v1/namespaces/default/secrets", headers=ANN)
    fails(secrets, 403, "Forbidden")
    label = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    more = _role("read-secrets", {**READ_MAPS, "resources": ["secrets"]})
    more["metadata"]["labels"] = label
    await server.post(f"{RBAC}/clusterroles", more)
    await server.settled()
    secrets = await server.get("/api/v1/namespaces/default/secrets", headers=ANN)
    assert secrets.status_code == 200


MANAGE = {
    "verbs": ["create", "update", "patch"],
    "apiGroups": ["rbac.authorization.k8s.io"],
    "resources": ["*"],
}


async def _let_ann(server, *rules):
    await server.post(f"{RBAC}/clusterroles", _role("ann", *rules))
    await server.post(f"{RBAC}/clusterrolebindings", _binding("ann", "ann", "ClusterRole"))


async def test_aggregation_needs_every_right(server, fails):
    """Whoever lacks rights neither makes an aggregated role nor makes one an ordinary role."""
    await _let_ann(server, MANAGE)
    url = f"{RBAC}/clusterroles"
    aggregated = {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}
    await server.post(url, {"metadata": {"name": "sum"}, "aggregationRule": aggregated})
    why = "must have cluster-admin privileges to use the aggregationRule"
    headers = {**ANN, "Content-Type": "application/merge-patch+json"}
    for answer in (
        await server.http.patch(f"{url}/sum", json={"aggregationRule": None}, headers=headers),
        await server.http.post(url, json=_role("sum2", aggregationRule=aggregated), headers=ANN),
    ):
        assert fails(answer, 403, "Forbidden")["message"].endswith(why)
    empty = await server.http.post(url, json=_role("sum3", aggregationRule={}), headers=ANN)
    fails(empty, 422, "Invalid")


async def test_a_write_that_changes_nothing(server):
    """An update without a difference gives nothing away."""
    await _let_ann(server, MANAGE)
    await server.post(ROLES, _role("reader", READ_MAPS))
    headers = {**ANN, "Content-Type": "application/merge-patch+json"}
    same = await server.http.patch(f"{ROLES}/reader", json={}, headers=headers)
    assert same.status_code == 200
    labels = {"metadata": {"labels": {"a": "b"}}}
    other = await server.http.patch(f"{ROLES}/reader", json=labels, headers=headers)
    assert other.status_code == 403


async def test_the_right_to_escalate_one_role(server, fails):
    """It is that to what the path names: a role that is posted has no name there."""
    one = {**MANAGE, "verbs": ["escalate"], "resourceNames": ["mine"]}
    await _let_ann(server, MANAGE, one)
    wanted = _role("mine", READ_MAPS)
    fails(await server.http.post(ROLES, json=wanted, headers=ANN), 403, "Forbidden")
    await server.post(ROLES, _role("mine"))
    answer = await server.http.put(f"{ROLES}/mine", json=wanted, headers=ANN)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("url", "kind", "code", "message"),
    [
        (BINDINGS, "role", 500, 'unsupported role reference kind: "role"'),
        (f"{RBAC}/clusterrolebindings", "Role", 400, "Namespace parameter required."),
    ],
)
async def test_bindings_to_what_cannot_be_bound(server, url, kind, code, message):
    """What is no role, or none there can be, is told as such to those who may not bind all."""
    await _let_ann(server, MANAGE)
    answer = await server.http.post(url, json=_binding("b", "r", kind), headers=ANN)
    assert (answer.status_code, answer.json()["message"]) == (code, message)


async def test_paths_of_watches_lead_to_nothing_else(server, fails):
    """The right to watch, or one to create that names an object, opens nothing below ``watch``."""
    rules = (
        {"verbs": ["watch"], "apiGroups": ["*"], "resources": ["*"]},
        {"verbs": ["*"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["a"]},
    )
    await server.post(ROLES, _role("watcher", *rules))
    await server.post(BINDINGS, _binding("b", "watcher"))
    await server.post(
        "/api/v1/namespaces/default/services",
        {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}},
    )
    below = "/api/v1/watch/namespaces/default"
    own = {"metadata": {"name": "mine"}}
    fails(
        await server.http.post(f"{below}/configmaps/a", json=own, headers=ANN),
        405,
        "MethodNotAllowed",
    )
    fails(await server.http.delete(f"{below}/configmaps/a", headers=ANN), 405, "MethodNotAllowed")
    for path in ("services/s/status", "services/s/proxy/", "pods/p/log", "pods/p/exec"):
        fails(
            await server.get(f"{below}/{path}", headers=ANN),
            404,
            "NotFound",
            "the server could not find the requested resource",
        )
    assert (await server.get(f"{MAPS}/mine")).status_code == 404
    watch = await server.get(f"{below}/configmaps/a?timeoutSeconds=1", headers=ANN)
    assert watch.status_code == 200


async def test_strangers_and_the_known_may_read_what_is_public(server, fails):
    """The default bindings open version and discovery, and nothing else."""
    assert (await server.get("/apis", headers=ANN)).status_code == 200
    fails(await server.get("/metrics", headers=ANN), 403, "Forbidden")
    del server.http.headers["Authorization"]
    assert (await server.get("/version")).status_code == 200
    fails(await server.get("/apis"), 403, "Forbidden")


async def test_default_roles_are_completed_at_the_next_start(start_cluster, tmp_path):
    """Rules that were taken away come back, others stay; the annotation ``false`` forbids it."""
    data = tmp_path / "data"
    server = await start_cluster(data_dir=data, ephemeral=False)
    url = f"{RBAC}/clusterroles/system:basic-user"
    role = (await server.get(url)).json()
    own = {"verbs": ["get"], "apiGroups": ["x"], "resources": ["y"]}
    await server.http.put(url, json={**role, "rules": [own]})
    other = f"{RBAC}/clusterroles/system:discovery"
    kept = (await server.get(other)).json()
    kept["metadata"]["annotations"]["rbac.authorization.kubernetes.io/autoupdate"] = "false"
    await server.http.put(other, json={**kept, "rules": []})
    await server.server.stop()
    server = await start_cluster(data_dir=data, ephemeral=False)
    assert (await server.get(url)).json()["rules"] == [own, *role["rules"]]
    assert not (await server.get(other)).json()["rules"]
