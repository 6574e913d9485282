"""What expressions of admission policies see: the request, the objects, their namespace.

Implements "Validation expression" of the documentation of ValidatingAdmissionPolicy. Objects have
no declared fields here: what they lack is found when an expression is evaluated.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from kapi.cel.environment import Environment
from kapi.cel.library.authorizer import AUTHORIZER, RESOURCE_CHECK
from kapi.cel.patches import patch_functions, patch_structs
from kapi.cel.types import BOOL, DYN, INT, STRING, TIMESTAMP, Type, list_of, map_of, object_type

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "REQUEST_RESOURCE",
    "admission_environment",
    "authorizer_types",
    "namespace_type",
    "request_type",
]

# The variable that is what the request is about, ready to be checked.
REQUEST_RESOURCE = "authorizer.requestResource"


def _texts(name: str, *fields: str) -> Type:
    return object_type(name, {field: (field, STRING) for field in fields})


@cache
def request_type() -> Type:
    """The AdmissionRequest without its objects."""
    kind = _texts("kubernetes.GroupVersionKind", "group", "version", "kind")
    resource = _texts("kubernetes.GroupVersionResource", "group", "version", "resource")
    fields = {
        "username": STRING,
        "uid": STRING,
        "groups": list_of(STRING),
        "extra": map_of(STRING, list_of(STRING)),
    }
    user = object_type("kubernetes.UserInfo", {name: (name, t) for name, t in fields.items()})
    texts = ("subResource", "requestSubResource", "name", "namespace", "operation")
    members = {
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "userInfo": user,
        "dryRun": BOOL,
        "options": DYN,
        **dict.fromkeys(texts, STRING),
    }
    return object_type("kubernetes.AdmissionRequest", {n: (n, t) for n, t in members.items()})


@cache
def namespace_type() -> Type:
    """The Namespace of a request, with what expressions may see of it."""
    labels = map_of(STRING, STRING)
    fields = {
        "name": STRING,
        "generateName": STRING,
        "namespace": STRING,
        "labels": labels,
        "annotations": labels,
        "UID": STRING,
        "creationTimestamp": TIMESTAMP,
        "deletionGracePeriodSeconds": INT,
        "deletionTimestamp": TIMESTAMP,
        "generation": INT,
        "resourceVersion": STRING,
        "finalizers": list_of(STRING),
    }
    metadata = object_type(
        "kubernetes.NamespaceMetadata",
        {name: ("uid" if name == "UID" else name, kind) for name, kind in fields.items()},
    )
    spec = object_type("kubernetes.NamespaceSpec", {"finalizers": ("finalizers", list_of(STRING))})
    status = _texts("kubernetes.NamespaceStatus", "phase")
    members = {"metadata": metadata, "spec": spec, "status": status}
    return object_type("kubernetes.Namespace", {n: (n, t) for n, t in members.items()})


def authorizer_types() -> dict[str, Type]:
    """The variables that expressions check authorization with."""
    return {"authorizer": AUTHORIZER, REQUEST_RESOURCE: RESOURCE_CHECK}


def admission_environment(
    variables: Mapping[str, Type] | None = None,
    *,
    params: bool = False,
    authorizer: bool = True,
    patches: bool = False,
) -> Environment:
    """The environment of a policy; ``variables`` are those it has defined so far.

    Without ``authorizer`` it is that of a messageExpression, which may check nothing; with
    ``patches`` that of a mutation, which may make objects.
    """
    declared = {
        "object": DYN,
        "oldObject": DYN,
        "request": request_type(),
        "namespaceObject": namespace_type(),
    }
    if authorizer:
        declared |= authorizer_types()
    if params:
        declared["params"] = DYN
    if variables is not None:
        fields = {name: (name, kind) for name, kind in variables.items()}
        declared["variables"] = object_type("kubernetes.variables", fields)
    if patches:
        return Environment(declared, patch_structs, patch_functions())
    return Environment(declared)
