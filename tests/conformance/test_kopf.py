"""Operators written with kopf, run unchanged by ``kopf run``."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from cafe_definition import OPERATORS, define_cafes
from kubectl import Kubectl

from kapi.testing import Server

PATIENCE_SECONDS = 30
FINALIZER = "kopf.zalando.org/KopfFinalizerMarker"


def cafe(name, **spec):
    return json.dumps(
        {"apiVersion": "example.com/v1", "kind": "Cafe", "metadata": {"name": name}, "spec": spec}
    )


class Operator:
    """``kopf run`` with the operator of cafes."""

    def __init__(self, kubeconfig, namespace, log, *words, name="one"):
        command = [sys.executable, "-m", "kopf", "run", str(OPERATORS / "cafes.py")]
        environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "KOPF_NAME": name}
        self.log = log
        with log.open("a") as out:
            self.process = subprocess.Popen(
                [*command, f"--namespace={namespace}", "--verbose", *words],
                env=environment,
                stdout=out,
                stderr=out,
            )

    def wait_to_say(self, text):
        """Wait until something stands in its log."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.log.read_text():
            assert time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.05)

    def end(self):
        """End it as a person would; it stops its daemons and says goodbye to its peers."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE_SECONDS)


class Cafes:
    """What is seen of cafes in one namespace."""

    def __init__(self, kubectl):
        self.kubectl = kubectl

    def open(self, name, **spec):
        self.kubectl("create", "-f", "-", stdin=cafe(name, **spec))

    def change(self, name, **spec):
        self.kubectl("patch", "cafe", name, "--type=merge", "-p", json.dumps({"spec": spec}))

    def get(self, what):
        """An object, or None."""
        found = self.kubectl("get", what, "--ignore-not-found", "-o", "json")
        return json.loads(found) if found.strip() else None

    def wait(self, what, condition, operator=None):
        """Wait until something is true of an object; the object."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = self.get(what)
            if condition(found):
                return found
            time.sleep(0.1)
        log = operator.log.read_text()[-30000:] if operator else ""
        return pytest.fail(f"{what} came to {found}\n{log}")


def exists(obj):
    return obj is not None


def gone(obj):
    return obj is None


def listed(found):
    """The items of a list; kubectl prints nothing for an empty one."""
    return found["items"] if found else []


def reasons(found):
    return {event["reason"] for event in listed(found)}


def has(**data):
    return lambda obj: obj is not None and obj["data"].items() >= data.items()


def status(**wanted):
    return lambda obj: obj is not None and obj.get("status", {}).items() >= wanted.items()


@pytest.fixture
def cafes(cafe_server, kubectl):
    """Cafes in a namespace of the test's own."""
    return Cafes(kubectl)


@pytest.fixture
def operate(cafe_server, kubectl, tmp_path):
    """Start operators in the test's namespace: ``operate("--standalone")``."""
    started = []

    def start(*words, name="one"):
        log = tmp_path / f"{name}.log"
        started.append(Operator(cafe_server.kubeconfig, kubectl.namespace, log, *words, name=name))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.wait()


def test_a_cafe_from_opening_to_closing(cafes, operate):
    """Handlers of creation, change and deletion; child, status, finalizer, events."""
    operator = operate("--standalone")
    cafes.open("blue", tables=3, street="Main")
    cafes.wait("cm/blue-menu", has(tables="3", by="one"), operator)
    made = cafes.wait("cafe/blue", status(open_cafe={"menu": "blue-menu"}), operator)
    assert made["metadata"]["finalizers"] == [FINALIZER]
    owner = cafes.get("cm/blue-menu")["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["uid"]) == ("Cafe", made["metadata"]["uid"])
    cafes.change("blue", tables=7)
    cafes.wait("cm/blue-menu", has(tables="7"), operator)
    told = {"tables": 7, "resize/spec.tables": {"from": 3, "to": 7}}
    cafes.wait("cafe/blue", status(**told), operator)
    cafes.wait("events", lambda found: "Resized" in reasons(found), operator)
    cafes.kubectl("delete", "cafe", "blue")
    assert cafes.get("cafe/blue") is None
    assert cafes.get("cm/blue-closed") is not None
    operator.end()
    assert operator.process.returncode == 0


def test_a_handler_that_fails_for_good(cafes, operate):
    """The error is told by an event and is not tried again."""
    operator = operate("--standalone")
    cafes.open("huge", tables=51)

    def failed(events):
        return any("too large a cafe" in event["message"] for event in listed(events))

    cafes.wait("events", failed, operator)
    assert cafes.get("cm/huge-menu") is None
    cafes.kubectl("delete", "cafe", "huge")


def test_timers_daemons_and_indices(cafes, operate):
    """What runs beside an object, as long as it is there and wants it."""
    operator = operate("--standalone")
    cafes.open("loud", music=True, cook=True, street="Main")
    cafes.wait("cafe/loud", lambda obj: obj.get("status", {}).get("songs", 0) >= 3, operator)
    cafes.wait("cm/loud-kitchen", exists, operator)
    cafes.open("quiet", street="Main")
    cafes.wait("cafe/quiet", status(neighbours=["loud", "quiet"]), operator)
    cafes.change("loud", cook=False)
    cafes.wait("cm/loud-kitchen", gone, operator)
    cafes.kubectl("delete", "cafe", "loud", "quiet")


def test_a_restarted_operator(cafes, operate):
    """It sees what happened while it was not there."""
    operator = operate("--standalone")
    cafes.open("red", tables=1)
    cafes.wait("cm/red-menu", exists, operator)
    cafes.wait("cafe/red", status(open_cafe={"menu": "red-menu"}), operator)
    operator.end()
    cafes.change("red", tables=2)
    cafes.open("green", tables=5)
    cafes.kubectl("delete", "cafe", "red", "--wait=false")
    cafes.open("white", tables=6)
    operator = operate("--standalone", name="two")
    cafes.wait("cm/green-menu", has(by="two"), operator)
    cafes.wait("cm/white-menu", has(tables="6"), operator)
    cafes.wait("cafe/red", gone, operator)
    assert cafes.get("cm/red-closed") is not None
    operator.end()
    operator = operate("--standalone", name="three")
    cafes.wait("cafe/green", status(resumedBy="three"), operator)
    cafes.kubectl("delete", "cafe", "green", "white")


def test_peers(cafes, operate):
    """Of two operators the one of higher priority works; the other one takes over from it."""
    peering = {"apiVersion": "kopf.dev/v1", "kind": "KopfPeering", "metadata": {"name": "cafes"}}
    cafes.kubectl("create", "-f", "-", stdin=json.dumps(peering))
    low = operate("--peering=cafes", "--priority=1", name="low")
    cafes.wait("kopfpeering/cafes", lambda obj: len(obj.get("status", {})) == 1, low)
    cafes.open("a")
    cafes.wait("cm/a-menu", has(by="low"), low)
    high = operate("--peering=cafes", "--priority=100", name="high")
    peers = cafes.wait("kopfpeering/cafes", lambda obj: len(obj["status"]) == 2, high)
    assert {peer["priority"] for peer in peers["status"].values()} == {1, 100}
    low.wait_to_say("Pausing operations in favour of")
    cafes.open("b")
    cafes.wait("cm/b-menu", has(by="high"), high)
    high.end()
    cafes.wait("kopfpeering/cafes", lambda obj: len(obj["status"]) == 1, low)
    cafes.open("c")
    cafes.wait("cm/c-menu", has(by="low"), low)
    cafes.kubectl("delete", "cafe", "a", "b", "c")


def test_a_restarted_server(tmp_path, home):
    """The operator finds the server again, with all that it had, and goes on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags, data = (f"--port={port}",), tmp_path / "data"
    operator = None
    try:
        with Server(*flags, data_dir=data) as server:
            kubectl = Kubectl(server.kubeconfig, "default", home)
            cafes = Cafes(kubectl)
            define_cafes(kubectl)
            log = tmp_path / "operator.log"
            operator = Operator(server.kubeconfig, "default", log, "--standalone")
            cafes.open("old", tables=2)
            cafes.wait("cm/old-menu", has(tables="2"), operator)
            cafes.wait("cafe/old", status(open_cafe={"menu": "old-menu"}), operator)
        with Server(*flags, data_dir=data):
            cafes.change("old", tables=9)
            cafes.wait("cm/old-menu", has(tables="9"), operator)
            cafes.open("new")
            cafes.wait("cm/new-menu", has(tables="4"), operator)
            cafes.kubectl("delete", "cafe", "old", "new")
            # The garbage collector takes what the cafes owned.
            cafes.wait("cm/old-menu", gone, operator)
            assert operator.process.poll() is None
    finally:
        if operator is not None:
            operator.process.kill()
            operator.process.wait()
