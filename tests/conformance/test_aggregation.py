"""A second API server behind the first: registration, proxying, discovery and availability."""

from __future__ import annotations

import base64
import json
import time

import pytest

from kapi.server.certificates import create_authority
from kapi.util.clock import SystemClock

DAY_SECONDS = 86400
WAIT_SECONDS = 20
GROUP = "behind.example.com"
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = f"/apis/{GROUP}/v1/namespaces/default/widgets"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"widgets.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "widgets", "kind": "Widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"size": {"type": "integer"}},
                    }
                },
            }
        ],
    },
}


def widget(name, size):
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Widget",
        "metadata": {"name": name},
        "size": size,
    }


def until(client, path, good, **headers):
    """Repeat a GET until its status and text are good; the answer."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        answer = client.request("GET", path, **headers)
        text = answer.read().decode()
        if good(answer.status, text):
            return json.loads(text) if text.startswith("{") else text
        assert time.monotonic() < end, (answer.status, text)
        time.sleep(0.1)


@pytest.fixture
def files(tmp_path):
    """What the two servers know each other by."""
    now = SystemClock().now()
    behind, proxy = create_authority("behind", now), create_authority("proxy", now)
    pairs = {
        "behind-ca": behind.pair,
        "proxy-ca": proxy.pair,
        "behind": behind.serving_certificate(
            ["backend.default.svc", "127.0.0.1"], now, DAY_SECONDS
        ),
        "proxy": proxy.client_certificate("front-proxy-client", [], now, DAY_SECONDS),
    }
    for name, pair in pairs.items():
        (tmp_path / f"{name}.crt").write_bytes(pair.certificate)
        (tmp_path / f"{name}.key").write_bytes(pair.private_key)
    (tmp_path / "tokens.csv").write_text("secret,ann,7,system:masters\n")
    return tmp_path


@pytest.fixture
def behind(kapi, files):
    """The process of a server that believes what the proxy says about users."""
    process = kapi(
        "serve",
        "--secure-port=0",
        "--bind-address=127.0.0.1",
        f"--data-dir={files / 'behind-data'}",
        f"--token-auth-file={files / 'tokens.csv'}",
        f"--tls-cert-file={files / 'behind.crt'}",
        f"--tls-private-key-file={files / 'behind.key'}",
        f"--requestheader-client-ca-file={files / 'proxy-ca.crt'}",
        "--requestheader-allowed-names=front-proxy-client",
        "--anonymous-auth=false",
        "--authorization-mode=AlwaysAllow",
    )
    process.url = process.wait_until_ready()
    return process


@pytest.fixture
def back(behind, client, files):
    """The administrator of the server behind, which serves Widgets."""
    admin = client(behind.url, files / "behind-ca.crt", token="secret")
    assert admin.json("POST", DEFINITIONS, DEFINITION)[0] == 201
    return admin


@pytest.fixture
def front(kapi, client, files, behind):
    """The administrator of the first server, which knows where the service's server is."""
    data = files / "front-data"
    url = kapi(
        "up",
        "--ephemeral",
        "--port=0",
        f"--data-dir={data}",
        f"--token-auth-file={files / 'tokens.csv'}",
        f"--service-endpoint=default/backend={behind.url.removeprefix('https://')}",
        f"--proxy-client-cert-file={files / 'proxy.crt'}",
        f"--proxy-client-key-file={files / 'proxy.key'}",
        f"--requestheader-client-ca-file={files / 'proxy-ca.crt'}",
    ).wait_until_ready()
    return client(url, data / "pki" / "ca.crt", token="secret")


def register(front, files):
    """Tell the first server of the group behind, and wait until it is available."""
    bundle = base64.b64encode((files / "behind-ca.crt").read_bytes()).decode()
    name = f"v1.{GROUP}"
    api_service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": name},
        "spec": {
            "group": GROUP,
            "version": "v1",
            "groupPriorityMinimum": 17850,
            "versionPriority": 10,
            "caBundle": bundle,
            "service": {"namespace": "default", "name": "backend"},
        },
    }
    assert front.json("POST", API_SERVICES, api_service)[0] == 201
    return until(front, f"{API_SERVICES}/{name}", lambda _, text: '"Passed"' in text)


def test_objects_of_the_server_behind(front, back, files):
    """Every verb reaches the other server, and its refusals come back as they are."""
    register(front, files)
    assert front.json("POST", WIDGETS, widget("a", 1))[0] == 201
    assert back.json("GET", f"{WIDGETS}/a")[1]["size"] == 1
    patch = {"Content-Type": "application/merge-patch+json"}
    assert front.json("PATCH", f"{WIDGETS}/a", {"size": 2}, **patch)[1]["size"] == 2
    status, refusal = front.json("POST", WIDGETS, widget("b", "large"))
    assert status == 422
    assert refusal["reason"] == "Invalid"
    assert [each["size"] for each in front.json("GET", WIDGETS)[1]["items"]] == [2]
    assert front.json("DELETE", f"{WIDGETS}/a")[0] == 200
    assert back.json("GET", WIDGETS)[1]["items"] == []


def test_the_server_behind_learns_who_asks(front, back, client, behind, files):
    """It sees the user of the first server, but believes nobody who is not the proxy."""
    name = "v1.authentication.k8s.io"
    bundle = base64.b64encode((files / "behind-ca.crt").read_bytes()).decode()
    spec = {"caBundle": bundle, "service": {"namespace": "default", "name": "backend"}}
    patch = {"Content-Type": "application/merge-patch+json"}
    assert front.json("PATCH", f"{API_SERVICES}/{name}", {"spec": spec}, **patch)[0] == 200
    until(front, f"{API_SERVICES}/{name}", lambda _, text: '"Passed"' in text)
    user = front.who_am_i()
    assert (user["username"], user["uid"]) == ("ann", "7")
    assert user["groups"] == ["system:masters", "system:authenticated"]
    assert "authentication.kubernetes.io/credential-id" not in user.get("extra", {})
    ca = files / "behind-ca.crt"
    proxy = client(behind.url, ca, certificate=(files / "proxy.crt", files / "proxy.key"))
    assert proxy.who_am_i() == 401
    proxy.headers = {"X-Remote-User": "eve"}
    assert proxy.who_am_i()["username"] == "eve"
    nobody = client(behind.url, ca)
    nobody.headers = {"X-Remote-User": "eve"}
    assert nobody.who_am_i() == 401


def test_watch_is_streamed(front, back, client, files):
    """Changes on the other server come through while the watch is open."""
    register(front, files)
    watching = front.request("GET", f"{WIDGETS}?watch=true&timeoutSeconds=10")
    assert watching.status == 200
    assert back.json("POST", WIDGETS, widget("w", 7))[0] == 201
    event = json.loads(watching.readline())
    assert (event["type"], event["object"]["size"]) == ("ADDED", 7)


def test_discovery_is_merged(front, back, files):
    """The group stands where its priority puts it, with the resources of the other server."""
    register(front, files)
    document = until(
        front, "/apis", lambda _, text: '"resource":"widgets"' in text, Accept=AGGREGATED
    )
    names = [each["metadata"]["name"] for each in document["items"]]
    assert names[:3] == ["apiregistration.k8s.io", GROUP, "apps"]
    version = document["items"][1]["versions"][0]
    assert version["freshness"] == "Current"
    assert version["resources"][0]["responseKind"]["kind"] == "Widget"
    groups = front.json("GET", "/apis")[1]["groups"]
    assert [each["name"] for each in groups][:3] == names[:3]
    resources = front.json("GET", f"/apis/{GROUP}/v1")[1]["resources"]
    assert [each["name"] for each in resources] == ["widgets"]


def test_openapi_is_merged(front, back, files):
    """Both versions of OpenAPI describe the other server's resources."""
    register(front, files)
    name = f"apis/{GROUP}/v1"
    index = until(front, "/openapi/v3", lambda _, text: f'"{name}"' in text)
    url = index["paths"][name]["serverRelativeURL"]
    status, document = front.json("GET", url)
    assert status == 200
    assert f"{WIDGETS.replace('/default/', '/{namespace}/')}" in document["paths"]
    merged = front.json("GET", "/openapi/v2")[1]
    assert f"{WIDGETS.replace('/default/', '/{namespace}/')}" in merged["paths"]
    assert "com.example.behind.v1.Widget" in merged["definitions"]
    assert "io.k8s.api.core.v1.Pod" in merged["definitions"]


def test_unavailable_while_the_server_is_away(front, back, behind, files):
    """When the server ends the group says so: in its condition, its paths and discovery."""
    register(front, files)
    behind.end()
    status, text = 200, ""
    end = time.monotonic() + 5
    while status != 503 and time.monotonic() < end:
        answer = front.request("GET", WIDGETS)
        status, text = answer.status, answer.read().decode()
    assert status == 503
    assert text.startswith("error trying to reach service: dial tcp 127.0.0.1:")
    front.json("DELETE", f"{API_SERVICES}/v1.{GROUP}")
    until(front, WIDGETS, lambda status, _: status == 404)
