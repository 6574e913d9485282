"""OpenAPI documents: /openapi/v2, /openapi/v3 and one v3 document for each group version.

Documents are built when somebody asks, once per catalogue generation, and served with an ETag;
v3 clients find the hash of each document in the index and may cache it for good.
"""

from __future__ import annotations

import hashlib
import importlib.resources
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from kapi.endpoints.negotiation import JSON, parse_accept
from kapi.endpoints.openapi.custom_resources import custom_schemas
from kapi.endpoints.openapi.merging import merge_v2
from kapi.endpoints.openapi.operations import Operation, group_operations, version_operations
from kapi.endpoints.openapi.protobuf import encode_v2, encode_v3
from kapi.endpoints.openapi.schemas import SchemaWriter
from kapi.endpoints.openapi.v2 import v2_document
from kapi.endpoints.openapi.v3 import v3_document
from kapi.endpoints.request import Response
from kapi.endpoints.writer import encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.scheme import Scheme
    from kapi.apimachinery.types import GroupVersionKind, JSONObject
    from kapi.endpoints.aggregation import Aggregation
    from kapi.endpoints.request import Request
    from kapi.registry.catalogue import Catalogue, Resource
    from kapi.util.clock import Clock

__all__ = ["OpenAPI"]

_JSON = "application/json"
_PROTOBUF = "application/com.github.proto-openapi.spec.{}.v1.0+protobuf"
# The older name of the same type, under which all clients ask for it.
_PROTOBUF_AT = "application/com.github.proto-openapi.spec.{}@v1.0+protobuf"
_CACHE_SECONDS = 365 * 24 * 3600


class OpenAPI:
    """The OpenAPI documents of one server."""

    def __init__(
        self,
        scheme: Scheme,
        catalogue: Catalogue,
        clock: Clock,
        version: str,
        aggregation: Aggregation | None = None,
    ) -> None:
        self._aggregation = aggregation
        self._scheme = scheme
        self._catalogue = catalogue
        self._clock = clock
        self._version = version
        self._schemas: SchemaWriter | None = None
        self._generation = (-1, -1)
        self._documents: dict[str, tuple[bytes, str]] = {}
        self._sources: dict[str, list[Resource]] = {}
        self._messages: dict[str, bytes] = {}
        # What other servers have contributed to the v2 document.
        self._merged: dict[str, JSONObject] = {}

    def respond(self, request: Request) -> Response | None:
        """The answer to a path below /openapi, whatever the verb, or None."""
        path = request.info.path
        if not path.startswith("/openapi/"):
            return None
        name = path.removeprefix("/openapi/").rstrip("/")
        remote = self._aggregation.generation if self._aggregation is not None else 0
        generation = (self._catalogue.generation, remote)
        if self._generation != generation:
            self._drop_changed(same_catalogue=self._generation[0] == generation[0])
            self._generation = generation
        if name == "v2":
            return self._serve(request, "v2")
        if name == "v3":
            return Response(200, encode(self._index(), JSON), b"text/plain; charset=utf-8")
        if not name.startswith("v3/"):
            return None
        if name.removeprefix("v3/") in self._names():
            return self._hashed(request, name)
        return Response(404, b"", b"")

    def _drop_changed(self, *, same_catalogue: bool) -> None:
        """Forget the documents that have other contents since the catalogue changed.

        Other servers come and go more often than what they say changes.
        """
        keeps_v2 = same_catalogue and self._merged == self._remote_parts()
        for name in list(self._documents):
            if name == "v2" and keeps_v2:
                continue
            if name == "v2" or self._sources.get(name) != self._resources(name):
                del self._documents[name]
                self._messages.pop(name, None)

    def _resources(self, name: str) -> list[Resource]:
        """The resources that a document describes."""
        _, root, *rest = name.split("/") if "/" in name else ("", "")
        if root == "apis" and len(rest) == 2:
            return self._catalogue.resources(rest[0], rest[1])
        return self._catalogue.resources("", rest[0]) if root == "api" and rest else []

    def _names(self) -> list[str]:
        names = ["api", "apis", *_SINGLE_OPERATIONS]
        for group in self._catalogue.groups():
            if group:
                names.append(f"apis/{group}")
            base = f"apis/{group}" if group else "api"
            names.extend(f"{base}/{version}" for version in self._catalogue.versions(group))
        return sorted(names)

    def _index(self) -> dict[str, object]:
        paths: dict[str, object] = {
            name: {
                "serverRelativeURL": f"/openapi/v3/{name}?hash={self._document('v3/' + name)[1]}"
            }
            for name in self._names()
        }
        if self._aggregation is not None:
            for remote in self._aggregation.versions().values():
                for name, url in remote.openapi_v3.items():
                    paths[name] = {"serverRelativeURL": url}
        return {"paths": dict(sorted(paths.items()))}

    def _document(self, name: str) -> tuple[bytes, str]:
        found = self._documents.get(name)
        if found is None:
            body = self._build(name)
            digest = hashlib.sha512(body).hexdigest().upper()
            found = self._documents[name] = (body, digest)
            self._sources[name] = self._resources(name)
        return found

    def _message(self, name: str) -> bytes:
        """A document as protobuf."""
        found = self._messages.get(name)
        if found is None:
            document = orjson.loads(self._document(name)[0])
            write = encode_v2 if name == "v2" else encode_v3
            found = self._messages[name] = write(document)
        return found

    def _serve(self, request: Request, name: str) -> Response:
        content_type = _content_type(request.header(b"accept"), name[:2])
        if content_type is None:
            return Response(406, b"", b"", [(b"vary", b"Accept")])
        body, digest = self._document(name)
        etag = f'"{digest}"'
        headers = [(b"etag", etag.encode()), (b"vary", b"Accept")]
        if request.header(b"if-none-match") == etag:
            return Response(304, b"", b"", headers)
        if content_type != _JSON:
            body = self._message(name)
        return Response(200, body, content_type.encode(), headers)

    def _hashed(self, request: Request, name: str) -> Response:
        """A v3 document; under its own hash it never changes, under another one it has moved."""
        response = self._serve(request, name)
        asked = request.parameter("hash")
        digest = self._document(name)[1]
        if not asked:
            return response
        if asked != digest:
            location = f"/openapi/{quote(name)}?hash={digest}"
            return Response(301, b"", b"text/html", [(b"location", location.encode())])
        expires = formatdate(self._clock.now() + _CACHE_SECONDS, usegmt=True)
        response.headers.append((b"cache-control", b"public, immutable"))
        response.headers.append((b"expires", expires.encode()))
        return response

    # -- building -----------------------------------------------------------------------------

    def _writer(self) -> SchemaWriter:
        if self._schemas is None:
            facts = importlib.resources.files("kapi.facts")
            enums = orjson.loads(facts.joinpath("enums.json").read_bytes())
            defaults = orjson.loads(facts.joinpath("defaults.json").read_bytes())
            self._schemas = SchemaWriter(self._scheme, enums, defaults)
        return self._schemas

    def _definition(self, gvk: GroupVersionKind) -> str | None:
        return self._scheme.definition_name(gvk)

    def _operations(self, group: str, version: str) -> list[Operation]:
        return version_operations(
            self._catalogue, group, version, self._definition, self._scheme.minor
        )

    def _build(self, name: str) -> bytes:
        if name == "v2":
            return orjson.dumps(self._build_v2())
        parts = name.split("/")[1:]
        group, version = "", ""
        if "/".join(parts) in _SINGLE_OPERATIONS:
            operations = [_SINGLE_OPERATIONS["/".join(parts)]]
        elif len(parts) == 3:
            group, version = parts[1], parts[2]
            operations = self._operations(group, version)
        elif parts[0] == "api" and len(parts) == 2:
            version = parts[1]
            operations = self._operations("", version)
        else:
            operations = group_operations(parts[-1])
        return orjson.dumps(
            v3_document(
                operations,
                self._writer(),
                (group, version),
                self._version,
                self._custom(self._catalogue.resources(group, version), v2=False),
            )
        )

    def _build_v2(self) -> dict[str, object]:
        operations = [*group_operations("api"), *group_operations("apis")]
        for group in self._catalogue.groups():
            if group:
                operations.extend(group_operations(group))
            for version in self._catalogue.versions(group):
                operations.extend(self._operations(group, version))
        operations.extend(_SINGLE_OPERATIONS.values())
        custom = self._custom(self._catalogue.all(), v2=True)
        document = v2_document(operations, self._writer(), self._version, custom)
        self._merged = self._remote_parts()
        for prefix, part in self._merged.items():
            document = merge_v2(document, part, prefix)
        return document

    def _remote_parts(self) -> dict[str, JSONObject]:
        """The v2 documents of other servers, by where their resources are."""
        if self._aggregation is None:
            return {}
        return {
            f"/apis/{remote.group}/{remote.version}": remote.openapi_v2
            for remote in self._aggregation.versions().values()
            if remote.openapi_v2 is not None
        }

    @staticmethod
    def _custom(resources: Iterable[Resource], *, v2: bool) -> dict[str, JSONObject]:
        found: dict[str, JSONObject] = {}
        for resource in resources:
            if resource.custom:
                found.update(custom_schemas(resource, v2=v2))
        return found


def _content_type(accept: str, version: str) -> str | None:
    """How to answer an Accept header with a document of OpenAPI v2 or v3; None: it cannot be."""
    protobuf = _PROTOBUF.format(version)
    served = {
        "*/*": _JSON,
        "application/*": _JSON,
        _JSON: _JSON,
        protobuf: protobuf,
        _PROTOBUF_AT.format(version): protobuf,
    }
    if not accept:
        return _JSON
    for wanted in parse_accept(accept):
        if wanted.media_type in served:
            return served[wanted.media_type]
    return None


# Paths with a document of their own.
_SINGLE_OPERATIONS = {
    ".well-known/openid-configuration": Operation(
        "/.well-known/openid-configuration/",
        "get",
        "getServiceAccountIssuerOpenIDConfiguration",
        "get the OpenID configuration of the issuer of service account tokens",
        "WellKnown",
        produces=("application/json",),
        returns="string",
    ),
    "openid/v1/jwks": Operation(
        "/openid/v1/jwks/",
        "get",
        "getServiceAccountIssuerOpenIDKeyset",
        "get the keys that verify service account tokens",
        "openid",
        produces=("application/jwk-set+json",),
        returns="string",
    ),
    "version": Operation(
        "/version/",
        "get",
        "getCodeVersion",
        "get the version information for this server",
        "version",
        produces=("application/json",),
        returns="io.k8s.apimachinery.pkg.version.Info",
    ),
}
