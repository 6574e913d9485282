"""Strategies of custom resources and their status subresource."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import orjson

from kapi.apiextensions.customresource.functions import refuse_unconverted
from kapi.apiextensions.customresource.jsonpath import simple_path
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kapi.apiextensions.customresource.functions import ResourceFunctions
    from kapi.apiextensions.customresource.scale import ScalePaths
    from kapi.apiextensions.schema.structural import StructuralSchema
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = [
    "CustomResourceFunctionStrategy",
    "CustomResourceStatusStrategy",
    "CustomResourceStrategy",
    "CustomResourceWithStatusStrategy",
]

_STANDARD_FINALIZERS = frozenset({"orphan", "foregroundDeletion"})
# What raises no generation when it changes.
_NO_CONTENT = frozenset({"metadata", "apiVersion", "kind"})


class _CustomStrategy(Strategy):
    allow_unconditional_update: ClassVar[bool] = False
    has_generation: ClassVar[bool] = True
    standard_finalizers: ClassVar[bool] = False
    metadata_rules = (CHANGE,)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Finalizers should say whose they are."""
        _warn_of_finalizers(context, obj, ())

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Finalizers should say whose they are."""
        _warn_of_finalizers(context, obj, old["metadata"].get("finalizers") or ())

    def content_changed(self, obj: JSONObject, old: JSONObject) -> bool:
        """Everything counts but metadata and what this endpoint does not change."""
        for name in obj.keys() | old.keys():
            if name in _NO_CONTENT or name in self.reset_fields:
                continue
            if name not in obj or name not in old or obj[name] != old[name]:
                return True
        return False


def _warn_of_finalizers(context: RequestContext, obj: JSONObject, known: Sequence[str]) -> None:
    for finalizer in obj["metadata"].get("finalizers") or ():
        if "/" in finalizer or finalizer in known or finalizer in _STANDARD_FINALIZERS:
            continue
        form = " including a path (/)" if "." in finalizer else ""
        context.warn(
            f'metadata.finalizers: "{finalizer}": prefer a domain-qualified finalizer name{form} '
            "to avoid accidental conflicts with other finalizer writers"
        )


class CustomResourceStrategy(_CustomStrategy):
    """The main resource; ``schemas`` and ``scales`` know each version."""

    def __init__(
        self,
        schemas: Callable[[str], StructuralSchema],
        scales: Callable[[str], ScalePaths | None],
        selectable: tuple[str, ...] = (),
        functions: ResourceFunctions | None = None,
        hub: str = "",
    ) -> None:
        self._schemas = schemas
        self._scales = scales
        self._functions = functions
        # Functions that convert leave nothing of the request's version to look at.
        self._judged = hub if functions is not None and functions.converts else ""
        self._selectable = [
            (path.removeprefix("."), simple_path(path) or ()) for path in selectable
        ]

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check a new object against the schema of the request's version."""
        self._validate(context, obj, None, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check a changed object; what did not change may be invalid already."""
        self._validate(context, obj, old, errors)

    def _validate(
        self,
        context: RequestContext,
        obj: JSONObject,
        old: JSONObject | None,
        errors: ErrorList,
    ) -> None:
        if self._judged and old is not None:
            refuse_unconverted(obj, old)
        version = self._judged or context.version
        schema = self._schemas(version)
        schema.validate(obj, old, errors)
        scale = self._scales(version)
        if scale is not None:
            scale.validate(obj, errors)
        schema.validate_embedded(obj, errors)
        schema.validate_lists(obj, old, errors)
        schema.validate_rules(obj, old, errors, context.warn)
        if self._functions is not None and not errors:
            self._functions.validate(context, obj, old, errors)

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """The selectable fields of all versions."""
        return {name: _label(obj, path) for name, path in self._selectable}


def _label(obj: JSONValue, path: tuple[str, ...]) -> str:
    for name in path:
        if obj.__class__ is not dict or name not in obj:
            return ""
        obj = obj[name]
    if isinstance(obj, bool):
        return "true" if obj else "false"
    return obj if isinstance(obj, str) else str(obj) if isinstance(obj, int) else ""


class CustomResourceWithStatusStrategy(CustomResourceStrategy):
    """The main resource where status is a subresource."""

    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Status is written through its subresource only."""
        obj.pop("status", None)
        default = self._schemas(self._judged or context.version).status_default
        if default is not None:
            obj["status"] = orjson.loads(default)


class CustomResourceFunctionStrategy(CustomResourceStrategy):
    """A subresource whose function may change all of an object; status is no wish of anybody."""

    def content_changed(self, obj: JSONObject, old: JSONObject) -> bool:
        """Everything counts but metadata and the status."""
        return super().content_changed(_without_status(obj), _without_status(old))


def _without_status(obj: JSONObject) -> JSONObject:
    return {name: value for name, value in obj.items() if name != "status"}


class CustomResourceStatusStrategy(_CustomStrategy):
    """The status subresource: everything else stays."""

    has_generation: ClassVar[bool] = False
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
    reset_metadata: ClassVar[tuple[str, ...]] = (
        "labels",
        "annotations",
        "finalizers",
        "ownerReferences",
    )

    def __init__(
        self,
        schemas: Callable[[str], StructuralSchema],
        scales: Callable[[str], ScalePaths | None],
        functions: ResourceFunctions | None = None,
        hub: str = "",
    ) -> None:
        self._schemas = schemas
        self._scales = scales
        self._functions = functions
        self._judged = hub if functions is not None and functions.converts else ""

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Keep all that is not status, and all metadata but managedFields."""
        status = obj.get("status")
        managed = obj["metadata"].get("managedFields")
        meta = {**old["metadata"]}
        meta.pop("managedFields", None)
        if managed:
            meta["managedFields"] = managed
        if "resourceVersion" in obj["metadata"]:
            meta["resourceVersion"] = obj["metadata"]["resourceVersion"]
        obj.clear()
        obj.update(old)
        obj["metadata"] = meta
        if status is None:
            obj.pop("status", None)
        else:
            obj["status"] = status

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the status alone."""
        if self._judged and old is not None:
            refuse_unconverted(obj, old)
        version = self._judged or context.version
        schema = self._schemas(version)
        schema.validate_status(obj, old, errors)
        scale = self._scales(version)
        if scale is not None:
            scale.validate_status(obj, errors)
        schema.validate_embedded(obj, errors)
        schema.validate_lists(obj, old, errors)
        schema.validate_rules(obj, old, errors, context.warn)
        if self._functions is not None and not errors:
            self._functions.validate(context, obj, old, errors)
