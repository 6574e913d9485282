"""KMS v2: a plugin behind a Unix socket, asked by gRPC."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

SECRETS = "/api/v1/namespaces/default/secrets"


def field(number, data):
    return bytes([number << 3 | 2, len(data)]) + data


class Plugin(grpc.GenericRpcHandler):
    """Turns seeds around; its messages are written down by hand."""

    def __init__(self):
        self.calls = []
        self.healthy = b"ok"

    def service(self, details):
        name = details.method.removeprefix("/v2.KeyManagementService/")
        return grpc.unary_unary_rpc_method_handler(lambda request, _: self.answer(name, request))

    def answer(self, name, request):
        self.calls.append(name)
        if name == "Status":
            return field(1, b"v2") + field(2, self.healthy) + field(3, b"key-1")
        seed = request[2 : 2 + request[1]][::-1]
        if name == "Encrypt":
            return field(1, seed) + field(2, b"key-1") + field(3, field(1, b"a.b") + field(2, b"x"))
        assert field(3, b"key-1") in request
        assert field(4, field(1, b"a.b") + field(2, b"x")) in request
        return field(1, seed)


@pytest.fixture
def plugin(tmp_path):
    """A plugin that serves; its socket is in the test's folder."""
    handler = Plugin()
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((handler,))
    server.add_insecure_port(f"unix://{tmp_path}/kms.sock")
    server.start()
    yield handler
    server.stop(None).wait()


@pytest.fixture
def start(start_cluster, tmp_path):
    """Start a server that keeps its objects and encrypts Secrets with the plugin."""
    file = tmp_path / "encryption.yaml"
    file.write_text(f"""
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - kms: {{apiVersion: v2, name: test, endpoint: 'unix://{tmp_path}/kms.sock', timeout: 500ms}}
  - identity: {{}}
""")

    async def started():
        return await start_cluster(
            data_dir=tmp_path, ephemeral=False, controllers=(), encryption_provider_config=file
        )

    return started


async def test_secrets_are_encrypted_with_seeds_that_the_plugin_keeps(plugin, start):
    """One call for any number of writes, and one for all reads after a restart."""
    cluster = await start()
    for name in ("a", "b", "c"):
        await cluster.create(SECRETS, {"metadata": {"name": name}, "stringData": {"k": "clear"}})
    value = (await cluster.server.engine._engine.get("/registry/secrets/default/a")).value
    assert value.startswith(b"k8s:enc:kms:v2:test:")
    assert plugin.calls == ["Status", "Encrypt"]
    await cluster.server.stop()
    plugin.calls.clear()
    again = await start()
    found = (await again.read(SECRETS))["items"]
    assert [item["data"]["k"] for item in found] == ["Y2xlYXI="] * 3
    assert sorted(plugin.calls) == ["Decrypt", "Status"]


async def test_a_plugin_that_fails_is_told_of(plugin, start, config_map):
    """Secrets cannot be written, everything else can."""
    plugin.healthy = b"no key"
    cluster = await start()
    answer = await cluster.post(SECRETS, {"metadata": {"name": "a"}})
    assert answer.status_code == 503
    assert "the KMS plugin is not healthy: no key" in answer.json()["message"]
    await cluster.create("/api/v1/namespaces/default/configmaps", config_map("a"))
    plugin.healthy = b"ok"
    await cluster.create(SECRETS, {"metadata": {"name": "a"}})
