"""``kapi run``: a server for one command, and nothing left of it."""

from __future__ import annotations

import signal
import sys

import pytest

FETCH_VERSION = """
import http.client, json, os, re, ssl
text = open(os.environ["KUBECONFIG"]).read()
host, port = re.search(r"server: https://(\\S+):(\\d+)", text).groups()
context = ssl._create_unverified_context()
connection = http.client.HTTPSConnection(host, int(port), context=context)
connection.request("GET", "/version")
print(json.load(connection.getresponse())["minor"])
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files that shows what was left in it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_command_reaches_the_server(kapi_once, temporary):
    """KUBECONFIG points at a running server of the version asked for; nothing else is printed."""
    code, output, errors = kapi_once(
        "run", "--kubernetes-version=1.30", "--", sys.executable, "-c", FETCH_VERSION
    )
    assert (code, output, errors) == (0, "30\n", "")
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -KILL $$"], 137),
        (["kapi-no-such-command"], 127),
        (["/"], 126),
    ],
)
def test_exit_code_is_the_commands(kapi_once, temporary, command, expected):
    """The command's code, 128 and the signal, or what a shell says of what it cannot run."""
    code, output, _ = kapi_once("run", "--", *command)
    assert (code, output) == (expected, "")
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_reach_the_command(kapi, temporary, number):
    """The command may clean up and choose its code; kapi ends after it and leaves nothing."""
    script = (
        "trap 'echo cleaning; exit 9' INT TERM HUP; "
        'echo "started $KUBECONFIG"; while :; do sleep 0.05; done'
    )
    running = kapi("run", "--", "sh", "-c", script, start_new_session=True)
    running.wait_for("^started .*/kubeconfig$")
    code, _ = running.end(number)
    assert code == 9
    assert not list(temporary.iterdir())


def test_no_command(kapi_once, temporary):
    """Without a command there is nothing to do: one line, exit code 2."""
    code, _, errors = kapi_once("run", "--kubernetes-version=1.30")
    assert (code, errors.count("\n")) == (2, 1)
    assert not list(temporary.iterdir())
