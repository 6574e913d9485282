"""An OpenAPI v3 document of a group version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.endpoints.openapi.parameters import PARAMETERS, PATH_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.openapi.operations import Operation
    from kapi.endpoints.openapi.schemas import SchemaWriter

__all__ = ["v3_document"]

_OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_LIST_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"
_ROOT = "#/components/schemas/"


def v3_document(
    operations: list[Operation],
    schemas: SchemaWriter,
    group_version: tuple[str, str],
    version: str,
    custom: Mapping[str, JSONObject],
) -> JSONObject:
    """The document that describes these operations and every schema they use.

    ``custom`` has the schemas of custom resources by name.
    """
    paths: JSONObject = {}
    used: set[str] = set()
    for operation in operations:
        item = paths.setdefault(operation.path, {})
        item[operation.method] = _operation(operation)
        if "parameters" not in item and operation.path_parameters:
            item["parameters"] = _shared_parameters(operation)
        used |= {operation.body, operation.returns}
    if custom:
        used |= {_OBJECT_META, _LIST_META}
    names = schemas.closure(used)
    written = {name: schemas.v3(name, group_version) for name in names}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted({**written, **custom}.items())) if custom else written,
            "securitySchemes": {
                "BearerToken": {
                    "description": "Bearer Token authentication",
                    "in": "header",
                    "name": "authorization",
                    "type": "apiKey",
                }
            },
        },
    }


def _operation(operation: Operation) -> JSONObject:
    out: JSONObject = {
        "tags": [operation.tag],
        "description": operation.description,
        "operationId": operation.id,
    }
    if operation.parameters:
        out["parameters"] = [_query(name) for name in operation.parameters]
    if operation.body:
        content = {
            media_type: {"schema": {"$ref": _ROOT + operation.body}}
            for media_type in operation.consumes
        }
        out["requestBody"] = {"content": content}
        if not operation.body.endswith("DeleteOptions"):
            out["requestBody"]["required"] = True
    out["responses"] = _responses(operation)
    if operation.action in {"watch", "watchlist"}:
        out["deprecated"] = True
    if operation.action:
        out["x-kubernetes-action"] = operation.action
        assert operation.kind is not None
        group, version, kind = operation.kind
        out["x-kubernetes-group-version-kind"] = {"group": group, "kind": kind, "version": version}
    return out


def _responses(operation: Operation) -> JSONObject:
    schema: JSONObject = {"type": "string"}
    if operation.returns and operation.returns != "string":
        schema = {"$ref": _ROOT + operation.returns}
    texts = {200: "OK", 201: "Created", 202: "Accepted"}
    responses: JSONObject = {}
    for code in operation.codes:
        content = {media_type: {"schema": schema} for media_type in operation.produces}
        responses[str(code)] = {"description": texts[code], "content": content}
    responses["401"] = {"description": "Unauthorized"}
    return responses


def _query(name: str) -> JSONObject:
    kind, description = PARAMETERS[name]
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": kind, "uniqueItems": True},
    }


def _shared_parameters(operation: Operation) -> list[JSONObject]:
    kind = operation.kind.kind if operation.kind else ""
    shared: list[JSONObject] = []
    for name in operation.path_parameters:
        if f"{{{name}}}" in operation.path:
            shared.append(
                {
                    "name": name,
                    "in": "path",
                    "description": PATH_PARAMETERS[name].format(kind=kind),
                    "required": True,
                    "schema": {"type": "string", "uniqueItems": True},
                }
            )
        else:
            shared.append(_query(name))
    return shared
