"""Pydantic models as specs: schemas, aliases, and what their validators refuse."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

import pydantic
import pytest

from kapi import ext
from kapi.ext.errors import Unfit
from kapi.ext.shapes import ShapeCompiler


class Item(pydantic.BaseModel):
    """A thing."""

    unit_price: float = pydantic.Field(gt=0)

    @pydantic.field_validator("unit_price")
    @classmethod
    def _whole(cls, value):
        if value % 1:
            raise ValueError("prices are whole")
        return value


class Order(pydantic.BaseModel):
    """An order."""

    customer: str = pydantic.Field(min_length=1, pattern="^[a-z]+$", description="Who pays.")
    items: Annotated[list[Item], ext.Field(max_length=3)] = []
    kind: Literal["a", "b"] = "a"
    placed_at: datetime | None = None
    note: str | None = pydantic.Field(None, alias="remark")
    tags: set[str] = pydantic.Field(default_factory=set)
    count: Annotated[int, pydantic.Field(ge=1)] = 1
    """How many."""

    @pydantic.model_validator(mode="after")
    def _noted(self):
        if self.kind == "b" and not self.note:
            raise ValueError("b needs a remark")
        return self


SHAPE = ShapeCompiler().shape(Order, "Order")


def test_models_are_objects():
    """Fields, bounds, aliases, defaults and descriptions come from the model."""
    price = {"type": "number", "minimum": 0, "exclusiveMinimum": True}
    assert SHAPE.schema == {
        "type": "object",
        "description": "An order.",
        "properties": {
            "customer": {
                "type": "string",
                "minLength": 1,
                "pattern": "^[a-z]+$",
                "description": "Who pays.",
            },
            "items": {
                "type": "array",
                "maxItems": 3,
                "items": {
                    "type": "object",
                    "description": "A thing.",
                    "properties": {"unitPrice": price},
                    "required": ["unitPrice"],
                },
            },
            "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
            "placedAt": {"type": "string", "format": "date-time"},
            "remark": {"type": "string"},
            "tags": {
                "type": "array",
                "items": {"type": "string"},
                "x-kubernetes-list-type": "set",
            },
            "count": {
                "type": "integer",
                "format": "int64",
                "minimum": 1,
                "description": "How many.",
                "default": 1,
            },
        },
        "required": ["customer"],
    }


def test_objects_become_models_and_back():
    """Names in JSON are Kubernetes', names in Python are the model's."""
    json = {
        "customer": "me",
        "items": [{"unitPrice": 2}],
        "placedAt": "2026-01-02T03:04:05Z",
        "remark": "r",
        "tags": ["y", "x"],
    }
    order = SHAPE.read(json)
    assert order.items == [Item(unit_price=2)]
    assert order.placed_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (order.note, order.tags, order.count) == ("r", {"x", "y"}, 1)
    assert SHAPE.write(order) == {
        **json,
        "items": [{"unitPrice": 2.0}],
        "tags": ["x", "y"],
        "kind": "a",
        "count": 1,
    }


@pytest.mark.parametrize(
    ("json", "problems"),
    [
        (
            {"customer": "a", "items": [{"unitPrice": 1}, {"unitPrice": 1.5}]},
            [("items[1].unitPrice", "Value error, prices are whole")],
        ),
        ({"customer": "a", "kind": "b"}, [("", "Value error, b needs a remark")]),
    ],
)
def test_validators_of_models_speak_for_themselves(json, problems):
    """What a validator of the model refuses has the path that clients know."""
    with pytest.raises(Unfit) as caught:
        SHAPE.read(json)
    assert caught.value.problems == problems


def test_quantities_in_models():
    """A Quantity is a field of a model without further ado."""

    class Sized(pydantic.BaseModel):
        size: ext.Quantity = ext.Quantity("1Gi")

    shape = ShapeCompiler().shape(Sized, "Sized")
    assert shape.schema["properties"]["size"]["default"] == "1Gi"
    assert shape.read({"size": "500m"}).size == ext.Quantity("0.5")
    assert shape.write(Sized(size="2Gi")) == {"size": "2Gi"}


def test_a_changing_default_is_refused():
    """A default_factory that makes another value each time is none of the schema's."""

    class Changing(pydantic.BaseModel):
        uid: UUID = pydantic.Field(default_factory=uuid4)

    with pytest.raises(ext.DeclarationError, match=r"Changing\.uid: its default_factory"):
        ShapeCompiler().shape(Changing, "Changing")


def test_dataclasses_need_no_pydantic():
    """Pydantic is imported by those who use it, and by nobody else."""
    program = (
        "import sys\nfrom dataclasses import dataclass\nfrom kapi import ext\n"
        "e = ext.Extension('a.b')\n"
        "@e.resource(version='v1')\n@dataclass\nclass A:\n    x: int = 1\n"
        "e.declarations()\n"
        "print('pydantic' in sys.modules, 'annotated_types' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False False\n"
