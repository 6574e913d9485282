"""Webhooks that want to know who calls: client certificates, tokens and passwords."""

from __future__ import annotations

import base64
import json
import os

import pytest

from kapi.registry.webhook.service_resolver import Address
from kapi.server.certificates import create_authority
from kapi.util.clock import SystemClock
from webhook_server import WebhookServer, allow, patched

MAPS = "/api/v1/namespaces/default/configmaps"
GROUP = "/apis/admissionregistration.k8s.io/v1"
DAY_SECONDS = 86400
RULE = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["*"],
    "resources": ["configmaps"],
}


@pytest.fixture
async def hooks(tmp_path):
    """Start webhook servers."""
    started = []

    async def start(**options):
        server = WebhookServer()
        await server.start(tmp_path, **options)
        server.handlers["/a"] = allow
        started.append(server)
        return server

    yield start
    for server in started:
        await server.stop()


@pytest.fixture
def configure(tmp_path):
    """Write an AdmissionConfiguration with the users of each webhook plugin; its path."""

    def write(**users_by_plugin):
        plugins = []
        for plugin, users in users_by_plugin.items():
            path = tmp_path / f"{plugin}.kubeconfig"
            entries = [{"name": name, "user": user} for name, user in users.items()]
            path.write_text(json.dumps({"kind": "Config", "users": entries}))
            configuration = {
                "apiVersion": "apiserver.config.k8s.io/v1",
                "kind": "WebhookAdmissionConfiguration",
                "kubeConfigFile": str(path),
            }
            plugins.append({"name": plugin, "configuration": configuration})
        document = {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "AdmissionConfiguration",
            "plugins": plugins,
        }
        path = tmp_path / "admission.yaml"
        path.write_text(json.dumps(document))
        return path

    return write


async def register(cluster, hook, kind, **client):
    """A configuration with one webhook."""
    webhook = {
        "name": "a.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"caBundle": hook.ca_bundle, **(client or {"url": hook.url("/a")})},
        "rules": [RULE],
        "timeoutSeconds": 5,
    }
    path = f"{GROUP}/{kind}webhookconfigurations"
    await cluster.create(path, {"metadata": {"name": "hooks"}, "webhooks": [webhook]})


def authorization(head):
    """The header of that name."""
    lines = [line for line in head.splitlines() if line.lower().startswith("authorization:")]
    return [line.partition(": ")[2] for line in lines]


@pytest.fixture
def client_pair(tmp_path):
    """A client certificate, and the file of its authority."""
    now = SystemClock().now()
    authority = create_authority("webhook clients", now)
    (tmp_path / "clients.crt").write_bytes(authority.pair.certificate)
    return authority.client_certificate("apiserver", [], now, DAY_SECONDS)


def as_data(pair):
    """A certificate with its key as members of a user."""
    return {
        "client-certificate-data": base64.b64encode(pair.certificate).decode(),
        "client-key-data": base64.b64encode(pair.private_key).decode(),
    }


async def test_webhook_that_requires_a_certificate(
    start_cluster, hooks, configure, config_map, client_pair, tmp_path, fails
):
    """It is shown to the service that is named, and to no other server."""
    hook = await hooks(client_ca=tmp_path / "clients.crt")
    cluster = await start_cluster(
        service_endpoints={"default/hook": Address("127.0.0.1", hook.port)},
        admission_control_config_file=configure(
            ValidatingAdmissionWebhook={"*.default.svc": as_data(client_pair)}
        ),
    )
    service = {"namespace": "default", "name": "hook", "path": "/a"}
    await register(cluster, hook, "validating", service=service)
    assert (await cluster.post(MAPS, config_map("x"))).status_code == 201
    assert hook.paths() == ["/a"]
    # The mutating plugin has no credentials: the webhook does not talk to it.
    await register(cluster, hook, "mutating", service=service)
    status = fails(await cluster.post(MAPS, config_map("y")), 500, "InternalError")
    assert 'failed calling webhook "a.example.com": failed to call webhook' in status["message"]
    assert hook.paths() == ["/a"]


async def test_certificate_of_files_that_change(
    start_cluster, hooks, configure, config_map, client_pair, tmp_path, fails
):
    """A certificate that was renewed is shown from the next call on."""
    hook = await hooks(client_ca=tmp_path / "clients.crt")
    now = SystemClock().now()
    wrong = create_authority("others", now).client_certificate("x", [], now, DAY_SECONDS)

    def write(pair, time):
        for name, data in (("crt", pair.certificate), ("key", pair.private_key)):
            (tmp_path / name).write_bytes(data)
            os.utime(tmp_path / name, ns=(time, time))

    write(wrong, 1)
    user = {"client-certificate": "crt", "client-key": str(tmp_path / "key")}
    cluster = await start_cluster(
        admission_control_config_file=configure(
            ValidatingAdmissionWebhook={f"127.0.0.1:{hook.port}": user}
        ),
    )
    await register(cluster, hook, "validating")
    fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
    write(client_pair, 2)
    assert (await cluster.post(MAPS, config_map("x"))).status_code == 201


async def test_tokens_and_passwords(start_cluster, hooks, configure, config_map, tmp_path):
    """Each webhook sees what is meant for it, by the plugin that calls."""
    hook = await hooks()
    hook.handlers["/a"] = lambda request: (
        patched(request, {"op": "add", "path": "/data", "value": {"a": "1"}})
        if len(hook.heads) == 1
        else allow(request)
    )
    (tmp_path / "token").write_text("from-file\n")
    cluster = await start_cluster(
        admission_control_config_file=configure(
            MutatingAdmissionWebhook={"*": {"tokenFile": str(tmp_path / "token")}},
            ValidatingAdmissionWebhook={
                "*.example.com": {"token": "secret"},
                f"127.0.0.1:{hook.port}": {"username": "ann", "password": "pw"},
            },
        ),
    )
    await register(cluster, hook, "mutating")
    await register(cluster, hook, "validating")
    assert (await cluster.post(MAPS, config_map("x"))).status_code == 201
    password = base64.b64encode(b"ann:pw").decode()
    assert [authorization(head) for head in hook.heads] == [
        ["Bearer from-file"],
        [f"Basic {password}"],
    ]


async def test_nothing_is_shown_unasked(start_cluster, hooks, configure, config_map):
    """A server that no user is named like sees no credentials."""
    hook = await hooks()
    cluster = await start_cluster(
        admission_control_config_file=configure(
            ValidatingAdmissionWebhook={"*.svc": {"token": "secret"}}
        ),
    )
    await register(cluster, hook, "validating")
    assert (await cluster.post(MAPS, config_map("x"))).status_code == 201
    assert authorization(hook.heads[0]) == []
