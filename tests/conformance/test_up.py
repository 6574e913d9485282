"""``kapi up`` as people start, stop and misuse it."""

from __future__ import annotations

import signal
import socket
import time

import pytest

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}}


def test_full_command_line(kapi, client, tmp_path):
    """The documented flags together start a server that knows the file's tokens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('secret,ann,7,"dev,ops"\n')
    data = tmp_path / "data"
    words = (
        f"up --ephemeral --port {port} --data-dir {data} --token-auth-file {tokens} "
        "--service-cluster-ip-range 10.0.0.0/24 --kubernetes-version 1.36 "
        "--disable-admission-plugins ServiceAccount --controllers=none"
    )
    server = kapi(*words.split())
    assert server.wait_until_ready() == f"https://127.0.0.1:{port}"
    assert server.wait_for(r"^export KUBECONFIG=(.+)$")[1] == str(data / "kubeconfig")
    connection = client(f"https://localhost:{port}", data / "pki" / "ca.crt", token="secret")
    status, version = connection.json("GET", "/version")
    assert (status, version["major"], version["minor"]) == (200, "1", "36")
    user = connection.who_am_i()
    assert (user["username"], user["uid"]) == ("ann", "7")
    assert user["groups"] == ["dev", "ops", "system:authenticated"]
    assert server.end() == (0, "")


def test_second_start_finds_everything_again(kapi, client, tmp_path):
    """Credentials and objects survive a stop; the port may be another."""
    kept = []
    for verb in ("create", "get"):
        server = kapi("up", "--port=0", f"--data-dir={tmp_path}")
        url = server.wait_until_ready()
        token = (tmp_path / "admin-token").read_text()
        connection = client(url, tmp_path / "pki" / "ca.crt", token=token)
        path = "/api/v1/namespaces/default/configmaps"
        if verb == "create":
            status, stored = connection.json("POST", path, CONFIG_MAP)
            assert status == 201
        else:
            status, stored = connection.json("GET", f"{path}/kept")
            assert status == 200
        kept.append((token, stored["metadata"]["uid"], stored["metadata"]["resourceVersion"]))
        assert server.end() == (0, "")
    assert kept[0] == kept[1]


def test_ephemeral_server_forgets_objects(kapi, client, tmp_path):
    """Objects in memory end with the server; credentials stay."""
    for attempt in range(2):
        server = kapi("up", "--ephemeral", "--port=0", f"--data-dir={tmp_path}")
        url = server.wait_until_ready()
        token = (tmp_path / "admin-token").read_text()
        connection = client(url, tmp_path / "pki" / "ca.crt", token=token)
        path = "/api/v1/namespaces/default/configmaps"
        assert connection.json("POST", path, CONFIG_MAP)[0] == 201, attempt
        assert server.end()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_the_server_cleanly(kapi, client, tmp_path, number):
    """Exit code 0 within a second or so, though a watch and an idle connection are open."""
    server = kapi("up", "--ephemeral", "--port=0", f"--data-dir={tmp_path}")
    url = server.wait_until_ready()
    token = (tmp_path / "admin-token").read_text()
    idle = client(url, tmp_path / "pki" / "ca.crt", token=token)
    assert idle.json("GET", "/version")[0] == 200
    watcher = client(url, tmp_path / "pki" / "ca.crt", token=token)
    watch = watcher.request("GET", "/api/v1/namespaces?watch=true")
    assert watch.status == 200
    assert b'"ADDED"' in watch.readline()
    start = time.monotonic()
    assert server.end(number) == (0, "")
    assert time.monotonic() - start < 3
    while watch.readline():
        pass
    assert not watch.read()


def test_port_in_use(kapi_once, tmp_path):
    """One line that names the port, exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, output, errors = kapi_once("up", f"--port={port}", f"--data-dir={tmp_path}")
    assert (code, output) == (1, "")
    assert errors == f"kapi up: port {port} on 127.0.0.1 is in use\n"


def test_directory_that_cannot_be_written(kapi_once, tmp_path):
    """One line that names the path, exit code 1."""
    (tmp_path / "file").write_text("")
    code, output, errors = kapi_once("up", "--port=0", f"--data-dir={tmp_path / 'file' / 'x'}")
    assert (code, output) == (1, "")
    assert errors.count("\n") == 1
    assert f"{tmp_path}/file/x" in errors


def test_second_server_on_the_same_data(kapi, kapi_once, tmp_path):
    """The second is refused in one line; the first goes on, and its end frees the data."""
    first = kapi("up", "--port=0", f"--data-dir={tmp_path}")
    first.wait_until_ready()
    code, output, errors = kapi_once("up", "--port=0", f"--data-dir={tmp_path}")
    assert (code, output) == (1, "")
    assert errors.count("\n") == 1
    assert f"in use by another kapi (process {first.process.pid})" in errors
    assert first.end() == (0, "")
    third = kapi("up", "--port=0", f"--data-dir={tmp_path}")
    third.wait_until_ready()
    assert third.end() == (0, "")


def test_killed_server_does_not_lock_its_data(kapi, tmp_path):
    """After SIGKILL the next start works."""
    first = kapi("up", "--port=0", f"--data-dir={tmp_path}")
    first.wait_until_ready()
    first.end(signal.SIGKILL)
    second = kapi("up", "--port=0", f"--data-dir={tmp_path}")
    second.wait_until_ready()
    assert second.end() == (0, "")


def test_bad_token_file(kapi_once, tmp_path):
    """A token file that is missing or no table is one line, exit code 1."""
    short = tmp_path / "short.csv"
    short.write_text("token,user\n")
    for path in (tmp_path / "missing.csv", short):
        code, output, errors = kapi_once(
            "up", "--port=0", f"--data-dir={tmp_path}", f"--token-auth-file={path}"
        )
        assert (code, output) == (1, "")
        assert errors.count("\n") == 1
        assert str(path) in errors


def test_bad_flag(kapi_once):
    """One line, exit code 2."""
    code, output, errors = kapi_once("up", "--no-such-flag")
    assert (code, output) == (2, "")
    assert errors.count("\n") == 1
