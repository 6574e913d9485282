"""Encryption at rest, through the API."""

from __future__ import annotations

import base64

import pytest

SECRETS = "/api/v1/namespaces/default/secrets"
KEY = "/registry/secrets/default/"


def configuration(*keys, resources="[secrets]"):
    listed = ", ".join(
        f"{{name: {name}, secret: {base64.b64encode(name.encode() * 16).decode()}}}"
        for name in keys
    )
    return f"""
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: {resources}
  providers:
  - aesgcm: {{keys: [{listed}]}}
  - identity: {{}}
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "encryption.yaml"


@pytest.fixture
def start(start_cluster, tmp_path, file):
    """Start a server that keeps its objects, with the configuration of the file."""

    async def started(**options):
        given = {"encryption_provider_config": file, "controllers": (), **options}
        return await start_cluster(data_dir=tmp_path, ephemeral=False, **given)

    return started


def secret(name, text="cGxhaW4="):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": {"k": text}}


async def stored(cluster, key):
    """A value as it is on disk."""
    engine = cluster.server._engine
    below = getattr(engine, "_engine", engine)
    return (await below.get(key)).value


async def test_secrets_are_encrypted_and_everything_else_works(start, file, config_map):
    """Reads, lists, watches and conflicts see them in the clear; other resources stay as is."""
    file.write_text(configuration("a1"))
    cluster = await start()
    created = await cluster.create(SECRETS, secret("a"))
    await cluster.create("/api/v1/namespaces/default/configmaps", config_map("a"))
    value = await stored(cluster, KEY + "a")
    assert value.startswith(b"k8s:enc:aesgcm:v1:a1:")
    assert b"cGxhaW4" not in value
    assert (await stored(cluster, "/registry/configmaps/default/a")).startswith(b'{"apiV')
    assert (await cluster.read(f"{SECRETS}/a"))["data"] == {"k": "cGxhaW4="}
    version = created["metadata"]["resourceVersion"]
    async with cluster.watch(SECRETS, resourceVersion=version) as watch:
        await cluster.patch("merge", f"{SECRETS}/a", {"data": {"k": "b3RoZXI="}})
        await cluster.delete(f"{SECRETS}/a")
        assert [event[1]["data"]["k"] for event in await watch.events(2)] == ["b3RoZXI="] * 2
    await cluster.create(SECRETS, secret("b"))
    await cluster.server.stop()
    again = await start()
    assert [s["data"]["k"] for s in (await again.read(SECRETS))["items"]] == ["cGxhaW4="]


async def test_an_update_without_changes_writes_with_the_newest_key(start, file):
    """That is how keys are rotated; with the newest key such an update changes nothing."""
    file.write_text(configuration("a1"))
    first = await start()
    await first.create(SECRETS, secret("a"))
    await first.server.stop()
    file.write_text(configuration("b2", "a1"))
    cluster = await start(encryption_provider_config_automatic_reload=True)
    before = await cluster.read(f"{SECRETS}/a")
    after = (await cluster.put(f"{SECRETS}/a", before)).json()
    assert after["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"]
    assert (await stored(cluster, KEY + "a")).startswith(b"k8s:enc:aesgcm:v1:b2:")
    again = (await cluster.put(f"{SECRETS}/a", after)).json()
    assert again["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]
    # A third key, while the server runs; a broken file changes nothing.
    file.write_text(configuration("c3", "b2"))
    cluster.server._encryption.reload()
    await cluster.put(f"{SECRETS}/a", again)
    assert (await stored(cluster, KEY + "a")).startswith(b"k8s:enc:aesgcm:v1:c3:")
    file.write_text("kind: nothing")
    cluster.server._encryption.reload()
    await cluster.create(SECRETS, secret("b"))
    assert (await stored(cluster, KEY + "b")).startswith(b"k8s:enc:aesgcm:v1:c3:")


async def test_an_object_that_cannot_be_decrypted_is_told_of(start, file, fails, config_map):
    """A Status that names the key; other resources are served."""
    file.write_text(configuration("a1"))
    first = await start()
    await first.create(SECRETS, secret("a"))
    await first.server.stop()
    file.write_text(configuration("b2"))
    cluster = await start()
    message = (
        'Internal error occurred: unable to transform key "/registry/secrets/default/a": '
        "identity transformer tried to read encrypted data"
    )
    fails(await cluster.get(f"{SECRETS}/a"), 500, "InternalError", message)
    fails(await cluster.get(SECRETS), 500, "InternalError", message)
    assert (await cluster.get("/api/v1/namespaces/default/configmaps")).status_code == 200


async def test_custom_resources_and_groups_are_encrypted_by_wildcards(start, file, deployment):
    """Keys tell the resource, also where the path is not its name."""
    file.write_text(configuration("a1", resources="['*.*']"))
    cluster = await start()
    await cluster.create("/apis/apps/v1/namespaces/default/deployments", deployment("web"))
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}
    await cluster.create("/api/v1/nodes", node)
    for key in ("deployments/default/web", "minions/n", "services/specs/default/kubernetes"):
        value = await stored(cluster, f"/registry/{key}")
        assert value.startswith(b"k8s:enc:aesgcm:v1:a1:"), key
