"""Several servers on one port over one etcd are one API server."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from etcd_cluster import EtcdCluster

WORKERS = 3


@pytest.fixture
def etcd():
    """One etcd with an empty store."""
    with EtcdCluster(flags=("--unsafe-no-fsync",)) as cluster:
        yield cluster


@pytest.fixture
def server(kapi, etcd, tmp_path):
    """A ``kapi up --workers`` that is ready."""
    words = ["up", "--port=0", f"--workers={WORKERS}", f"--data-dir={tmp_path / 'data'}"]
    started = kapi(*words, f"--etcd-servers={','.join(etcd.urls)}")
    started.url = started.wait_until_ready()
    started.token = (tmp_path / "data" / "admin-token").read_text().strip()
    return started


def ask(server, method, path, body=None):
    """One request on a connection of its own, so that any of the servers may get it."""
    request = urllib.request.Request(
        server.url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"},
    )
    context = ssl._create_unverified_context()
    with urllib.request.urlopen(request, context=context, timeout=30) as answer:
        return json.loads(answer.read())


def children(server):
    """The processes of the servers."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(server.process.pid)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(pid) for pid in found.stdout.split()]


def test_workers_are_one_server(server):
    """Whatever one has acknowledged, all show; addresses are unique; a definition is served."""
    names = [f"s{number}" for number in range(30)]
    services = "/api/v1/namespaces/default/services"

    def create(name):
        spec = {"type": "NodePort", "ports": [{"port": 80}]}
        made = ask(server, "POST", services, {"metadata": {"name": name}, "spec": spec})
        listed = ask(server, "GET", services)
        assert name in [item["metadata"]["name"] for item in listed["items"]]
        assert ask(server, "GET", f"{services}/{name}")["metadata"] == made["metadata"]
        return made["spec"]

    with ThreadPoolExecutor(6) as clients:
        specs = list(clients.map(create, names))
    assert len({spec["clusterIP"] for spec in specs}) == len(names)
    assert len({spec["ports"][0]["nodePort"] for spec in specs}) == len(names)

    definition = {
        "metadata": {"name": "gadgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"plural": "gadgets", "kind": "Gadget"},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "x-kubernetes-preserve-unknown-fields": True,
                        }
                    },
                }
            ],
        },
    }
    ask(server, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    end = time.monotonic() + 10
    in_row = 0
    while in_row < 20:  # enough for every server to be asked
        try:
            ask(server, "GET", "/apis/example.com/v1/namespaces/default/gadgets")
            in_row += 1
        except urllib.error.HTTPError:
            in_row = 0  # not found yet
            assert time.monotonic() < end, "a server does not serve the definition"


def test_a_worker_that_ends_is_started_again_and_all_end_together(server):
    """Connections go to the others meanwhile; SIGTERM and the end of the parent reach all."""
    before = children(server)
    assert len(before) == WORKERS
    os.kill(before[0], signal.SIGKILL)
    end = time.monotonic() + 20
    while len(now := children(server)) != WORKERS or set(now) == set(before):
        assert time.monotonic() < end, now
        time.sleep(0.05)
    assert ask(server, "GET", "/version")["major"] == "1"
    code, errors = server.end()
    assert code == 0
    assert re.search(rf"server {before[0]} has ended and is started again", errors)


def test_workers_need_a_store_to_share(kapi, tmp_path):
    """Several servers over embedded stores would be several clusters."""
    started = kapi("up", "--port=0", "--workers=2", f"--data-dir={tmp_path}")
    _, errors = started.process.communicate(timeout=30)
    assert started.process.returncode == 2
    assert "--etcd-servers" in errors


def test_an_etcd_that_does_not_answer_is_told_in_one_line(kapi, tmp_path):
    """The server gives up after some time and says why."""
    words = ["up", "--port=0", f"--data-dir={tmp_path}", "--workers=2"]
    started = kapi(*words, "--etcd-servers=http://127.0.0.1:1")
    _, errors = started.process.communicate(timeout=60)
    assert started.process.returncode == 1
    assert "etcd does not answer" in errors
    assert "Traceback" not in errors
