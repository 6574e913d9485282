"""Table columns of Lease and LeaseCandidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["LEASE", "LEASE_CANDIDATE"]

_CANDIDATE = "io.k8s.api.coordination.v1beta1.LeaseCandidateSpec"


def _lease_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    holder = (obj.get("spec") or {}).get("holderIdentity", "")
    return [meta["name"], holder, age(meta.get("creationTimestamp"), now)]


def _lease_candidate_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    return [
        meta["name"],
        spec.get("leaseName", ""),
        spec.get("binaryVersion", ""),
        spec.get("emulationVersion", ""),
        age(meta.get("creationTimestamp"), now),
    ]


LEASE = Columns(
    (NAME, Column("Holder", describes="io.k8s.api.coordination.v1.LeaseSpec.holderIdentity"), AGE),
    _lease_cells,
)
LEASE_CANDIDATE = Columns(
    (
        NAME,
        Column("LeaseName", describes=f"{_CANDIDATE}.leaseName"),
        Column("BinaryVersion", describes=f"{_CANDIDATE}.binaryVersion"),
        Column("EmulationVersion", describes=f"{_CANDIDATE}.emulationVersion"),
        AGE,
    ),
    _lease_candidate_cells,
)
