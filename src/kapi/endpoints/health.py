"""Health and version documents: /healthz, /livez, /readyz and /version.

Implements "Kubernetes API health endpoints" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import MethodNotSupported
from kapi.endpoints.request import Response
from kapi.endpoints.writer import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.negotiation import Negotiator
    from kapi.endpoints.request import Request

__all__ = ["Health", "git_version", "version_info"]

_TEXT = b"text/plain; charset=utf-8"
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_ENDPOINTS = ("healthz", "livez", "readyz")
# The newest patch release of each minor version that was taken as the model.
_PATCH_LEVELS = {
    25: 16,
    26: 15,
    27: 16,
    28: 15,
    29: 15,
    30: 14,
    31: 14,
    32: 13,
    33: 9,
    34: 5,
    35: 4,
    36: 2,
    37: 1,
}


class Health:
    """Named checks behind the three endpoints; a check returns what is wrong, or nothing."""

    def __init__(self, checks: Mapping[str, Callable[[], str]]) -> None:
        self._checks = checks

    def respond(self, request: Request) -> Response | None:
        """The answer to a health path, whatever the verb, or None for other paths."""
        parts = request.info.path.strip("/").split("/")
        if parts[0] not in _ENDPOINTS or len(parts) > 2:
            return None
        if len(parts) == 2:
            check = self._checks.get(parts[1])
            if check is None:
                return None
            problem = check()
            text = f"internal server error: {problem}" if problem else "ok"
            return Response(500 if problem else 200, text.encode(), _TEXT, [_NOSNIFF])
        return self._all(request, parts[0])

    def _all(self, request: Request, endpoint: str) -> Response:
        excluded = set(request.query.get("exclude", ())) if request.query_string else set()
        lines: list[str] = []
        failed = False
        for name, check in self._checks.items():
            if name in excluded:
                lines.append(f"[+]{name} excluded: ok")
                continue
            problem = check()
            failed = failed or bool(problem)
            lines.append(f"[-]{name} failed: reason withheld" if problem else f"[+]{name} ok")
        if failed:
            text = "\n".join([*lines, f"{endpoint} check failed", ""])
            return Response(500, text.encode(), _TEXT, [_NOSNIFF])
        if request.query_string and "verbose" in request.query:
            lines.append(f"{endpoint} check passed\n")
            return Response(200, "\n".join(lines).encode(), _TEXT, [_NOSNIFF])
        return Response(200, b"ok", _TEXT, [_NOSNIFF])


def git_version(minor: int) -> str:
    """The release that a server of this minor version says it is."""
    return f"v1.{minor}.{_PATCH_LEVELS.get(minor, 0)}"


def version_info(minor: int, negotiator: Negotiator) -> Callable[[Request], Response | None]:
    """A document that answers /version for Kubernetes 1.``minor``."""
    document: JSONObject = {
        "major": "1",
        "minor": str(minor),
        "emulationMajor": "1",
        "emulationMinor": str(minor),
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": str(minor - 1),
        "gitVersion": git_version(minor),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "linux/amd64",
    }
    if minor < 33:
        for member in list(document):
            if member.startswith(("emulation", "minCompatibility")):
                del document[member]

    def respond(request: Request) -> Response | None:
        if request.info.path.rstrip("/") != "/version":
            return None
        if request.method != "GET":
            raise MethodNotSupported
        representation = negotiator.choose(request.headers.get(b"accept"))
        return Response(200, encode(document, representation, pretty=True))

    return respond
