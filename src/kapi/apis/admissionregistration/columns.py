"""Table columns of webhook configurations, admission policies and their bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["MUTATING_POLICY", "POLICY_BINDING", "VALIDATING_POLICY", "WEBHOOK_CONFIGURATION"]

_UNSET = "<unset>"


def _webhook_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    count = len(obj.get("webhooks") or ())
    return [meta["name"], count, age(meta.get("creationTimestamp"), now)]


def _policy_cells(obj: JSONObject, member: str, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    kind = spec.get("paramKind")
    return [
        meta["name"],
        len(spec.get(member) or ()),
        _UNSET if kind is None else f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}",
        age(meta.get("creationTimestamp"), now),
    ]


def _validating_policy_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    return _policy_cells(obj, "validations", now)


def _mutating_policy_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    return _policy_cells(obj, "mutations", now)


def _binding_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    reference, shown = spec.get("paramRef"), _UNSET
    if reference is not None:
        name, namespace = reference.get("name", ""), reference.get("namespace")
        shown = f"{namespace}/{name}" if namespace else f"*/{name}"
    return [
        meta["name"],
        spec.get("policyName", ""),
        shown,
        age(meta.get("creationTimestamp"), now),
    ]


_PARAM_KIND = Column(
    "ParamKind",
    description="ParamKind specifies the kind of resources used to parameterize this policy",
)

WEBHOOK_CONFIGURATION = Columns(
    (
        NAME,
        Column(
            "Webhooks",
            "integer",
            description="Webhooks indicates the number of webhooks registered in this "
            "configuration",
        ),
        AGE,
    ),
    _webhook_cells,
)
VALIDATING_POLICY = Columns(
    (
        NAME,
        Column(
            "Validations",
            "integer",
            description="Validations indicates the number of validation rules defined in this "
            "configuration",
        ),
        _PARAM_KIND,
        AGE,
    ),
    _validating_policy_cells,
)
MUTATING_POLICY = Columns(
    (
        NAME,
        Column(
            "Mutations",
            "integer",
            description="Mutation indicates the number of mutations rules defined in this "
            "configuration",
        ),
        _PARAM_KIND,
        AGE,
    ),
    _mutating_policy_cells,
)
POLICY_BINDING = Columns(
    (
        NAME,
        Column(
            "PolicyName",
            description="PolicyName indicates the policy definition which the policy binding "
            "binded to",
        ),
        Column(
            "ParamRef",
            description="ParamRef indicates the param resource which sets the configuration param",
        ),
        AGE,
    ),
    _binding_cells,
)
