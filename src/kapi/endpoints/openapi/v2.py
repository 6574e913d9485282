"""The OpenAPI v2 document of the whole server."""

from __future__ import annotations

import base64
import functools
import hashlib
from typing import TYPE_CHECKING

import orjson

from kapi.endpoints.openapi.parameters import PARAMETERS, PATH_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.openapi.operations import Operation
    from kapi.endpoints.openapi.schemas import SchemaWriter

__all__ = ["v2_document"]

_ROOT = "#/definitions/"


def v2_document(
    operations: list[Operation],
    schemas: SchemaWriter,
    version: str,
    custom: Mapping[str, JSONObject],
) -> JSONObject:
    """The document that describes all operations and every definition they use.

    ``custom`` has the definitions of custom resources by name.
    """
    paths: JSONObject = {}
    used: set[str] = set()
    for operation in operations:
        item = paths.setdefault(operation.path, {})
        item[operation.method] = _operation(operation)
        if "parameters" not in item and operation.path_parameters:
            item["parameters"] = _shared_parameters(operation)
        used |= {operation.body, operation.returns}
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": dict(sorted(paths.items())),
        "definitions": {**{name: schemas.v2(name) for name in schemas.closure(used)}, **custom},
        "parameters": {
            _key(name): _query(name)
            for name in sorted({name for operation in operations for name in _queries(operation)})
        },
        "securityDefinitions": {
            "BearerToken": {
                "description": "Bearer Token authentication",
                "type": "apiKey",
                "name": "authorization",
                "in": "header",
            }
        },
        "security": [{"BearerToken": []}],
    }


def _operation(operation: Operation) -> JSONObject:
    out: JSONObject = {
        "description": operation.description,
        "consumes": list(operation.consumes or ("*/*",)),
        "produces": list(operation.produces),
        "schemes": ["https"],
        "tags": [operation.tag],
        "operationId": operation.id,
    }
    parameters = [_reference(name) for name in operation.parameters]
    if operation.body:
        body: JSONObject = {
            "in": "body",
            "name": "body",
            "schema": {"$ref": _ROOT + operation.body},
        }
        if not operation.body.endswith("DeleteOptions"):
            body["required"] = True
        parameters.insert(0, body)
    if parameters:
        out["parameters"] = parameters
    schema: JSONObject = {"type": "string"}
    if operation.returns and operation.returns != "string":
        schema = {"$ref": _ROOT + operation.returns}
    texts = {200: "OK", 201: "Created", 202: "Accepted"}
    out["responses"] = {
        str(code): {"description": texts[code], "schema": schema} for code in operation.codes
    }
    out["responses"]["401"] = {"description": "Unauthorized"}
    if operation.action:
        out["x-kubernetes-action"] = operation.action
        assert operation.kind is not None
        group, version, kind = operation.kind
        out["x-kubernetes-group-version-kind"] = {"group": group, "kind": kind, "version": version}
    return out


def _queries(operation: Operation) -> Iterator[str]:
    """The query parameters of an operation and of its path."""
    yield from operation.parameters
    yield from (n for n in operation.path_parameters if f"{{{n}}}" not in operation.path)


def _key(name: str) -> str:
    """What a shared parameter is called: its name and a hash of it."""
    digest = hashlib.sha256(orjson.dumps(_query(name))).digest()[:6]
    return f"{name}-{base64.urlsafe_b64encode(digest).decode()}"


@functools.cache
def _reference(name: str) -> JSONObject:
    return {"$ref": f"#/parameters/{_key(name)}"}


def _query(name: str) -> JSONObject:
    kind, description = PARAMETERS[name]
    return {
        "uniqueItems": True,
        "type": kind,
        "description": description,
        "name": name,
        "in": "query",
    }


def _shared_parameters(operation: Operation) -> list[JSONObject]:
    kind = operation.kind.kind if operation.kind else ""
    shared: list[JSONObject] = []
    for name in operation.path_parameters:
        if f"{{{name}}}" in operation.path:
            shared.append(
                {
                    "uniqueItems": True,
                    "type": "string",
                    "description": PATH_PARAMETERS[name].format(kind=kind),
                    "name": name,
                    "in": "path",
                    "required": True,
                }
            )
        else:
            shared.append(_reference(name))
    return shared
