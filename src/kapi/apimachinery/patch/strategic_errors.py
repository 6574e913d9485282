"""What can be wrong with a strategic merge patch.

A malformed directive is 400, lists of lists are 422; everything else comes as a bare 500, which is
what clients of kube-apiserver know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest, Invalid, StatusError
from kapi.apimachinery.patch.strategic_text import shown, shown_text, type_name

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = [
    "bad_directive_list",
    "failure",
    "lists_of_lists",
    "missing_merge_key",
    "not_a_map",
    "unknown_directive",
    "wrong_type",
]

_FAILED = "the server rejected our request due to an error in our request"


def failure(message: str) -> StatusError:
    """A patch that cannot be applied."""
    return StatusError(message, code=500)


def bad_directive_list(what: str) -> BadRequest:
    """A directive whose value is no list, or does not fit its place."""
    return BadRequest(f"invalid patch format of {what}")


def lists_of_lists() -> Invalid:
    """Lists in lists cannot be merged."""
    return Invalid(_FAILED, {})


def missing_merge_key(item: JSONObject, merge_key: str) -> StatusError:
    """An item of a merged list does not say which item it is."""
    return failure(f"map: {shown(item)} does not contain declared merge key: {merge_key}")


def not_a_map(index: int) -> StatusError:
    """An item of an order of objects is none."""
    return failure(f"value for key {index} is not a map")


def unknown_directive(directive: JSONValue, item: JSONObject) -> StatusError:
    """A ``$patch`` that is neither replace nor delete."""
    return failure(f"unknown patch type: {shown_text(directive)} in map: {shown(item)}")


def wrong_type(expected: JSONValue, actual: JSONValue) -> StatusError:
    """A value of another type than the directive needs."""
    return failure(f"expected a {type_name(expected)}, but received a {type_name(actual)}")
