"""A durable server that is killed or stopped, and started again on the same data."""

from __future__ import annotations

import http.client
import json
import signal
import threading

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
SERVICES = "/api/v1/namespaces/default/services"
WRITERS = 4
ROUNDS = 3
WRITES_BEFORE_KILL = 300


@pytest.fixture
def durable(kapi, tmp_path):
    """Start a server on the same data directory, again and again."""

    def start():
        running = kapi("up", "--port=0", f"--data-dir={tmp_path}", "--controllers=none")
        url = running.wait_until_ready()
        token = (tmp_path / "admin-token").read_text().strip()
        return running, (url, tmp_path / "pki" / "ca.crt", token)

    return start


class Writer(threading.Thread):
    """Creates, changes and deletes objects of its own until the server is gone.

    ``acknowledged`` has the last answer for each name, None where a deletion was answered, and
    ``open`` the name whose last write was not answered.
    """

    def __init__(self, connection, name, enough):
        super().__init__()
        self.connection = connection
        self.label = name
        self.enough = enough
        self.acknowledged = {}
        self.open = ""
        self.trouble = []

    def run(self):
        """Write in rounds of three: create, change, and delete every other."""
        number = 0
        try:
            while True:
                name = f"{self.label}-{number}"
                body = {"metadata": {"name": name}, "data": {"round": "1"}}
                self._write(name, "POST", MAPS, body)
                self._write(name, "PUT", f"{MAPS}/{name}", {**body, "data": {"round": "2"}})
                if number % 2:
                    self._write(name, "DELETE", f"{MAPS}/{name}")
                number += 1
        except (OSError, http.client.HTTPException):
            pass  # the server was killed

    def _write(self, name, method, path, body=None):
        self.open = name
        status, answer = self.connection.json(method, path, body)
        if status not in {200, 201}:
            self.trouble.append(answer)
        self.acknowledged[name] = None if method == "DELETE" else answer
        self.open = ""
        self.enough.release()


def read_all(connection):
    """All ConfigMaps by name, and the version of the list."""
    status, listed = connection.json("GET", MAPS)
    assert status == 200
    items = {item["metadata"]["name"]: item for item in listed["items"]}
    return items, int(listed["metadata"]["resourceVersion"])


def test_killed_server_keeps_what_it_acknowledged(durable, client):
    """After kill -9 during writes, every answered write is there, and versions go on."""
    known = {}
    for round_number in range(ROUNDS):
        running, (url, authority, token) = durable()
        found, _ = read_all(client(url, authority, token=token))
        assert found == known
        enough = threading.Semaphore(0)
        writers = [
            Writer(client(url, authority, token=token), f"r{round_number}-w{number}", enough)
            for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        for _ in range(WRITES_BEFORE_KILL):
            assert enough.acquire(timeout=30)
        running.process.send_signal(signal.SIGKILL)
        for writer in writers:
            writer.join(30)
            assert not writer.trouble
        known = check_round(durable, client, known, writers)


def check_round(durable, client, known, writers):
    """Start again and compare with what was acknowledged; what is there now."""
    running, (url, authority, token) = durable()
    found, version = read_all(client(url, authority, token=token))
    expected = dict(known)
    newest = 0
    for writer in writers:
        for name, answer in writer.acknowledged.items():
            if answer is None:
                expected.pop(name, None)
            else:
                obj = {key: answer[key] for key in ("metadata", "data")}
                expected[name] = obj
                newest = max(newest, int(answer["metadata"]["resourceVersion"]))
    unsure = {writer.open for writer in writers} - {""}
    certain = expected.keys() - unsure
    assert {name: found.get(name) for name in certain} == {name: expected[name] for name in certain}
    assert found.keys() - certain <= unsure
    assert version >= newest
    assert running.end() == (0, "")
    return found


def test_second_start_finds_everything(durable, client):
    """Objects, versions, addresses, credentials and watches go on after a clean stop."""
    running, (url, authority, token) = durable()
    first = client(url, authority, token=token)
    made = {}
    for name in ("a", "b"):
        spec = {"ports": [{"port": 80}], "type": "NodePort"}
        status, made[name] = first.json(
            "POST", SERVICES, {"metadata": {"name": name}, "spec": spec}
        )
        assert status == 201
    namespaces = first.json("GET", "/api/v1/namespaces")[1]["items"]
    version = first.json("GET", SERVICES)[1]["metadata"]["resourceVersion"]
    assert first.json("DELETE", f"{SERVICES}/b")[0] == 200
    assert running.end() == (0, "")

    running, (url, authority, again) = durable()
    assert again == token
    second = client(url, authority, token=token)
    assert second.json("GET", f"{SERVICES}/a")[1] == made["a"]
    assert second.json("GET", "/api/v1/namespaces")[1]["items"] == namespaces
    taken = {"metadata": {"name": "c"}, "spec": {"ports": [{"port": 80}]}}
    taken["spec"]["clusterIP"] = made["a"]["spec"]["clusterIP"]
    assert second.json("POST", SERVICES, taken)[0] == 422
    taken["spec"]["clusterIP"] = made["b"]["spec"]["clusterIP"]
    assert second.json("POST", SERVICES, taken)[0] == 201
    answer = second.request("GET", f"{SERVICES}?watch=1&resourceVersion={version}&timeoutSeconds=1")
    events = [json.loads(line) for line in answer.read().splitlines()]
    seen = [(event["type"], event["object"]["metadata"]["name"]) for event in events]
    assert seen == [("DELETED", "b"), ("ADDED", "c")]
    assert running.end() == (0, "")
