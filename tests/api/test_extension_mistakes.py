"""Functions of extensions that leave or make what is no object are told with their names."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta  # noqa: TC003 - the declaration reads it
from typing import Any

import pytest

from kapi import ext

GADGETS = "/apis/example.com/v1/namespaces/default/gadgets"
OLD_GADGETS = "/apis/example.com/v1beta1/namespaces/default/gadgets"
KEPT = "left values of other types than declared, see the log"


@dataclass
class Gadget:
    """A gadget."""

    mode: str = ""
    size: int = 1
    weight: float = 1.0
    lasts: timedelta | None = None
    free: dict[str, Any] = field(default_factory=dict)


@dataclass
class OldGadget:
    """A gadget of old."""

    mode: Any = ""


def spoil(gadget, mode):
    """Make something of a gadget that cannot be stored."""
    spec, meta = gadget.spec, gadget.metadata
    if mode == "label":
        meta.labels["a"] = 5
    elif mode == "finalizer":
        meta.finalizers.append(None)
    elif mode == "owner":
        meta.owner_references.append("me")
    elif mode == "object":
        spec.free["x"] = object()
    elif mode == "surrogate":
        spec.mode = "\ud800"
    elif mode == "circle":
        spec.free["x"] = spec.free
    elif mode == "large":
        spec.size = 1 << 70
    elif mode == "infinite":
        spec.weight = math.inf


def extension():
    made = ext.Extension("example.com")
    made.resource(version="v1", kind="Gadget")(Gadget)
    made.resource(version="v1beta1", kind="Gadget")(OldGadget)

    @made.convert(OldGadget, Gadget)
    def upgrade(old: OldGadget) -> Gadget:
        return Gadget(size=1 << 70) if old.mode == "large" else Gadget(mode=old.mode)

    @made.convert(Gadget, OldGadget)
    def downgrade(new: Gadget) -> OldGadget:
        return OldGadget(object() if new.mode == "odd" else new.mode)

    @made.mutate(Gadget)
    def fill(gadget):
        spoil(gadget, gadget.spec.mode)

    @made.subresource(Gadget, "spoil", "POST", changes=True)
    def spoiled(gadget, body):
        spoil(gadget, body)

    return made


@pytest.fixture
async def gadgets(start_cluster):
    """A server with gadgets."""
    return await start_cluster(extensions=(extension(),))


def gadget(name, version="v1", **spec):
    return {
        "apiVersion": f"example.com/{version}",
        "kind": "Gadget",
        "metadata": {"name": name},
        "spec": spec,
    }


@pytest.mark.parametrize(
    "mode", ["label", "finalizer", "owner", "object", "surrogate", "circle", "large"]
)
async def test_what_is_no_object_is_told(gadgets, fails, mode):
    """Of mutations and of subresources that change; the object stays as it was."""
    told = f"Internal error occurred: @mutate fill {KEPT}"
    fails(await gadgets.post(GADGETS, gadget("a", mode=mode)), 500, "InternalError", told)
    await gadgets.create(GADGETS, gadget("a"))
    told = f"Internal error occurred: @subresource spoiled {KEPT}"
    fails(await gadgets.post(f"{GADGETS}/a/spoil", mode), 500, "InternalError", told)
    assert (await gadgets.read(f"{GADGETS}/a"))["spec"]["mode"] == ""


async def test_numbers_that_json_lacks(gadgets, fails):
    """They are refused where they are."""
    status = fails(await gadgets.post(GADGETS, gadget("a", mode="infinite")), 422, "Invalid")
    (cause,) = status["details"]["causes"]
    assert (cause["field"], cause["message"]) == (
        "spec.weight",
        "Invalid value: must be a finite number",
    )


async def test_durations_that_python_lacks(gadgets, fails):
    """They are refused like texts of another form."""
    status = fails(await gadgets.post(GADGETS, gadget("a", lasts="99999999999h")), 422, "Invalid")
    assert [cause["field"] for cause in status["details"]["causes"]] == ["spec.lasts"]


async def test_conversions_to_what_is_no_json(gadgets, fails):
    """Whichever way, their function is named; at its own version the object is served."""
    told = "Internal error occurred: @convert upgrade failed with TypeError, see the log"
    refused = await gadgets.post(OLD_GADGETS, gadget("a", "v1beta1", mode="large"))
    fails(refused, 500, "InternalError", told)
    await gadgets.create(GADGETS, gadget("a", mode="odd"))
    told = "Internal error occurred: @convert downgrade failed with TypeError, see the log"
    for path in (f"{OLD_GADGETS}/a", OLD_GADGETS):
        fails(await gadgets.get(path), 500, "InternalError", told)
    assert (await gadgets.read(f"{GADGETS}/a"))["spec"]["mode"] == "odd"


async def test_a_watch_tells_of_an_object_that_cannot_be_converted(gadgets):
    """What came before it is sent, then an ERROR event ends the watch."""
    for name, mode in (("a", ""), ("b", "odd"), ("c", "")):
        await gadgets.create(GADGETS, gadget(name, mode=mode))
    async with gadgets.watch(OLD_GADGETS) as watch:
        (first, shown), (last, status) = await watch.events(2)
    assert (first, shown["metadata"]["name"], last) == ("ADDED", "a", "ERROR")
    assert status["message"].startswith(
        "Internal error occurred: @convert downgrade failed with TypeError"
    )
