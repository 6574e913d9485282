"""Logs, commands, port forwarding and proxies, through a kubelet and pods of this machine."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import websocket
from kubelet import FakeKubelet

from kapi.server.certificates import create_authority
from kapi.util.clock import SystemClock

DAY_SECONDS = 86400
WAIT_SECONDS = 10
KUBECTL = shutil.which("kubectl", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
POD = "/api/v1/namespaces/default/pods/p"


def own_address():
    """An address of this machine that others could use too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))
        return probe.getsockname()[0]


def write_pair(folder, name, pair):
    (folder / f"{name}.crt").write_bytes(pair.certificate)
    (folder / f"{name}.key").write_bytes(pair.private_key)


@pytest.fixture
def kubelet(tmp_path):
    """A kubelet that accepts only the API server's certificate."""
    now = SystemClock().now()
    authority = create_authority("kubelets", now)
    write_pair(tmp_path, "ca", authority.pair)
    write_pair(tmp_path, "node", authority.serving_certificate(["127.0.0.1"], now, DAY_SECONDS))
    client = authority.client_certificate("apiserver", ["system:masters"], now, DAY_SECONDS)
    write_pair(tmp_path, "client", client)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "node.crt", tmp_path / "node.key")
    context.load_verify_locations(tmp_path / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    with FakeKubelet(context) as running:
        yield running


@pytest.fixture
def backend():
    """A web server of a pod."""
    with FakeKubelet(None, own_address()) as running:
        yield running


@pytest.fixture
def server(kapi, client, kubelet, backend, tmp_path):
    """A server with a node, a pod on it and a service; its administrator's connection."""
    data = tmp_path / "data"
    process = kapi(
        "up",
        "--ephemeral",
        "--port=0",
        f"--data-dir={data}",
        "--disable-admission-plugins=ServiceAccount",
        f"--kubelet-client-certificate={tmp_path / 'client.crt'}",
        f"--kubelet-client-key={tmp_path / 'client.key'}",
        f"--kubelet-certificate-authority={tmp_path / 'ca.crt'}",
    )
    url = process.wait_until_ready()
    token = (data / "admin-token").read_text().strip()
    connection = client(url, data / "pki" / "ca.crt", token=token)
    connection.url, connection.token, connection.data = url, token, data
    connection.process = process
    addresses = [{"type": "InternalIP", "address": "127.0.0.1"}]
    endpoint = {"kubeletEndpoint": {"Port": kubelet.port}}
    status = {"addresses": addresses, "daemonEndpoints": endpoint}
    create(connection, "/api/v1/nodes", "Node", "n")
    patch(connection, "/api/v1/nodes/n/status", {"status": status})
    ports = [{"containerPort": backend.port}]
    containers = [{"name": "c", "image": "i", "ports": ports}, {"name": "gone", "image": "i"}]
    create(connection, POD[:-2], "Pod", "p", spec={"nodeName": "n", "containers": containers})
    ip = own_address()
    patch(connection, f"{POD}/status", {"status": {"podIP": ip, "podIPs": [{"ip": ip}]}})
    return connection


def create(connection, path, kind, name, **more):
    group = "discovery.k8s.io/v1" if kind == "EndpointSlice" else "v1"
    body = {"apiVersion": group, "kind": kind, "metadata": {"name": name}, **more}
    status, answer = connection.json("POST", path, body)
    assert status == 201, answer


def patch(connection, path, body):
    kind = {"Content-Type": "application/merge-patch+json"}
    status, answer = connection.json("PATCH", path, body, **kind)
    assert status == 200, answer


def kubectl(server, *words, **options):
    """Run kubectl to its end."""
    config = f"--kubeconfig={server.data / 'kubeconfig'}"
    return subprocess.run(
        [KUBECTL, config, *words], capture_output=True, timeout=60, check=False, **options
    )


def wait_until(condition):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def raw_connection(server):
    """A bare TLS connection."""
    context = ssl.create_default_context(cafile=server.data / "pki" / "ca.crt")
    url = urlsplit(server.url)
    plain = socket.create_connection((url.hostname, url.port), timeout=WAIT_SECONDS)
    return context.wrap_socket(plain, server_hostname=url.hostname)


def send_upgrade(server, connection, path, protocol, behind=b""):
    head = (
        f"POST {path} HTTP/1.1\r\nHost: kapi\r\nAuthorization: Bearer {server.token}\r\n"
        f"Connection: Upgrade\r\nUpgrade: {protocol}\r\nX-Stream-Protocol-Version: v4\r\n\r\n"
    )
    connection.sendall(head.encode() + behind)


def read_until(connection, text):
    data = b""
    while text not in data:
        more = connection.recv(65536)
        assert more, data
        data += more
    return data


def test_logs_by_kubectl(server, kubelet):
    """``kubectl logs`` prints what the kubelet has, asked for with kubectl's options."""
    done = kubectl(server, "logs", "p", "-c", "c", "--tail=3", "--timestamps", "--since=5s")
    assert (done.stdout, done.stderr) == (b"first\n", b"")
    asked = kubelet.requests[-1]
    assert asked["path"] == "/containerLogs/default/p/c"
    assert asked["query"] == {"sinceSeconds": ["5"], "tailLines": ["3"], "timestamps": ["true"]}
    assert "authorization" not in asked["headers"]


def test_refused_log(server):
    """What a kubelet refuses is told in kube-apiserver's words."""
    status, answer = server.json("GET", f"{POD}/log?container=gone")
    assert status == 404
    message = "the server could not find the requested resource ( pods/log p)"
    assert (answer["reason"], answer["message"]) == ("NotFound", message)


def test_followed_log(server, kubelet):
    """Lines come one by one, and the kubelet is told when the reader has gone."""
    answer = server.request("GET", f"{POD}/log?container=c&follow=true")
    assert answer.getheader("content-type") == "text/plain"
    assert answer.readline() == b"first\n"
    for line in (b"second\n", b"third\n"):
        kubelet.line(line.decode())
        assert answer.readline() == line
    assert kubelet.waiting == 1
    server.connection.close()
    answer.close()
    wait_until(lambda: kubelet.waiting == 0)


def test_followed_log_by_kubectl(server, kubelet):
    """``kubectl logs -f`` shows new lines while it runs."""
    config = f"--kubeconfig={server.data / 'kubeconfig'}"
    words = [KUBECTL, config, "logs", "-f", "p", "-c", "c"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"first\n"
        kubelet.line("second\n")
        assert process.stdout.readline() == b"second\n"
        process.terminate()
    wait_until(lambda: kubelet.waiting == 0)


def open_websocket(server, path, *protocols):
    return websocket.create_connection(
        server.url.replace("https:", "wss:") + path,
        timeout=WAIT_SECONDS,
        header=[f"Authorization: Bearer {server.token}"],
        sslopt={"ca_certs": str(server.data / "pki" / "ca.crt")},
        subprotocols=protocols or None,
    )


@pytest.mark.parametrize("protocol", ["binary.k8s.io", "base64.binary.k8s.io"])
def test_log_over_websocket(server, kubelet, protocol):
    """Browsers follow logs as messages, in the encoding that they choose."""
    decode = base64.b64decode if protocol.startswith("base64") else bytes
    opened = open_websocket(server, f"{POD}/log?container=c&follow=true", protocol)
    assert opened.subprotocol == protocol
    assert decode(opened.recv()) == b"first\n"
    kubelet.line("second\n")
    assert decode(opened.recv()) == b"second\n"
    opened.close()
    wait_until(lambda: kubelet.waiting == 0)


def test_watch_over_websocket(server):
    """Each event of a watch is a message; the server closes when the watch ends."""
    path = "/api/v1/namespaces/default/secrets"
    opened = open_websocket(server, f"{path}?watch=true&timeoutSeconds=2")
    opened.ping(b"still there")
    for name in ("a", "b" * 200):
        create(server, path, "Secret", name, stringData={"x": "y" * 70_000})
        event = json.loads(opened.recv())
        assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", name)
    assert opened.recv() == ""
    opened.shutdown()


def test_command_by_kubectl(server, kubelet):
    """``kubectl exec`` runs a command over WebSocket."""
    done = kubectl(server, "exec", "p", "-c", "c", "--", "echo", "a b")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"echo a b\n", b"")
    asked = kubelet.requests[-1]
    assert asked["path"] == "/exec/default/p/c"
    assert asked["query"] == {"command": ["echo", "a b"], "error": ["1"], "output": ["1"]}
    assert asked["headers"]["sec-websocket-protocol"] == "v5.channel.k8s.io"


def test_standard_input_by_kubectl(server, kubelet):
    """More than any buffer holds goes through a command and comes back whole."""
    text = os.urandom(3 << 20)
    done = kubectl(server, "exec", "-i", "p", "-c", "c", "--", "cat", input=text)
    assert done.returncode == 0, done.stderr
    assert done.stdout == text
    wait_until(lambda: kubelet.waiting == 0)


def test_tunnelled_bytes(server, kubelet):
    """After an upgrade bytes pass as they are, also those right behind the request."""
    with raw_connection(server) as connection:
        send_upgrade(server, connection, f"{POD}/portforward?ports=80", "SPDY/3.1", b"early,")
        head, _, rest = read_until(connection, b"EARLY,").partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        assert b"Upgrade: SPDY/3.1" in head
        assert rest == b"ready:EARLY,"
        connection.sendall(b"late")
        assert connection.recv(100) == b"LATE"
    asked = kubelet.requests[-1]
    assert (asked["method"], asked["path"]) == ("POST", "/portForward/default/p")
    assert asked["query"] == {"port": ["80"]}
    assert asked["headers"]["x-stream-protocol-version"] == "v4"
    wait_until(lambda: kubelet.waiting == 0)


def test_refused_upgrade_keeps_the_connection(server):
    """A request to upgrade that is answered with a Status leaves HTTP in order."""
    with raw_connection(server) as connection:
        authorization = f"Authorization: Bearer {server.token}\r\n"
        behind = f"GET /version HTTP/1.1\r\nHost: kapi\r\n{authorization}\r\n".encode()
        send_upgrade(server, connection, f"{POD}/exec", "SPDY/3.1", behind)
        answers = read_until(connection, b"gitVersion")
        assert answers.startswith(b"HTTP/1.1 400 ")
        assert b"choose one of: [c gone]" in answers


def test_end_of_the_server(server, kubelet):
    """A server that is told to end does so at once, and open commands end with it."""
    with raw_connection(server) as connection:
        send_upgrade(server, connection, f"{POD}/attach?container=c", "SPDY/3.1")
        read_until(connection, b"ready:")
        assert server.process.end()[0] == 0
        assert connection.recv(100) == b""
    wait_until(lambda: kubelet.waiting == 0)


def test_upgrade_is_required(server):
    """Without an upgrade nobody can run commands."""
    status, answer = server.json("POST", f"{POD}/exec?container=c&command=ls&stdout=true")
    assert (status, answer["message"]) == (400, "Upgrade request required")


def test_unreachable_kubelet(server):
    """A kubelet that does not listen is reported as kube-apiserver reports it."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    endpoint = {"kubeletEndpoint": {"Port": port}}
    patch(server, "/api/v1/nodes/n/status", {"status": {"daemonEndpoints": endpoint}})
    refused = f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    status, answer = server.json("GET", f"{POD}/log?container=c")
    target = f"https://127.0.0.1:{port}/containerLogs/default/p/c"
    assert (status, answer["message"]) == (500, f'Get "{target}": {refused}')
    done = kubectl(server, "exec", "p", "-c", "c", "--", "ls")
    assert done.returncode == 1
    assert done.stderr.endswith(f"error dialing backend: {refused}\n".encode())
    status, answer = server.json("GET", "/api/v1/nodes/n/proxy/pods")
    assert (status, answer["message"]) == (503, f"error trying to reach service: {refused}")


def test_node_proxy(server, kubelet):
    """``kubectl get --raw`` of a node's path asks the kubelet."""
    done = kubectl(server, "get", "--raw", "/api/v1/nodes/n/proxy/stats/a%20b?x=1")
    assert json.loads(done.stdout)["path"] == "/stats/a%20b"
    assert kubelet.requests[-1]["query"] == {"x": ["1"]}


def test_pod_proxy(server, backend):
    """A request passes with its method, body and headers, without the client's credentials."""
    done = server.request("PUT", f"{POD}/proxy/path/", {"a": 1}, **{"X-Own": "1"})
    seen = json.loads(done.read())
    assert (seen["method"], seen["path"], seen["body"]) == ("PUT", "/path/", '{"a": 1}')
    assert seen["headers"]["x-own"] == "1"
    assert seen["headers"]["x-forwarded-uri"] == f"{POD}/proxy/path/"
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert "authorization" not in seen["headers"]
    assert server.request("HEAD", f"{POD}/proxy/path").read() == b""
    assert backend.requests[-1]["method"] == "HEAD"


def test_large_body(server):
    """A body beyond the limit of the API passes through a proxy, chunked too."""
    body = b"x" * (5 << 20)
    connection = server.connection
    connection.request("POST", f"{POD}/proxy/", body, server.headers)
    assert json.loads(connection.getresponse().read())["size"] == len(body)
    pieces = (body[:70000] for _ in range(3))
    connection.request("POST", f"{POD}/proxy/", pieces, server.headers, encode_chunked=True)
    assert json.loads(connection.getresponse().read())["size"] == 210000


def test_places_lead_back_through_the_proxy(server):
    """Redirects and links of pages are rewritten, and no other site may read along."""
    root = f"{POD}/proxy"
    answer = server.request("GET", f"{root}?x=1")
    assert (answer.status, answer.getheader("location")) == (301, f"{root}/?x=1")
    answer.read()
    answer = server.request("GET", f"{root}/redirect")
    assert (answer.status, answer.getheader("location")) == (302, f"{root}/elsewhere/")
    assert answer.getheader("access-control-allow-origin") is None
    answer.read()
    page = server.request("GET", f"{root}/page").read().decode()
    expected = f"<a href=\"{root}/next\">on</a> <img src='here.png'> <a href=http://x/y>off</a>"
    assert page == expected


def test_broken_answer(server):
    """An answer that a backend does not finish is not finished for the client either."""
    answer = server.request("GET", f"{POD}/proxy/broken")
    with pytest.raises((OSError, http.client.IncompleteRead)):
        answer.read()


def test_service_proxy(server, backend):
    """A service's proxy finds a pod by the port's name or number, over Endpoints or slices."""
    services = "/api/v1/namespaces/default/services"
    ports = [{"name": "web", "port": 80}]
    create(server, services, "Service", "s", spec={"ports": ports})
    status, answer = server.json("GET", f"{services}/s:web/proxy/x")
    assert (status, answer["message"]) == (404, 'services "s" not found')
    target = {"kind": "Pod", "name": "p", "namespace": "default"}
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    create(
        server,
        slices,
        "EndpointSlice",
        "s-1",
        metadata={"name": "s-1", "labels": {"kubernetes.io/service-name": "s"}},
        addressType="IPv4",
        ports=[{"name": "web", "port": backend.port}],
        endpoints=[{"addresses": [own_address()], "targetRef": target}],
    )
    for name in ("s:web", "s:80", "http:s:web"):
        status, answer = server.json("GET", f"{services}/{name}/proxy/x")
        assert (status, answer["path"]) == (200, "/x")
    status, answer = server.json("GET", f"{services}/s:81/proxy/x")
    assert (status, answer["message"]) == (503, 'no service port 81 found for service "s"')
    create(server, "/api/v1/namespaces/default/endpoints", "Endpoints", "s")
    status, answer = server.json("GET", f"{services}/s:web/proxy/x")
    assert (status, answer["message"]) == (503, 'no endpoints available for service "s"')
