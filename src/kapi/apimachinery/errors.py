"""StatusError: what an API request can fail with, a subclass for each Status reason.

Implements "Response status kinds" of the API conventions. Everything above the storage layer
raises these; one place in ``endpoints`` writes them to the wire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kapi.apimachinery.field import FieldError
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "AlreadyExists",
    "BadRequest",
    "Conflict",
    "Expired",
    "Forbidden",
    "InternalError",
    "Invalid",
    "MethodNotSupported",
    "NotAcceptable",
    "NotFound",
    "RequestEntityTooLarge",
    "ServiceUnavailable",
    "StatusError",
    "Timeout",
    "TooManyRequests",
    "Unauthorized",
    "UnsupportedMediaType",
]


class StatusError(Exception):
    """A failed request as the Status object that tells the client.

    ``details`` is None when the Status has no ``details`` member; an empty dictionary is written
    as ``{}``. ``headers`` are added to the response (``Retry-After``, ``Allow``).
    """

    code: int = 500
    reason: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        details: JSONObject | None = None,
        *,
        code: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.headers = headers or {}
        if code is not None:
            self.code = code

    def status(self) -> JSONObject:
        """The Status object, in the order in which kube-apiserver writes its members."""
        status: JSONObject = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def _details(group: str, kind: str, name: str, **more: object) -> JSONObject:
    details: JSONObject = {}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    if kind:
        details["kind"] = kind
    details.update(more)
    return details


def _qualified(group: str, resource: str) -> str:
    return f"{resource}.{group}" if group else resource


class BadRequest(StatusError):
    """400: the request cannot be read."""

    code = 400
    reason = "BadRequest"


class Unauthorized(StatusError):
    """401: credentials were given that nobody accepts."""

    code = 401
    reason = "Unauthorized"

    def __init__(self, message: str = "Unauthorized") -> None:
        super().__init__(message)


class Forbidden(StatusError):
    """403: an authorizer or an admission plugin refuses."""

    code = 403
    reason = "Forbidden"

    @classmethod
    def resource(
        cls,
        group: str,
        resource: str,
        name: str,
        why: str,
        causes: Sequence[JSONObject] = (),
    ) -> Forbidden:
        """A refusal of a request for a resource; ``name`` may be empty."""
        what = _qualified(group, resource)
        text = f'{what} "{name}" is forbidden: {why}' if name else f"{what} is forbidden: {why}"
        details = _details(group, resource, name)
        if causes:
            details["causes"] = list(causes)
        return cls(text, details)


class NotFound(StatusError):
    """404: the object, or what the path names, does not exist."""

    code = 404
    reason = "NotFound"

    @classmethod
    def resource(cls, group: str, resource: str, name: str) -> NotFound:
        """An object that does not exist."""
        return cls(
            f'{_qualified(group, resource)} "{name}" not found', _details(group, resource, name)
        )

    @classmethod
    def path(cls) -> NotFound:
        """A path below a known group that the server does not serve."""
        return cls("the server could not find the requested resource", {})


class MethodNotSupported(StatusError):
    """405: the path exists, the verb does not."""

    code = 405
    reason = "MethodNotAllowed"

    def __init__(
        self,
        message: str = "the server does not allow this method on the requested resource",
        details: JSONObject | None = None,
    ) -> None:
        super().__init__(message, {} if details is None else details)


class NotAcceptable(StatusError):
    """406: no media type of the Accept header can be answered."""

    code = 406
    reason = "NotAcceptable"


class AlreadyExists(StatusError):
    """409: the name is taken."""

    code = 409
    reason = "AlreadyExists"

    @classmethod
    def resource(cls, group: str, resource: str, name: str) -> AlreadyExists:
        """An object of this name exists."""
        return cls(
            f'{_qualified(group, resource)} "{name}" already exists',
            _details(group, resource, name),
        )


class Conflict(StatusError):
    """409: the object changed in between, or a precondition does not hold."""

    code = 409
    reason = "Conflict"

    @classmethod
    def resource(cls, group: str, resource: str, name: str, why: str) -> Conflict:
        """A conflicting change of one object."""
        return cls(
            f'Operation cannot be fulfilled on {_qualified(group, resource)} "{name}": {why}',
            _details(group, resource, name),
        )


class Expired(StatusError):
    """410: the resourceVersion or continue token is too old."""

    code = 410
    reason = "Expired"


class RequestEntityTooLarge(StatusError):
    """413: the body exceeds the limit."""

    code = 413
    reason = "RequestEntityTooLarge"


class UnsupportedMediaType(StatusError):
    """415: the body is in a media type that is not accepted here."""

    code = 415
    reason = "UnsupportedMediaType"


class Invalid(StatusError):
    """422: the object is well formed and breaks a rule."""

    code = 422
    reason = "Invalid"

    @classmethod
    def kind(cls, group: str, kind: str, name: str, errors: Iterable[FieldError]) -> Invalid:
        """An object that failed validation with these field errors."""
        causes = [error.cause() for error in errors]
        texts = list(dict.fromkeys(str(error) for error in errors))
        what = f"{kind}.{group}" if group else kind
        text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        details = _details(group, kind, name)
        if causes:
            details["causes"] = causes
        return cls(
            f'{what} "{name}" is invalid: {text}' if texts else f'{what} "{name}" is invalid',
            details,
        )


class TooManyRequests(StatusError):
    """429: a limit or a disruption budget refuses for now."""

    code = 429
    reason = "TooManyRequests"


class InternalError(StatusError):
    """500: the server failed."""

    code = 500
    reason = "InternalError"

    def __init__(self, message: str, details: JSONObject | None = None) -> None:
        super().__init__(
            f"Internal error occurred: {message}",
            {"causes": [{"message": message}]} if details is None else details,
        )


class ServiceUnavailable(StatusError):
    """503: nobody can answer now."""

    code = 503
    reason = "ServiceUnavailable"


class Timeout(StatusError):
    """504: the request did not finish in time; whether it took effect is not known."""

    code = 504
    reason = "Timeout"
