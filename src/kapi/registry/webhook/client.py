"""WebhookClient: posts a review to a webhook and returns the review that it answers.

Implements "Contacting the webhook" of the documentation: URL and service references, CA bundles,
timeouts. Failures are worded as kube-apiserver words them.
"""

from __future__ import annotations

import base64
import binascii
import ssl
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kapi.apimachinery.field import quote
from kapi.apimachinery.scheme.go_names import json_kind
from kapi.apimachinery.serializer import json, yaml
from kapi.registry.webhook.service_resolver import UnresolvedService
from kapi.util.http_client import HTTPClientError, join_host_port
from kapi.util.http_pool import ConnectionPool, Endpoint

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.webhook.credentials import WebhookCredential, WebhookCredentials
    from kapi.registry.webhook.service_resolver import ServiceResolver
    from kapi.util.http_pool import Answer

__all__ = ["CallFailed", "WebhookClient", "no_object"]

_HTTPS_PORT = 443
_SERVER_ERRORS = 500
_SUCCESS = range(200, 207)
_NOT_ACCEPTABLE = 406
_PREFIX = "failed to call webhook: "
_NO_KIND = "couldn't get version/kind; json parse error"
_TYPE_META = (
    r'struct { APIVersion string "json:\"apiVersion,omitempty\""; '
    r'Kind string "json:\"kind,omitempty\"" }'
)
# CA bundles whose TLS contexts are kept.
_CONTEXTS = 256
# What an answer without a Status says.
_MESSAGES = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    409: "the server reported a conflict",
    422: "the server rejected our request due to an error in our request",
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be "
    "processing the request",
}
# Of these the text of the answer says more than the code.
_SPEAKING = frozenset({403, 406, 415})


class CallFailed(Exception):
    """The webhook could not be called, or its answer could not be read; the text says why.

    ``why`` is the text without what admission puts before it.
    """

    def __init__(self, why: str, prefix: str = "") -> None:
        super().__init__(f"{prefix}{why}")
        self.why = why


class _Target(NamedTuple):
    url: str
    endpoint: Endpoint
    host: str
    path: str


class WebhookClient:
    """Calls the webhooks of one server; connections and TLS contexts are kept.

    ``credentials`` say what it shows to them.
    """

    def __init__(
        self,
        resolver: ServiceResolver,
        credentials: WebhookCredentials | None = None,
        pool: ConnectionPool | None = None,
    ) -> None:
        self._resolver = resolver
        self._credentials = credentials
        self._pool = pool or ConnectionPool()
        self._contexts: dict[tuple[object, ...], ssl.SSLContext] = {}

    def with_credentials(self, credentials: WebhookCredentials) -> WebhookClient:
        """One that shows these, and shares what this one keeps."""
        return WebhookClient(self._resolver, credentials, self._pool)

    async def call(
        self, client_config: JSONObject, body: bytes, timeout_seconds: int
    ) -> JSONObject:
        """The JSON object that the webhook answers to ``body``; raises CallFailed.

        ``client_config`` is a WebhookClientConfig with its defaults filled in.
        """
        query = f"timeout={timeout_seconds}s"
        service = client_config.get("service")
        url = _service_url(service) if service else client_config.get("url") or ""
        credential = self._credential(url)
        tls = self._tls(client_config.get("caBundle") or "", credential)
        shown = f"{url}?{query}"
        try:
            target = await self._target(url, service, tls)
            headers = [
                (b"host", target.host.encode("ascii")),
                (b"user-agent", b"kube-apiserver-admission"),
                (b"accept", b"application/json, */*"),
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                *(credential.headers() if credential is not None else ()),
            ]
            answer = await self._pool.post(
                target.endpoint, f"{target.path}?{query}", headers, body, timeout_seconds
            )
        except (HTTPClientError, UnresolvedService) as error:
            raise CallFailed(f"Post {quote(shown)}: {error}", _PREFIX) from error
        except UnicodeEncodeError as error:
            raise CallFailed(f"Post {quote(shown)}: {error}", _PREFIX) from error
        try:
            return _read(answer)
        except _Unreadable as error:
            raise CallFailed(str(error), _PREFIX) from error

    async def _target(self, url: str, service: JSONObject | None, tls: ssl.SSLContext) -> _Target:
        parts = urlsplit(url)
        name, port = parts.hostname or "", _port(parts)
        endpoint = Endpoint(name, port, tls, name)
        if service:
            found = await self._resolver.resolve(service["namespace"], service["name"], port)
            endpoint = Endpoint(found.host, found.port, tls, name)
        return _Target(url, endpoint, parts.netloc, parts.path or "/")

    def _credential(self, url: str) -> WebhookCredential | None:
        if self._credentials is None:
            return None
        address = urlsplit(url).netloc
        if address.endswith("]") or ":" not in address:
            address = f"{address}:{_HTTPS_PORT}"
        return self._credentials.for_server(address)

    def _tls(self, bundle: str, credential: WebhookCredential | None) -> ssl.SSLContext:
        key = (bundle, credential, credential.stamp if credential is not None else None)
        found = self._contexts.get(key)
        if found is None:
            if len(self._contexts) >= _CONTEXTS:
                self._contexts.clear()
            found = _context(bundle)
            if credential is not None:
                _show(credential, found)
            self._contexts[key] = found
        return found

    def close(self) -> None:
        """Give up the connections that are kept."""
        self._pool.close()


def _port(url: SplitResult) -> int:
    """The port of a URL; raises HTTPClientError for a number that is none."""
    try:
        return _HTTPS_PORT if url.port is None else url.port
    except ValueError:
        number = url.netloc.rpartition(":")[2]
        raise HTTPClientError(f"dial tcp: address {number}: invalid port") from None


def _service_url(service: JSONObject) -> str:
    host = f"{service['name']}.{service['namespace']}.svc"
    path = service.get("path") or "/"
    if not path.startswith("/"):
        path = f"/{path}"
    return f"https://{join_host_port(host, service.get('port') or _HTTPS_PORT)}{path}"


def _context(bundle: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A certificate in the bundle is trusted by itself, whether it is a root or not.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not bundle:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cadata=base64.b64decode(bundle).decode("ascii"))
    except (ssl.SSLError, ValueError, binascii.Error) as error:
        raise CallFailed(
            "could not get REST client: unable to load root certificates: "
            "unable to parse bytes as PEM block"
        ) from error
    return context


def _show(credential: WebhookCredential, context: ssl.SSLContext) -> None:
    try:
        credential.load_into(context)
    except OSError as error:
        raise CallFailed(
            f"could not get REST client: unable to load client certificate: {error}"
        ) from error


class _Unreadable(Exception):
    """The webhook answered something that is no review."""


def _read(answer: Answer) -> JSONObject:
    status, body = answer.head.status, answer.body
    if status not in _SUCCESS:
        raise _Unreadable(_failure(answer))
    if not body:
        media_type = _media_type(answer) or "application/json"
        raise _Unreadable(
            f"0-length response with status code: {status} and content type: {media_type}"
        )
    try:
        value = _value(body)
    except (json.JSONError, yaml.YAMLError) as error:
        raise _Unreadable(f"couldn't get version/kind; json parse error: {error}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Unreadable(no_object(value))
    for member in ("apiVersion", "kind"):
        found = value.get(member)
        if found is not None and not isinstance(found, str):
            problem = f"json: cannot unmarshal {json_kind(found)} into Go struct field .{member}"
            raise _Unreadable(f"{_NO_KIND}: {problem} of type string")
    return value


def _value(body: bytes) -> JSONValue:
    """An answer is JSON if it begins like an object, and otherwise YAML, whatever it is said to be.

    Raises JSONError and YAMLError.
    """
    if body.lstrip()[:1] == b"{":
        return json.loads(body)
    return yaml.load(body).value


def no_object(value: JSONValue) -> str:
    """What is said of JSON where an object with its kind is wanted."""
    return (
        f"{_NO_KIND}: json: cannot unmarshal {json_kind(value)} into Go value of type {_TYPE_META}"
    )


def _failure(answer: Answer) -> str:
    """What an answer that tells of a failure says: its own Status, or else its code."""
    try:
        value = _value(answer.body) if answer.body else None
    except (json.JSONError, yaml.YAMLError):
        value = None
    if isinstance(value, dict) and value.get("kind") == "Status":
        message = value.get("message")
        if value.get("status") != "Success":
            return message if message and isinstance(message, str) else "unknown"
    return _message(answer)


def _media_type(answer: Answer) -> str:
    return answer.head.header(b"content-type").decode("latin-1")


def _message(answer: Answer) -> str:
    status, media_type = answer.head.status, _media_type(answer)
    text = ""
    if not media_type or media_type.startswith("text/"):
        text = answer.body.decode("utf-8", "replace").strip()
    if status == _NOT_ACCEPTABLE and not text:
        return "the server was unable to respond with a content type that the client supports"
    text = text or "unknown"
    if status in _SPEAKING:
        return text
    if status in _MESSAGES:
        return _MESSAGES[status]
    if status >= _SERVER_ERRORS:
        return f"an error on the server ({quote(text)}) has prevented the request from succeeding"
    return f"the server responded with the status code {status} but did not return more information"
