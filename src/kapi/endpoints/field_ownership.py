"""managedFields of one write, also where other managers' versions have to be asked for.

A field manager is a pure function of objects at one version. Fields that somebody owns through
another API version are met by converting the objects; where a webhook does that, the function is
tried with the forms that are known, stops at the first that is missing, and is tried again when
it has been fetched. Without a conversion webhook nothing of this happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import orjson

from kapi.apimachinery.errors import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.registry.catalogue import Resource
    from kapi.registry.conversion import Conversion

__all__ = ["FetchedForms", "apply_fields", "update_fields"]

_Result = TypeVar("_Result")
# An apply needs a handful of forms for each version that owns something.
_MOST_FORMS = 100


class _Missing(Exception):
    """A form that has not been fetched yet."""

    def __init__(self, obj: JSONObject, api_version: str) -> None:
        self.obj = obj
        self.api_version = api_version


class FetchedForms:
    """The forms of objects that one decision has asked for so far.

    One serves all writes of an endpoint: a decision is never interrupted, and begins with its
    own forms.
    """

    def __init__(self) -> None:
        self._forms: dict[tuple[str, bytes], JSONObject] = {}

    def at(self, api_version: str) -> Callable[[JSONObject], JSONObject]:
        """The conversion to a version, as far as forms are known."""

        def convert(obj: JSONObject) -> JSONObject:
            if obj["apiVersion"] == api_version:
                return obj
            found = self._forms.get((api_version, orjson.dumps(obj)))
            if found is None:
                raise _Missing(obj, api_version)
            return found

        return convert

    async def decide(self, conversion: Conversion, decision: Callable[[], _Result]) -> _Result:
        """The result of a function that converts by ``at``; it may be called several times."""
        forms: dict[tuple[str, bytes], JSONObject] = {}
        for _ in range(_MOST_FORMS):
            self._forms = forms
            try:
                return decision()
            except _Missing as missing:
                api_version, wanted = missing.api_version, missing.obj
            key = (api_version, orjson.dumps(wanted))
            forms[key] = await conversion.convert(wanted, api_version)
        raise StatusError("the fields of an object are owned through too many versions", code=500)


async def update_fields(
    api: API,
    resource: Resource,
    subresource: str,
    live: JSONObject | None,
    new: JSONObject,
    manager: str,
    now: str,
    body: JSONObject | None,
) -> None:
    """Set the managedFields of ``new`` after a write that replaces ``live``."""
    fields = api.field_manager(resource, subresource)
    if resource.conversion is None or live is None:
        fields.update(live, new, manager, now, body=body)
        return

    def decision() -> JSONObject:
        tried: JSONObject = {**new, "metadata": {**new["metadata"]}}
        fields.update(live, tried, manager, now, body=body)
        metadata: JSONObject = tried["metadata"]
        return metadata

    forms = api.fetched_forms(resource)
    new["metadata"] = await forms.decide(resource.conversion, decision)


async def apply_fields(
    api: API,
    resource: Resource,
    subresource: str,
    live: JSONObject | None,
    applied: JSONObject,
    manager: str,
    now: str,
    *,
    force: bool,
) -> JSONObject:
    """The object after a server-side apply, as ``FieldManager.apply`` gives it."""
    fields = api.field_manager(resource, subresource)

    def decision() -> JSONObject:
        return fields.apply(live, applied, manager, now, force=force)

    if resource.conversion is None:
        return decision()
    return await api.fetched_forms(resource).decide(resource.conversion, decision)
