"""A backend's refusal as a Status, for backends that do not speak of Status themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import StatusError

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["unexpected"]

# Reason and message by HTTP status; without a message the backend's own is passed on.
_REFUSALS: dict[int, tuple[str, str]] = {
    401: ("Unauthorized", "the server has asked for the client to provide credentials"),
    403: ("Forbidden", ""),
    404: ("NotFound", "the server could not find the requested resource"),
    405: ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
    406: ("NotAcceptable", ""),
    409: ("Conflict", "the server reported a conflict"),
    415: ("UnsupportedMediaType", ""),
    422: ("Invalid", "the server rejected our request due to an error in our request"),
    429: (
        "TooManyRequests",
        "the server has received too many requests and has asked us to try again later",
    ),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: (
        "Timeout",
        (
            "the server was unable to return a response in the time allotted, "
            "but may still be processing the request"
        ),
    ),
}
_SERVER_ERROR = 500


class _Refused(StatusError):
    """A Status whose reason follows from the HTTP status."""

    def __init__(self, code: int, reason: str, message: str, details: JSONObject) -> None:
        super().__init__(message, details, code=code)
        self._given_reason = reason

    def status(self) -> JSONObject:
        """The Status object."""
        status = super().status()
        if not self._given_reason:
            return status
        code, details = status.pop("code"), status.pop("details")
        return {**status, "reason": self._given_reason, "details": details, "code": code}


def unexpected(code: int, resource: str, name: str, explanation: str) -> StatusError:
    """A refusal with an HTTP status; ``resource`` and ``name`` are what was asked for."""
    reason, message = _REFUSALS.get(code, ("", ""))
    if code not in _REFUSALS:
        if code >= _SERVER_ERROR:
            reason = "InternalError"
            message = (
                f'an error on the server ("{explanation}") has prevented the request '
                "from succeeding"
            )
        else:
            message = (
                f"the server responded with the status code {code} but did not return "
                "more information"
            )
    text = f"{message or explanation} ( {resource} {name})"
    return _Refused(code, reason, text, {"name": name, "kind": resource})
