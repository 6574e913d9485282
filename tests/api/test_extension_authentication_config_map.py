"""The ConfigMap by which servers behind this one know it."""

from __future__ import annotations

import asyncio
import json

import pytest

from kapi.authentication.request_header import HeaderNames
from kapi.client.inprocess import InProcessClient
from kapi.server.extension_authentication import AuthenticationConfigMap
from kapi.server.options import ProxyClientOptions, TLSOptions
from kapi.util.clock import SystemClock

PATH = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"


@pytest.fixture
async def published(start_cluster, tmp_path):
    """A server with authorities of its own, whose ConfigMap is looked after every moment."""
    (tmp_path / "clients.crt").write_text("clients\n")
    (tmp_path / "proxies.crt").write_text("proxies\n")
    cluster = await start_cluster(
        tls=TLSOptions(client_ca_file=tmp_path / "clients.crt"),
        proxy_client=ProxyClientOptions(
            request_header_ca_file=tmp_path / "proxies.crt",
            allowed_names=("front-proxy",),
            header_names=HeaderNames(users=("X-User", "X-Remote-User")),
        ),
    )
    config_map = AuthenticationConfigMap(
        cluster.server.options, InProcessClient(cluster.server.api), SystemClock(), 0.01
    )
    await config_map.start()
    yield cluster
    config_map.stop()


async def until(cluster, good):
    """Wait until the data is good."""
    async with asyncio.timeout(10):
        while True:
            answer = await cluster.get(PATH)
            if answer.status_code == 200 and good(answer.json().get("data") or {}):
                return
            await asyncio.sleep(0.01)


async def test_what_is_published(published):
    """Authorities as PEM, lists as JSON."""
    data = (await published.get(PATH)).json()["data"]
    assert data.pop("client-ca-file") == "clients\n"
    assert data.pop("requestheader-client-ca-file") == "proxies\n"
    assert {name: json.loads(value) for name, value in data.items()} == {
        "requestheader-username-headers": ["X-User", "X-Remote-User"],
        "requestheader-group-headers": ["X-Remote-Group"],
        "requestheader-uid-headers": ["X-Remote-Uid"],
        "requestheader-extra-headers-prefix": ["X-Remote-Extra-"],
        "requestheader-allowed-names": ["front-proxy"],
    }


async def test_it_follows_the_files(published, tmp_path):
    """An authority that was renewed is published; one that cannot be read leaves the last one."""
    (tmp_path / "proxies.crt").write_text("renewed\n")
    await until(published, lambda data: data["requestheader-client-ca-file"] == "renewed\n")
    (tmp_path / "proxies.crt").unlink()
    await asyncio.sleep(0.05)
    data = (await published.get(PATH)).json()["data"]
    assert data["requestheader-client-ca-file"] == "renewed\n"


async def test_it_is_put_back(published):
    """What others change or delete in it does not stay."""
    body = {"data": {"requestheader-allowed-names": '["eve"]', "more": "x"}}
    assert (await published.patch("merge", PATH, body)).status_code == 200
    await until(
        published,
        lambda data: (
            data["requestheader-allowed-names"] == '["front-proxy"]' and "more" not in data
        ),
    )
    assert (await published.delete(PATH)).status_code == 200
    await until(published, lambda data: data["client-ca-file"] == "clients\n")


async def test_it_is_not_written_without_need(published):
    """Nothing to change means no write."""
    before = (await published.get(PATH)).json()["metadata"]["resourceVersion"]
    await asyncio.sleep(0.1)
    assert (await published.get(PATH)).json()["metadata"]["resourceVersion"] == before


async def test_nothing_to_tell(start_cluster):
    """A server without authorities publishes nothing."""
    cluster = await start_cluster()
    assert (await cluster.get(PATH)).status_code == 404
