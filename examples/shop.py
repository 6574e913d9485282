"""A resource of our own: shops, with what is allowed and what happens to them in Python.

Start a server that has it, in memory, with `kapi up --ephemeral --extension examples/shop.py`, and
use it as any other resource: `kubectl apply -f examples/shop.yaml`, `kubectl get shops`, `kubectl
explain shop.spec`, `kubectl scale shop corner --replicas 3`. docs/extending.md tells more.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from kapi import ext

shops = ext.Extension("shop.example.com")


@dataclass
class Shelf:
    """Where goods of one kind are."""

    name: str
    size: Annotated[int, ext.Field(ge=1, le=1000)] = 10
    """How many pieces fit."""


@dataclass
class ShopStatus:
    """What there is."""

    replicas: int = 0
    stock: dict[str, int] = field(default_factory=dict)
    """Pieces by shelf."""
    selector: str = ""


@shops.resource(
    version="v1",
    short_names=["sh"],
    categories=["all"],
    status=ShopStatus,
    scale=ext.Scale(label_selector=".status.selector"),
    columns=[
        ext.Column("Street", "string", ".spec.street"),
        ext.Column("Replicas", "integer", ".spec.replicas"),
        ext.Column("Tier", "string", ".spec.tier", priority=1),
        ext.AGE,
    ],
    selectable_fields=[".spec.tier"],
)
@dataclass
class Shop:
    """A shop in a street."""

    street: Annotated[str, ext.Field(min_length=1, max_length=80)]
    """Where it is."""
    replicas: Annotated[int, ext.Field(ge=0)] = 1
    """How many of it there are."""
    tier: Literal["basic", "premium"] = "basic"
    opening_hours: list[str] = field(default_factory=list)
    shelves: Annotated[list[Shelf], ext.Field(list_map_keys=["name"])] = field(default_factory=list)
    budget: ext.Quantity | None = None


# -- the version before: one text for all opening hours ------------------------------------------


@shops.resource(version="v1beta1", kind="Shop", status=ShopStatus, deprecated=True)
@dataclass
class ShopV1Beta1:
    """A shop in a street."""

    street: str
    replicas: int = 1
    tier: Literal["basic", "premium"] = "basic"
    hours: str = ""
    """Opening hours, separated by commas."""
    shelves: Annotated[list[Shelf], ext.Field(list_map_keys=["name"])] = field(default_factory=list)
    budget: ext.Quantity | None = None


@shops.convert(ShopV1Beta1, Shop)
def upgrade(old: ShopV1Beta1) -> Shop:
    """From v1beta1 to what is stored."""
    hours = [part.strip() for part in old.hours.split(",") if part.strip()]
    return Shop(old.street, old.replicas, old.tier, hours, old.shelves, old.budget)


@shops.convert(Shop, ShopV1Beta1)
def downgrade(new: Shop) -> ShopV1Beta1:
    """Back, for those who still read v1beta1."""
    hours = ", ".join(new.opening_hours)
    return ShopV1Beta1(new.street, new.replicas, new.tier, hours, new.shelves, new.budget)


# -- what happens to shops ------------------------------------------------------------------------

AnyShop = ext.Object[Shop, ShopStatus]


@shops.mutate(Shop)
def fill_in(shop: AnyShop, request: ext.Request) -> None:
    """Open at usual hours, and remember who founded the shop."""
    if not shop.spec.opening_hours:
        shop.spec.opening_hours = ["Mo-Fr 8-18"]
    if request.operation == "CREATE":
        shop.metadata.annotations.setdefault("shop.example.com/founder", request.user.name)


@shops.validate(Shop)
def premium_only(
    shop: AnyShop, old: AnyShop | None, request: ext.Request
) -> Iterator[ext.FieldError]:
    """Large shops cost, and nobody moves."""
    spec = shop.spec
    if spec.replicas > 5 and spec.tier != "premium":
        yield ext.invalid("spec.replicas", spec.replicas, "more than 5 need the tier premium")
    if old is not None and old.spec.street != spec.street:
        yield ext.forbidden("spec.street", "a shop does not move")
    if not spec.shelves:
        request.warn("a shop without shelves sells nothing")


@shops.validate(Shop, on="status")
def stock_fits(shop: AnyShop) -> Iterator[ext.FieldError]:
    """Nothing lies on shelves that are not there."""
    shelves = {shelf.name: shelf for shelf in shop.spec.shelves}
    for name, pieces in shop.status.stock.items():
        if name not in shelves:
            yield ext.not_found(f"status.stock[{name}]", name)
        elif pieces > shelves[name].size:
            yield ext.invalid(f"status.stock[{name}]", pieces, "does not fit on the shelf")


@dataclass
class Delivery:
    """Goods for one shelf."""

    shelf: str
    pieces: Annotated[int, ext.Field(ge=1)]


@dataclass
class Receipt:
    """What came of a delivery."""

    shelf: str
    stock: int
    free: int


@shops.subresource(Shop, "restock", "POST", changes=True)
def restock(shop: AnyShop, body: Delivery) -> Receipt:
    """Put goods on a shelf; refused with 409 when they do not fit."""
    shelf = next((each for each in shop.spec.shelves if each.name == body.shelf), None)
    if shelf is None:
        raise ext.NotFound(f"there is no shelf {body.shelf}")
    stock = shop.status.stock.get(shelf.name, 0) + body.pieces
    if stock > shelf.size:
        raise ext.Conflict(f"{body.pieces} pieces do not fit on {shelf.name}")
    shop.status.stock[shelf.name] = stock
    return Receipt(shelf.name, stock, shelf.size - stock)


@shops.subresource(Shop, "inventory")
def inventory(shop: AnyShop) -> dict[str, Any]:
    """What is there, as any JSON."""
    return {"shop": shop.metadata.name, "pieces": sum(shop.status.stock.values())}
