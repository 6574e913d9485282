"""``kapi.testing``: servers for tests."""

from __future__ import annotations

import pytest

from kapi.server.options import OptionsError, StartError
from kapi.testing import Server

pytest_plugins = ["kapi.testing.fixtures"]


@pytest.mark.parametrize("thread", [False, True])
def test_server_offers_all_that_clients_need(client, thread):
    """URL, token, certificate authority and kubeconfig work, and are gone after the block."""
    with Server("--kubernetes-version=1.31", thread=thread) as server:
        connection = client(server.url, server.ca_file, token=server.token)
        assert connection.json("GET", "/version")[1]["minor"] == "31"
        assert server.url in server.kubeconfig.read_text()
        directory = server.kubeconfig.parent
    assert not directory.exists()
    with pytest.raises(OSError):
        connection.json("GET", "/version")


@pytest.mark.parametrize("thread", [False, True])
def test_server_that_cannot_start_says_why(thread, tmp_path):
    """The reason reaches the test as an exception."""
    missing = tmp_path / "missing.csv"
    with (
        pytest.raises(StartError, match=r"missing\.csv"),
        Server(f"--token-auth-file={missing}", thread=thread),
    ):
        pass
    with (
        pytest.raises((StartError, OptionsError), match="no-such-flag"),
        Server("--no-such-flag", thread=thread),
    ):
        pass


def test_servers_live_side_by_side(client):
    """Two servers in one process do not know of each other."""
    with Server(thread=True) as one, Server(thread=True) as other:
        assert one.url != other.url
        path = "/api/v1/namespaces/default/configmaps"
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
        assert client(one.url, one.ca_file, token=one.token).json("POST", path, body)[0] == 201
        there = client(other.url, other.ca_file, token=other.token)
        assert there.json("GET", f"{path}/a")[0] == 404
        assert there.json("GET", "/version")[0] == 200


def test_data_directory_that_stays(client, tmp_path):
    """With a directory of the caller's, objects are stored there and found again."""
    path = "/api/v1/namespaces/default/configmaps"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    with Server(data_dir=tmp_path, thread=True) as server:
        connection = client(server.url, server.ca_file, token=server.token)
        assert connection.json("POST", path, body)[0] == 201
    with Server(data_dir=tmp_path, thread=True) as server:
        connection = client(server.url, server.ca_file, token=server.token)
        assert connection.json("GET", f"{path}/a")[0] == 200


def test_fixtures(kapi_server, fresh_kapi_server, client):
    """Both fixtures give running servers, and not the same."""
    assert kapi_server.url != fresh_kapi_server.url
    for server in (kapi_server, fresh_kapi_server):
        assert client(server.url, server.ca_file).json("GET", "/version")[0] == 200
