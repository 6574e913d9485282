"""What a webhook sees of a request: objects at the version that its rules mean.

Objects are at their hub version inside the server. Conversion is part of the server's assembly and
comes as :class:`Versions`; forms that a conversion webhook has to make are asked for beforehand.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Protocol

import orjson

from kapi.apimachinery.errors import InternalError, StatusError
from kapi.apimachinery.field import quote
from kapi.apimachinery.scheme import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.apimachinery.scheme import Decoded
    from kapi.apimachinery.types import GroupVersionKind, JSONObject
    from kapi.registry.admission import Attributes
    from kapi.registry.catalogue import Resource
    from kapi.registry.conversion import Conversion
    from kapi.registry.scale import ScaleView
    from kapi.structuredmerge.typed import TypedSchema

__all__ = ["ReviewedObjects", "Versions", "reviewed_kind"]

_SCALE = "scale"
_SCHEME = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"


class Versions(Protocol):
    """The versions of resources, and conversion between them."""

    def equivalents(self, resource: Resource) -> Sequence[Resource]:
        """The same objects at other versions or in other groups."""
        ...

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """The resource of a kind, if it is served."""
        ...

    def from_hub(self, resource: Resource, obj: JSONObject) -> JSONObject:
        """An object at a resource's version; may reuse and change its argument."""
        ...

    def to_hub(self, resource: Resource, obj: JSONObject) -> JSONObject:
        """An object of a resource's version at the hub version; may reuse its argument."""
        ...

    def scale_view(self, resource: Resource) -> ScaleView:
        """How objects of the resource are scaled."""
        ...

    def decode_scale(self, scale: JSONObject) -> Decoded:
        """A Scale with what Scales have; raises DecodeError."""
        ...

    def restored(self, resource: Resource, obj: JSONObject) -> JSONObject:
        """A merged object with the numbers that its fields can hold; raises DecodeError."""
        ...

    def typed(self, resource: Resource, subresource: str) -> TypedSchema | None:
        """By what schema the objects of a resource or subresource are merged."""
        ...


def reviewed_kind(resource: Resource, subresource: str) -> GroupVersionKind:
    """The kind of the object of a request, at the version of ``resource``."""
    found = resource.subresources.get(subresource)
    if found is None or found.kind.kind == resource.kind:
        return resource.gvk
    return found.kind


class ReviewedObjects:
    """The objects of one operation in the forms that webhooks are sent, each made once."""

    def __init__(self, attributes: Attributes, versions: Versions) -> None:
        self._attributes = attributes
        self._versions = versions
        self._new: dict[Resource, tuple[JSONObject | None, orjson.Fragment]] = {}
        self._old: dict[Resource, tuple[JSONObject | None, orjson.Fragment]] = {}

    def new(self, resource: Resource) -> tuple[JSONObject | None, orjson.Fragment]:
        """What will be stored, at a resource's version, and as JSON; not to be changed."""
        found = self._new.get(resource)
        if found is None:
            found = self._new[resource] = self._form(resource, self._attributes.obj)
        return found

    def old(self, resource: Resource) -> tuple[JSONObject | None, orjson.Fragment]:
        """What is stored; not to be changed."""
        found = self._old.get(resource)
        if found is None:
            found = self._old[resource] = self._form(resource, self._attributes.old)
        return found

    def _form(
        self, resource: Resource, obj: JSONObject | None
    ) -> tuple[JSONObject | None, orjson.Fragment]:
        if obj is not None:
            if self._attributes.subresource == _SCALE:
                obj = self._scale_view(resource).read(obj)
            elif self._asks(resource):
                raise InternalError(f"no form at {resource.api_version} was prepared")
            elif self._is_stored(resource) and not resource.is_hub:
                obj = self._versions.from_hub(resource, deepcopy(obj))
        return obj, orjson.Fragment(orjson.dumps(obj))

    def _scale_view(self, resource: Resource) -> ScaleView:
        if resource.conversion is not None:  # objects stay at the version of the request
            resource = self._attributes.resource
        return self._versions.scale_view(resource)

    def _asks(self, resource: Resource) -> bool:
        """Whether a webhook converts between the request's version and this one."""
        if resource.conversion is None or resource.gvk == self._attributes.resource.gvk:
            return False
        return self._is_stored(resource)

    async def prepare(self, resource: Resource) -> None:
        """Have the forms made that ``new`` and ``old`` show where a webhook converts.

        Again after a change. Raises InternalError when the webhook fails.
        """
        if resource.conversion is None or not self._asks(resource):
            return
        for forms, obj in ((self._new, self._attributes.obj), (self._old, self._attributes.old)):
            if resource in forms:
                continue
            form = None
            if obj is not None:
                form = await _converted(resource.conversion, obj, resource)
            forms[resource] = form, orjson.Fragment(orjson.dumps(form))

    def _is_stored(self, resource: Resource) -> bool:
        return reviewed_kind(resource, self._attributes.subresource) == resource.gvk

    async def accept(
        self, resource: Resource, changed: JSONObject, *, strict: bool = False
    ) -> bool:
        """``replace``, also where a conversion webhook has to be asked first."""
        if resource.conversion is not None and self._asks(resource):
            try:
                changed = resource.codec.decode(changed).obj
            except DecodeError as error:
                raise InternalError(str(error)) from error
            conversion, resource = resource.conversion, self._attributes.resource
            changed = await _converted(conversion, changed, resource)
        return self.replace(resource, changed, strict=strict)

    def replace(self, resource: Resource, changed: JSONObject, *, strict: bool = False) -> bool:
        """Put an object in the place of what will be stored; whether it is another.

        ``changed`` is at the version of ``resource``. Raises InternalError when it is no object of
        its kind; ``strict`` refuses fields that a built-in kind does not have.
        """
        current = self._attributes.obj
        assert current is not None
        if self._attributes.subresource == _SCALE:
            scale = _read(self._versions.decode_scale, changed, strict=strict)
            changed = self._scale_view(resource).write(current, scale)
        elif self._is_stored(resource):
            resource = self._said_to_be(resource, changed)
            strict = strict and not resource.custom
            changed = _read(resource.codec.decode, changed, strict=strict)
            if not resource.custom and resource.hub != self._attributes.resource.hub:
                raise StatusError(_unconvertible(resource, self._attributes.resource), code=500)
            changed = self._versions.to_hub(resource, changed)
        if changed == current:
            return False
        current.clear()  # in place: others hold it
        current.update(changed)
        self._new.clear()
        return True

    def _said_to_be(self, resource: Resource, obj: JSONObject) -> Resource:
        """What a changed object says that it is; what it does not say, it was before."""
        api_version = obj.get("apiVersion") or resource.api_version
        kind = obj.get("kind") or resource.kind
        if resource.custom or (api_version, kind) == (resource.api_version, resource.kind):
            return resource
        if isinstance(api_version, str) and isinstance(kind, str):
            found = self._versions.of_kind(api_version, kind)
            if found is not None and not found.custom:
                return found
        raise InternalError(
            f'no kind "{kind}" is registered for version "{api_version}" in scheme "{_SCHEME}"'
        )


def _read(
    decode: Callable[[JSONObject], Decoded], changed: JSONObject, *, strict: bool
) -> JSONObject:
    try:
        decoded = decode(changed)
    except DecodeError as error:
        raise InternalError(str(error)) from error
    if strict and decoded.unknown:
        unknown = ", ".join(f"unknown field {quote(path)}" for path in decoded.unknown)
        raise InternalError(f"strict decoding error: {unknown}")
    return decoded.obj


def _unconvertible(given: Resource, expected: Resource) -> str:
    package = expected.group.partition(".")[0] or "core"
    return (
        f"converting ({given.version}.{given.kind}) to ({package}.{expected.kind}): "
        "unknown conversion"
    )


async def _converted(conversion: Conversion, obj: JSONObject, resource: Resource) -> JSONObject:
    try:
        return await conversion.convert(obj, resource.api_version)
    except StatusError as error:
        raise InternalError(error.message) from error
