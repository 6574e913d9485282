"""Options of the subresources that connect, and what a kubelet is asked for with them.

Implements PodLogOptions, PodExecOptions, PodAttachOptions and PodPortForwardOptions of the
Kubernetes API reference.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from kapi.apimachinery.errors import BadRequest, Invalid
from kapi.apimachinery.field import ErrorList
from kapi.endpoints.options import integer, parse_integer

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.request import Request

__all__ = [
    "log_query",
    "port_forward_options",
    "port_forward_query",
    "stream_options",
    "stream_query",
]

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_FLAGS = ("follow", "previous", "timestamps")
_STREAMS = {"stdin": "input", "stdout": "output", "stderr": "error", "tty": "tty"}


def log_query(request: Request) -> str:
    """The kubelet's query for PodLogOptions; raises BadRequest and Invalid."""
    since_seconds = integer(request, "sinceSeconds")
    since_time = _time(request, "sinceTime")
    tail_lines = integer(request, "tailLines")
    limit_bytes = integer(request, "limitBytes")
    errors = ErrorList()
    if tail_lines is not None and tail_lines < 0:
        errors.invalid("tailLines", tail_lines, "must be greater than or equal to 0")
    if limit_bytes is not None and limit_bytes < 1:
        errors.invalid("limitBytes", limit_bytes, "must be greater than 0")
    if since_seconds is not None and since_time is not None:
        why = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        errors.forbidden("[]", why)
    elif since_seconds is not None and since_seconds < 1:
        errors.invalid("sinceSeconds", since_seconds, "must be greater than 0")
    if "stream" in request.query:
        errors.forbidden("stream", "may not be specified")
    if errors:
        raise Invalid.kind("", "PodLogOptions", request.info.name, errors)
    values: dict[str, object] = {name: "true" for name in _FLAGS if request.flag(name)}
    values["sinceSeconds"] = since_seconds
    values["sinceTime"] = since_time
    values["tailLines"] = tail_lines
    values["limitBytes"] = limit_bytes
    return urlencode(sorted((name, value) for name, value in values.items() if value is not None))


def stream_options(request: Request, kind: str) -> JSONObject:
    """PodExecOptions or PodAttachOptions out of the query."""
    options: JSONObject = {"kind": kind, "apiVersion": "v1"}
    options.update((name, True) for name in _STREAMS if request.flag(name))
    if request.parameter("container"):
        options["container"] = request.parameter("container")
    if kind == "PodExecOptions" and "command" in request.query:
        options["command"] = request.query["command"]
    return options


def stream_query(options: JSONObject) -> str:
    """The kubelet's query for PodExecOptions or PodAttachOptions."""
    values = [(to, "1") for name, to in _STREAMS.items() if options.get(name)]
    values += [("command", word) for word in options.get("command", ())]
    return urlencode(sorted(values, key=lambda pair: pair[0]))


def port_forward_options(request: Request) -> JSONObject:
    """PodPortForwardOptions out of the query; raises BadRequest."""
    options: JSONObject = {"kind": "PodPortForwardOptions", "apiVersion": "v1"}
    if "ports" in request.query:
        options["ports"] = [parse_integer(text) for text in request.query["ports"]]
    return options


def port_forward_query(options: JSONObject) -> str:
    """The kubelet's query for PodPortForwardOptions."""
    ports = ",".join(str(port) for port in options.get("ports", ()))
    return urlencode([("port", ports)]) if ports else ""


def _time(request: Request, name: str) -> str | None:
    text = request.parameter(name)
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text if _RFC3339.fullmatch(text) else "")
    except ValueError:
        layout = "2006-01-02T15:04:05Z07:00"
        raise BadRequest(
            f'parsing time "{text}" as "{layout}": cannot parse "{text}" as "2006"'
        ) from None
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
