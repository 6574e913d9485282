"""The Table columns that nearly every kind has."""

from __future__ import annotations

from kapi.registry.rules import Column

__all__ = ["AGE", "NAME", "OBJECT_META"]

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

NAME = Column("Name", format="name", describes=f"{OBJECT_META}.name")
AGE = Column("Age", describes=f"{OBJECT_META}.creationTimestamp")
