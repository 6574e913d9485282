"""Resources declared in Python for tests, and what is asked of servers that have them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kapi import ext

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "shop.py")
SHOPS = "/apis/shop.example.com/v1/namespaces/default/shops"
OLD_SHOPS = "/apis/shop.example.com/v1beta1/namespaces/default/shops"
THINGS = "/apis/example.com/v1/namespaces/default/things"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SHOP_CRD = f"{CRDS}/shops.shop.example.com"


def shop(name="corner", version="v1", **spec):
    return {
        "apiVersion": f"shop.example.com/{version}",
        "kind": "Shop",
        "metadata": {"name": name},
        "spec": {"street": "Main Street", "shelves": [{"name": "bread"}], **spec},
    }


def thing(name="one", **spec):
    return {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": name},
        "spec": spec,
    }


@dataclass
class Thing:
    """A thing."""

    size: int = 1
    words: list[str] = field(default_factory=list)
    free: dict[str, Any] = field(default_factory=dict)
    amount: ext.Quantity | None = None


@dataclass
class ThingStatus:
    count: int = 0


def things(**options):
    """A fresh extension with one resource and no functions yet."""
    extension = ext.Extension("example.com")
    extension.resource(version="v1", kind="Thing", **options)(Thing)
    return extension


async def refusal(answer, fails, *causes):
    status = fails(await answer, 422, "Invalid")
    assert [(c["reason"], c["field"], c["message"]) for c in status["details"]["causes"]] == [
        *causes
    ]
