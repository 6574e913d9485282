"""ComponentStatus: made up on each request out of what the server itself knows.

Deprecated since 1.19 and still asked for by ``kubectl get componentstatuses``. Only the store is
probed; schedulers and controller managers are other processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import NotFound
from kapi.storage.errors import StorageError

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request, Response
    from kapi.registry.catalogue import Resource

__all__ = ["get_component_status", "list_component_statuses"]

_STORE = "etcd-0"


async def _store_status(api: API, resource: Resource) -> JSONObject:
    condition = {"type": "Healthy", "status": "True", "message": "ok"}
    try:
        await api.store(resource).storage.count()
    except StorageError as error:
        condition = {"type": "Healthy", "status": "False", "message": str(error)}
    return {"metadata": {"name": _STORE}, "conditions": [condition]}


async def list_component_statuses(api: API, request: Request, resource: Resource) -> Response:
    """Answer with the status of each component."""
    representation = api.negotiator.choose(request.headers.get(b"accept"), streams=True)
    bodies = [orjson.dumps(await _store_status(api, resource))]
    return api.writer.list(request, resource, bodies, {}, representation)


async def get_component_status(api: API, request: Request, resource: Resource) -> Response:
    """Answer with the status of one component."""
    representation = api.negotiator.choose(request.headers.get(b"accept"))
    name = request.info.name
    if name != _STORE:
        raise NotFound.resource(resource.group, resource.resource, name)
    body = orjson.dumps(await _store_status(api, resource))
    return api.writer.object(request, resource, body, representation)
