"""ConversionReview: what a conversion webhook is sent, and which of its answers are taken.

Implements "Webhook request and response" of "Versions in CustomResourceDefinitions" for
``apiextensions.k8s.io/v1`` and ``v1beta1``. Pure: who calls is elsewhere. Answers are checked as
kube-apiserver checks them, with its texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import StatusError
from kapi.apimachinery.field import ErrorList, quote
from kapi.apimachinery.metav1 import validate_annotations, validate_labels
from kapi.apimachinery.scheme.go_names import value_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = [
    "REVIEW_VERSIONS",
    "ConversionFailed",
    "UnusableAnswer",
    "accept_objects",
    "conversion_failed",
    "kind_text",
    "read_review",
    "write_review",
]

# What the server speaks; a definition lists those of its webhook in the order of preference.
REVIEW_VERSIONS = ("v1", "v1beta1")
_GROUP = "apiextensions.k8s.io"
_KIND = "ConversionReview"
# The metadata that a conversion may change, and how errors call it.
_CHANGEABLE = {
    "labels": ("metadata.labels", validate_labels),
    "annotations": ("metadata.annotation", validate_annotations),
}


class ConversionFailed(StatusError):
    """500 without a reason: objects could not be brought to another version."""


class UnusableAnswer(Exception):
    """The answer is no answer to the request, or tells of a failure; the text says which."""


class _InvalidObject(Exception):
    """A converted object that is not taken; ``phrase`` is what it is called in the message."""

    def __init__(self, why: str, phrase: str = "object") -> None:
        super().__init__(why)
        self.phrase = phrase


def kind_text(obj: JSONObject) -> str:
    """The version and kind of an object as messages have it: ``example.com/v1, Kind=Tab``."""
    return f"{obj['apiVersion']}, Kind={obj['kind']}"


def conversion_failed(source: str, why: str) -> ConversionFailed:
    """The error of a call for objects of this version and kind."""
    return ConversionFailed(f"conversion webhook for {source} failed: {why}")


def write_review(version: str, uid: str, desired: str, objects: Sequence[orjson.Fragment]) -> bytes:
    """The ConversionReview that asks for objects at the API version ``desired``."""
    return orjson.dumps(
        {
            "kind": _KIND,
            "apiVersion": f"{_GROUP}/{version}",
            "request": {"uid": uid, "desiredAPIVersion": desired, "objects": list(objects)},
        }
    )


def read_review(review: JSONObject, version: str, uid: str) -> list[JSONValue]:
    """The converted objects of an answer, as they are; raises UnusableAnswer."""
    if version == "v1":  # not checked in v1beta1
        _check_kind(review)
    response = _member(review, "", "response", dict)
    if response is None:
        raise UnusableAnswer("no response provided")
    given = _member(response, "response.", "uid", str) or ""
    if version == "v1" and given != uid:
        raise UnusableAnswer(f"expected response.uid={quote(uid)}, got {quote(given)}")
    result = _member(response, "response.", "result", dict) or {}
    status = _member(result, "response.result.", "status", str) or ""
    if status != "Success":
        message = _member(result, "response.result.", "message", str)
        raise UnusableAnswer(message or f"response.result.status was '{status}', not 'Success'")
    objects: list[JSONValue] = _member(response, "response.", "convertedObjects", list) or []
    return objects


def _check_kind(review: JSONObject) -> None:
    api_version, kind = str(review.get("apiVersion") or ""), str(review.get("kind") or "")
    if api_version != f"{_GROUP}/v1" or kind != _KIND:
        group, _, version = api_version.rpartition("/")
        raise UnusableAnswer(
            f"expected webhook response of {_GROUP}/v1, Kind={_KIND}, "
            f"got {group}/{version}, Kind={kind}"
        )


_TYPES = {dict: "object", list: "array", str: "string", bool: "bool"}


def _member(obj: JSONObject, prefix: str, name: str, wanted: type) -> JSONValue:
    """A member of an answer, None where it is missing or null."""
    value = obj.get(name)
    if value is not None and not isinstance(value, wanted):
        found = _TYPES.get(type(value), "number")
        raise UnusableAnswer(
            f"json: cannot unmarshal {found} into Go struct field "
            f"{_KIND}.{prefix}{name} of type {_TYPES[wanted]}"
        )
    return value


def accept_objects(
    source: str, originals: Sequence[JSONObject], converted: Sequence[JSONValue], desired: str
) -> list[JSONObject]:
    """The converted objects, with the metadata of the originals but for labels and annotations.

    ``source`` is what errors call the originals. Raises ConversionFailed for objects that are too
    many or too few, of another kind or version than asked for, or not the same object any more.
    """
    webhook = f"conversion webhook for {source}"
    if len(converted) != len(originals):
        raise ConversionFailed(
            f"{webhook} returned {len(converted)} objects, expected {len(originals)}"
        )
    accepted = []
    for index, (original, answer) in enumerate(zip(originals, converted, strict=True)):
        try:
            accepted.append(_accept(original, answer, desired))
        except _InvalidObject as error:
            if len(originals) > 1:
                phrase = _IN_LIST[error.phrase].format(index)
            elif error.phrase:
                phrase = error.phrase
            else:  # as it is, without saying whose it is
                raise ConversionFailed(str(error)) from None
            raise ConversionFailed(f"{webhook} returned invalid {phrase}: {error}") from None
    return accepted


# A single object is described otherwise than one of many.
_IN_LIST = {
    "": "converted object at index {}",
    "object": "converted object at index {}",
    "object at index 0": "converted object at index {}",
    "metadata": "metadata in object at index {}",
}


def _accept(original: JSONObject, answer: JSONValue, desired: str) -> JSONObject:
    converted = _object(answer)
    api_version = _text(converted.get("apiVersion"))
    if api_version != desired:
        why = f"invalid groupVersion (expected {desired}, received {api_version})"
        raise _InvalidObject(why, "object at index 0")
    if converted["kind"] != original["kind"]:
        why = f"invalid kind (expected {original['kind']}, received {converted['kind']})"
        raise _InvalidObject(why, "object at index 0")
    meta = converted.get("metadata")
    before, after = original["metadata"], meta if isinstance(meta, dict) else {}
    for name in ("name", "namespace", "uid"):
        expected, found = _text(before.get(name)), _text(after.get(name))
        if expected != found:
            shown = "UID" if name == "uid" else name
            raise _InvalidObject(f"must have the same {shown}: {expected} != {found}")
    if not isinstance(meta, dict):
        if "metadata" not in converted:
            raise _InvalidObject("missing metadata in converted object", "metadata")
        why = f"invalid metadata of type {value_type(meta)} in converted object"
        raise _InvalidObject(why, "metadata")
    converted["metadata"] = _restored(before, meta)
    return converted


def _object(answer: JSONValue) -> JSONObject:
    if answer is None:
        raise _InvalidObject("unexpected end of JSON input", "")
    if not isinstance(answer, dict):
        found = _TYPES.get(type(answer), "number")
        raise _InvalidObject(
            f"json: cannot unmarshal {found} into Go value of type unstructured.detector", ""
        )
    if not _text(answer.get("kind")):
        shown = orjson.dumps(answer).decode()
        raise _InvalidObject(f"Object 'Kind' is missing in '{shown}'", "")
    return answer


def _restored(before: JSONObject, given: JSONObject) -> JSONObject:
    """The metadata of the original with the labels and annotations that were given."""
    meta = {**before}
    for member, (path, validate) in _CHANGEABLE.items():
        values = given.get(member)
        if values is None:
            meta.pop(member, None)
            continue
        if not isinstance(values, dict):
            why = f"invalid metadata.{member} of type {value_type(values)} in converted object"
            raise _InvalidObject(why, "metadata")
        for key, value in values.items():
            if not isinstance(value, str):
                why = f"must be a string, but is {value_type(value)} in converted object"
                raise _InvalidObject(f"metadata.{member}[{key}] {why}", "metadata")
        if values != before.get(member):
            _validate(values, path, validate)
        meta[member] = values
    return meta


def _validate(
    values: dict[str, str],
    path: str,
    validate: Callable[[dict[str, str], str, ErrorList], None],
) -> None:
    errors = ErrorList()
    validate(values, path, errors)
    if errors:
        texts = list(dict.fromkeys(map(str, errors)))
        shown = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        raise _InvalidObject(shown, "metadata")


def _text(value: JSONValue) -> str:
    return value if isinstance(value, str) else ""
