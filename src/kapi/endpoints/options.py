"""The options of a request out of its query and body, checked.

Implements CreateOptions, UpdateOptions, PatchOptions, DeleteOptions and ListOptions of
``meta.k8s.io/v1``. Numbers that are none are 400, values that are not allowed 422.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.apimachinery import fields, labels
from kapi.apimachinery.errors import BadRequest, Invalid
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.metav1 import (
    validate_create_options,
    validate_delete_options,
    validate_list_options,
    validate_patch_options,
    validate_update_options,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.request import Request

__all__ = ["ListOptions", "WriteOptions", "delete_options", "integer", "list_options", "write_options"]

_INTEGER = re.compile(r"[+-]?\d+")
_INT64 = 1 << 63
_VALIDATORS: dict[str, Callable[[JSONObject, ErrorList], None]] = {
    "CreateOptions": validate_create_options,
    "UpdateOptions": validate_update_options,
    "PatchOptions": validate_patch_options,
    "DeleteOptions": validate_delete_options,
}
