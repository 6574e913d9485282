"""Options of connect subresources as kubelets are asked for them."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from kapi.apimachinery.errors import BadRequest, Invalid
from kapi.apimachinery.user import UserInfo
from kapi.endpoints.connect.options import (
    log_query,
    port_forward_options,
    port_forward_query,
    stream_options,
    stream_query,
)
from kapi.endpoints.request import Request, parse_path

PATH = "/api/v1/namespaces/ns/pods/p/log"


def request(*pairs):
    query = urlencode(pairs).encode()
    return Request("GET", parse_path(PATH), {}, query, b"", UserInfo("ann"), "")


def test_log_options():
    """Only what was asked for is passed on, times in UTC; the container is in the path."""
    asked = request(
        ("container", "c"),
        ("follow", "true"),
        ("previous", "0"),
        ("sinceTime", "2024-01-01T01:00:00.5+01:00"),
        ("tailLines", "0"),
    )
    assert log_query(asked) == "follow=true&sinceTime=2024-01-01T00%3A00%3A00Z&tailLines=0"


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("tailLines", "-1")], "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ([("limitBytes", "0")], "limitBytes: Invalid value: 0: must be greater than 0"),
        ([("sinceSeconds", "0")], "sinceSeconds: Invalid value: 0: must be greater than 0"),
        ([("stream", "All")], "stream: Forbidden: may not be specified"),
        (
            [("limitBytes", "-1"), ("tailLines", "-2")],
            (
                "[tailLines: Invalid value: -2: must be greater than or equal to 0, "
                "limitBytes: Invalid value: -1: must be greater than 0]"
            ),
        ),
        (
            [("sinceSeconds", "0"), ("sinceTime", "2024-01-01T00:00:00Z")],
            "[]: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
    ],
)
def test_invalid_log_options(pairs, message):
    """Options that break a rule are 422 for PodLogOptions."""
    with pytest.raises(Invalid) as error:
        log_query(request(*pairs))
    assert error.value.message == f'PodLogOptions "p" is invalid: {message}'


@pytest.mark.parametrize("text", ["x", "2024-01-01", "2024-01-01T00:00:00", "2024-13-01T00:00:00Z"])
def test_times_that_are_none(text):
    """A time must be complete, with its zone."""
    with pytest.raises(BadRequest, match=rf'^parsing time "{text}" as "2006-01-02T15:04:05Z07:00"'):
        log_query(request(("sinceTime", text)))


def test_command():
    """A command's words keep their order; streams have the kubelet's own names."""
    asked = request(
        ("command", "sh"), ("command", "-c"), ("stdin", "true"), ("stdout", "1"), ("tty", "false")
    )
    options = stream_options(asked, "PodExecOptions")
    assert options == {
        "kind": "PodExecOptions",
        "apiVersion": "v1",
        "stdin": True,
        "stdout": True,
        "command": ["sh", "-c"],
    }
    assert stream_query(options) == "command=sh&command=-c&input=1&output=1"
    assert stream_query(stream_options(asked, "PodAttachOptions")) == "input=1&output=1"


def test_ports():
    """Ports are numbers and go to the kubelet as one list."""
    options = port_forward_options(request(("ports", "80"), ("ports", "443")))
    assert port_forward_query(options) == "port=80%2C443"
    assert port_forward_query(port_forward_options(request())) == ""
    with pytest.raises(BadRequest, match='parsing "web": invalid syntax'):
        port_forward_options(request(("ports", "web")))
