"""Resources of your own, declared in Python and served as CustomResourceDefinitions are.

    from dataclasses import dataclass
    from kapi import ext

    shop = ext.Extension("shop.example.com")

    @shop.resource(version="v1")
    @dataclass
    class Shop:
        replicas: int = 1

    @shop.validate(Shop)
    def not_too_many(shop: ext.Object[Shop, None]):
        if shop.spec.replicas > 10:
            yield ext.invalid("spec.replicas", shop.spec.replicas, "there are 10 at most")

``kapi up --extension shop.py`` serves it. docs/extending.md has the rest.
"""

from kapi.apimachinery.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    ServiceUnavailable,
    StatusError,
    TooManyRequests,
)
from kapi.ext.client import Client
from kapi.ext.declaration import AGE, Column, Scale
from kapi.ext.errors import (
    DeclarationError,
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
)
from kapi.ext.extension import Extension
from kapi.ext.markers import Field, Rule
from kapi.ext.objects import Metadata, Object, Request
from kapi.ext.quantities import Quantity
from kapi.ext.scalars import IntOrString

__all__ = [
    "AGE",
    "BadRequest",
    "Client",
    "Column",
    "Conflict",
    "DeclarationError",
    "Extension",
    "Field",
    "FieldError",
    "Forbidden",
    "IntOrString",
    "Metadata",
    "NotFound",
    "Object",
    "Quantity",
    "Request",
    "Rule",
    "Scale",
    "ServiceUnavailable",
    "StatusError",
    "TooManyRequests",
    "duplicate",
    "forbidden",
    "invalid",
    "not_found",
    "not_supported",
    "required",
]
