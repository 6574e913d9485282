"""Servers in process, and objects to put into them."""

from __future__ import annotations

from pathlib import Path

import pytest
from crontabs import DEFINITIONS, convert, definition
from mutating_policies import policy_maker
from webhook_configurations import configuration_maker

from asgi_cluster import TOKEN, Cluster
from kapi.server.certificates import create_service_account_key
from kapi.server.options import ServerOptions, ServiceAccountOptions
from kapi.server.server import APIServer
from webhook_server import WebhookServer, conversion

# A server that does nothing by itself: no controllers, and pods as they were sent.
BARE = {
    "data_dir": Path("unused"),
    "ephemeral": True,
    "admin_token": TOKEN,
    "controllers": (),
    "disabled_admission_plugins": ("ServiceAccount",),
}


@pytest.fixture
async def start_cluster():
    """Start servers with options of the test's own."""
    started = []

    async def start(**options):
        cluster = Cluster(APIServer(ServerOptions(**{**BARE, **options})))
        await cluster.server.start()
        started.append(cluster)
        return cluster

    yield start
    for cluster in started:
        await cluster.http.aclose()
        await cluster.server.stop()


@pytest.fixture
async def cluster(start_cluster):
    """A server of the newest version with nothing in it."""
    return await start_cluster()


@pytest.fixture
async def whole_cluster(start_cluster, tmp_path):
    """A server with controllers, every admission plugin, and a key for tokens."""
    private, _ = create_service_account_key()
    key_file, ca_file = tmp_path / "sa.key", tmp_path / "ca.crt"
    key_file.write_bytes(private)
    ca_file.write_text("the CA\n")
    return await start_cluster(
        controllers=("*",),
        disabled_admission_plugins=(),
        service_account=ServiceAccountOptions(signing_key_file=key_file),
        root_ca_file=ca_file,
    )


@pytest.fixture
async def hook(tmp_path):
    """A server of webhooks."""
    server = WebhookServer()
    await server.start(tmp_path)
    yield server
    await server.stop()


@pytest.fixture
def register(cluster, hook):
    """Create a configuration of webhooks, by path of the server; more members by path."""
    return configuration_maker(cluster, hook)


@pytest.fixture
def policy(cluster):
    """Create a policy of mutations, and a binding of the same name."""
    return policy_maker(cluster)


@pytest.fixture
async def crontabs(cluster, hook):
    """A server with CronTabs that are stored as v1, and their webhook."""
    hook.handlers["/convert"] = lambda request: conversion(request, convert)
    await cluster.create(DEFINITIONS, definition(hook))
    return cluster


@pytest.fixture
def config_map():
    """Make a ConfigMap."""

    def make(name, labels=None, data=None, **metadata):
        meta = {"name": name, **metadata}
        if labels:
            meta["labels"] = labels
        obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}
        return obj if data is None else {**obj, "data": data}

    return make


@pytest.fixture
def pod():
    """Make a Pod of one container."""

    def make(name, labels=None, **spec):
        meta = {"name": name}
        if labels:
            meta["labels"] = labels
        containers = [{"name": "c", "image": "busybox"}]
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": meta,
            "spec": {"containers": containers, **spec},
        }

    return make


@pytest.fixture
def deployment():
    """Make a Deployment."""

    def make(name, replicas=1, image="nginx:1"):
        labels = {"app": name}
        template = {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "web", "image": image}]},
        }
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": template,
            },
        }

    return make


@pytest.fixture
def fails():
    """Check that an answer is a Status of failure: its code, reason and message."""

    def check(answer, code, reason, message=None):
        status = answer.json()
        assert (answer.status_code, status.get("reason")) == (code, reason), answer.text
        assert status["kind"] == "Status"
        assert status["apiVersion"] == "v1"
        assert status["status"] == "Failure"
        assert status["code"] == code
        assert status["metadata"] == {}
        if message is not None:
            assert status["message"] == message
        return status

    return check
