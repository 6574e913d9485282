"""Bootstrap policy: the default roles and bindings, priority levels and flow schemas.

Implements "Default roles and role bindings" of the RBAC documentation, auto-reconciled:
at each start what is missing is created, and missing rules and subjects are added to what is there
unless its ``autoupdate`` annotation is false. The table is ``facts/bootstrap.json``.
"""

from __future__ import annotations

import asyncio
import importlib.resources
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import AlreadyExists, NotFound, StatusError
from kapi.apimachinery.types import GroupVersionResource
from kapi.authorization.escalation import uncovered_rules
from kapi.client.inprocess import InProcessClient

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API

__all__ = ["cluster_role_rules", "ensure_bootstrap_policy"]

_LOG = logging.getLogger(__name__)

_RBAC = "rbac.authorization.k8s.io"
_FLOW = "flowcontrol.apiserver.k8s.io"
_RESOURCES = {
    "ClusterRole": GroupVersionResource(_RBAC, "v1", "clusterroles"),
    "ClusterRoleBinding": GroupVersionResource(_RBAC, "v1", "clusterrolebindings"),
    "Role": GroupVersionResource(_RBAC, "v1", "roles"),
    "RoleBinding": GroupVersionResource(_RBAC, "v1", "rolebindings"),
}
_FLOW_RESOURCES = {
    "PriorityLevelConfiguration": "prioritylevelconfigurations",
    "FlowSchema": "flowschemas",
}
# Earlier versions write priority levels in another way; a server of 1.25 has none by default.
_FLOW_VERSIONS = ("v1", "v1beta3")
_FLOW_MANAGER = "api-priority-and-fairness-config-producer"
_BOOTSTRAPPING = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"
_AUTOUPDATE_SPEC = "apf.kubernetes.io/autoupdate-spec"


async def ensure_bootstrap_policy(api: API) -> None:
    """Create or complete all objects; groups that are switched off are left out."""
    table = _table()
    client = InProcessClient(api)
    for kind, gvr in _RESOURCES.items():
        await _ensure_all(client, gvr, table[kind])
    for kind, resource in _FLOW_RESOURCES.items():
        for version in _FLOW_VERSIONS:
            gvr = GroupVersionResource(_FLOW, version, resource)
            if client.serves(gvr):
                producer = InProcessClient(api, manager=f"{_FLOW_MANAGER}-{version}")
                await _ensure_all(producer, gvr, table[kind])
                break


def cluster_role_rules(name: str) -> list[JSONObject]:
    """The rules of a default ClusterRole, whatever the one of this name in the store has."""
    return next(role["rules"] for role in _table()["ClusterRole"] if role["name"] == name)


def _table() -> JSONObject:
    text = importlib.resources.files("kapi.facts").joinpath("bootstrap.json").read_bytes()
    table: JSONObject = orjson.loads(text)
    return table


async def _ensure_all(
    client: InProcessClient, gvr: GroupVersionResource, entries: list[JSONObject]
) -> None:
    if client.serves(gvr):
        # Together, so that a store that groups commits needs few of them.
        await asyncio.gather(*(_ensure(client, gvr, entry) for entry in entries))


async def _ensure(client: InProcessClient, gvr: GroupVersionResource, entry: JSONObject) -> None:
    try:
        # Another server of the store may be faster, or there are no namespaces here.
        with suppress(AlreadyExists, NotFound):
            await _create_or_complete(client, gvr, entry)
    except StatusError as error:
        # Perhaps a webhook is not there yet, which needs this server first.
        _LOG.warning("%s %s cannot be completed: %s", gvr.resource, entry["name"], error)


async def _create_or_complete(
    client: InProcessClient, gvr: GroupVersionResource, entry: JSONObject
) -> None:
    namespace, name = entry.get("namespace", ""), entry["name"]
    try:
        current = await client.get(gvr, namespace, name)
    except NotFound:
        await client.create(gvr, namespace, _object(gvr, entry))
        return
    if _completed(current, entry) is not None:
        await client.update(gvr, namespace, name, lambda obj: _completed(obj, entry) or obj)


def _object(gvr: GroupVersionResource, entry: JSONObject) -> JSONObject:
    metadata: JSONObject = {"name": entry["name"]}
    if gvr.group == _RBAC:
        metadata["labels"] = {**_BOOTSTRAPPING, **entry.get("labels", {})}
        metadata["annotations"] = {_AUTOUPDATE: "true"}
    else:
        metadata["annotations"] = {_AUTOUPDATE_SPEC: "true"}
    rest = {k: v for k, v in entry.items() if k not in {"name", "namespace", "labels"}}
    return {"metadata": metadata, **orjson.loads(orjson.dumps(rest))}


def _completed(current: JSONObject, entry: JSONObject) -> JSONObject | None:
    """What is there with all that it should have; None when nothing is missing.

    Priority levels and flow schemas get back their spec. Roles keep what was added to them.
    """
    annotations = current["metadata"].get("annotations") or {}
    if "spec" in entry:
        if annotations.get(_AUTOUPDATE_SPEC) != "true" or _has(current["spec"], entry["spec"]):
            return None
        return {**current, "spec": entry["spec"]}
    if annotations.get(_AUTOUPDATE) == "false":
        return None
    missing = _missing(current, entry)
    if not missing:
        return None
    return {**current, **{k: [*(current.get(k) or []), *v] for k, v in missing.items()}}


def _missing(current: JSONObject, entry: JSONObject) -> dict[str, list[JSONObject]]:
    """Rules or subjects to add. Aggregated roles have those of others, bindings keep their role."""
    missing: dict[str, list[JSONObject]] = {}
    if "aggregationRule" in entry:
        return missing
    rules = uncovered_rules(current.get("rules") or [], entry.get("rules") or [])
    if rules:
        missing["rules"] = rules
    subjects = [s for s in entry.get("subjects") or [] if s not in (current.get("subjects") or [])]
    if subjects:
        missing["subjects"] = subjects
    return missing


def _has(value: object, wanted: object) -> bool:
    """Whether a value is what is wanted, with whatever defaults were added."""
    if isinstance(wanted, dict) and isinstance(value, dict):
        return all(k in value and _has(value[k], v) for k, v in wanted.items())
    return value == wanted
