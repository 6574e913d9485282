"""JSON, merge and strategic merge patches: the body of a request, and the object it leads to.

Owns how patched objects are read, with kube-apiserver's messages for those that are none: a JSON or
merge patch quotes the document it would have made, a strategic merge patch quotes itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kapi.apimachinery.errors import Invalid
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.patch import json as json_patch
from kapi.apimachinery.patch import merge as merge_patch
from kapi.apimachinery.patch import quoted, strategic
from kapi.apimachinery.scheme import DecodeError
from kapi.apimachinery.types import GroupVersion, GroupVersionKind
from kapi.endpoints.body import UnreadableError, check_type_meta, other_kind, unknown_kind

if TYPE_CHECKING:
    from kapi.apimachinery.scheme import Decoded, Scheme
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.catalogue import Resource

__all__ = ["JSONPatch", "MergePatch", "PatchBody", "StrategicMergePatch"]


class PatchBody(Protocol):
    """A patch that was read, for objects of one resource."""

    repeated: list[str]  # a text for each member that stands twice in the patch

    def apply(self, current: JSONObject) -> JSONValue:
        """The patched object; the given one stays as it is. Raises StatusError."""
        ...

    def decode(self, current: JSONObject, changed: JSONValue) -> Decoded:
        """The patched object, pruned and defaulted, and the paths of its unknown fields.

        Raises Invalid when it is no object of the kind.
        """
        ...

    def refusal(self, current: JSONObject, why: str) -> Invalid:
        """The error for an object that cannot be taken."""
        ...


class _DocumentPatch:
    """What JSON and merge patches share: they patch the JSON text of the object."""

    def __init__(self, scheme: Scheme, resource: Resource) -> None:
        self._scheme = scheme
        self._resource = resource

    def document(self, current: JSONObject) -> JSONValue:
        """The patched document as its text would be."""
        raise NotImplementedError

    def _written(self, current: JSONObject) -> JSONObject:
        """The current object in the order of its text."""
        if self._resource.custom:
            written: JSONObject = _sorted(current)
        else:
            written = self._scheme.in_declared_order(self._resource.type, current)
        return written

    def decode(self, current: JSONObject, changed: JSONValue) -> Decoded:
        """See :class:`PatchBody`."""
        resource = self._resource
        why = self._kind_error(changed)
        if why:
            raise self.refusal(current, why)
        try:
            decoded = resource.codec.decode(changed)
            if decoded.unknown:  # to be told in the order of the text
                return resource.codec.decode(quoted.plain(self.document(current)))
        except DecodeError as error:
            raise self.refusal(current, self._first_error(current) or str(error)) from None
        return decoded

    def _kind_error(self, changed: JSONValue) -> str:
        """What is wrong with the document's apiVersion and kind; empty when nothing is."""
        resource = self._resource
        if not resource.custom:
            try:
                check_type_meta(changed)
            except UnreadableError as error:
                return str(error)
        if not isinstance(changed, dict):
            return ""
        version = changed.get("apiVersion") or resource.api_version
        kind = changed.get("kind") or resource.kind
        if (version, kind) == (resource.api_version, resource.kind):
            return ""
        if resource.custom:
            if version == resource.api_version:
                raise other_kind(resource, kind, changed)
        elif version.count("/") > 1:
            return f"unexpected GroupVersion string: {version}"
        group_version = GroupVersion.parse(version)
        given = GroupVersionKind(group_version.group, group_version.version, kind)
        return unknown_kind(self._scheme, changed, given, resource.gvk)

    def _first_error(self, current: JSONObject) -> str:
        """The first error in the order of the text."""
        try:
            self._resource.codec.decode(self.document(current))
        except DecodeError as error:
            return str(error)
        return ""

    def refusal(self, current: JSONObject, why: str) -> Invalid:
        """See :class:`PatchBody`."""
        return _invalid(quoted.text(self.document(current)), why)


class JSONPatch(_DocumentPatch):
    """A list of operations."""

    def __init__(self, scheme: Scheme, resource: Resource, body: bytes) -> None:
        super().__init__(scheme, resource)
        self._body = body
        self._operations, self.repeated = json_patch.decode(body)

    def apply(self, current: JSONObject) -> JSONValue:
        """See :class:`PatchBody`."""
        return json_patch.apply(current, self._operations)

    def document(self, current: JSONObject) -> JSONValue:
        """See :class:`_DocumentPatch`."""
        return quoted.after_json_patch(self._written(current), quoted.loads(self._body) or [])


class MergePatch(_DocumentPatch):
    """An object to be merged."""

    def __init__(self, scheme: Scheme, resource: Resource, body: bytes) -> None:
        super().__init__(scheme, resource)
        self._body = body
        self._patch, self.repeated = merge_patch.decode(body)

    def apply(self, current: JSONObject) -> JSONValue:
        """See :class:`PatchBody`."""
        return merge_patch.apply(current, self._patch)

    def document(self, current: JSONObject) -> JSONValue:
        """See :class:`_DocumentPatch`."""
        return quoted.after_merge_patch(self._written(current), quoted.loads(self._body))


class StrategicMergePatch:
    """An object to be merged as the types say; it never becomes text."""

    def __init__(self, scheme: Scheme, resource: Resource, body: bytes) -> None:
        self._scheme = scheme
        self._resource = resource
        self._patch, self.repeated = strategic.decode(body)

    def apply(self, current: JSONObject) -> JSONValue:
        """See :class:`PatchBody`."""
        return strategic.apply(current, self._patch, self._resource.type)

    def decode(self, current: JSONObject, changed: JSONValue) -> Decoded:
        """See :class:`PatchBody`."""
        resource = self._resource
        try:
            decoded = resource.codec.decode(changed)
        except DecodeError:
            decoded = self._restored(current, changed)
        decoded.unknown.sort()
        return decoded

    def _restored(self, current: JSONObject, changed: JSONValue) -> Decoded:
        try:
            restored = self._scheme.restore(self._resource.type, changed)
            return self._resource.codec.decode(restored)
        except DecodeError as error:
            raise self.refusal(current, str(error)) from None

    def refusal(self, current: JSONObject, why: str) -> Invalid:
        """See :class:`PatchBody`."""
        return _invalid(strategic.shown_patch(current, self._patch), why)


def _invalid(shown: str, why: str) -> Invalid:
    errors = ErrorList()
    errors.invalid("patch", shown, why)
    return Invalid.kind("", "", "", errors)


def _sorted(value: JSONValue) -> JSONValue:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
