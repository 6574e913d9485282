"""PythonExtensions: the functions of Python extensions that admission runs.

``@mutate`` before all webhooks and policies, ``@validate`` functions that wait after the schema
and the plain ones. Also keeps the definitions of extensions as the code declares them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.apiextensions.customresource.functions import EXTENSION_ANNOTATION
from kapi.apimachinery.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import JSONObject
    from kapi.ext.behaviour import Behaviour
    from kapi.registry.admission import Attributes

__all__ = ["PythonExtensions"]

_DEFINITIONS = ("apiextensions.k8s.io", "customresourcedefinitions")


class PythonExtensions(Plugin):
    """See the module; ``behaviours`` are by the name of the definition."""

    name: ClassVar[str] = "PythonExtensions"
    operations: ClassVar[frozenset[str]] = frozenset({"CREATE", "UPDATE", "DELETE"})

    def __init__(
        self, behaviours: Mapping[str, Behaviour], specs: Mapping[str, JSONObject]
    ) -> None:
        self._behaviours = behaviours
        self._specs = specs

    def handles(self, attributes: Attributes) -> bool:
        """Writes of what extensions declare, and of their definitions."""
        resource = attributes.resource
        if (resource.group, resource.resource) == _DEFINITIONS:
            return not attributes.subresource and attributes.operation in self.operations
        return attributes.operation in {"CREATE", "UPDATE"} and self._of(attributes) is not None

    def _of(self, attributes: Attributes) -> Behaviour | None:
        resource = attributes.resource
        return self._behaviours.get(f"{resource.resource}.{resource.group}")

    async def mutate(self, attributes: Attributes) -> None:
        """Run @mutate functions on writes of whole objects."""
        behaviour = self._of(attributes)
        if behaviour is not None and not attributes.subresource and attributes.obj is not None:
            await behaviour.mutate(attributes.context, attributes.obj, attributes.old)

    async def validate(self, attributes: Attributes) -> None:
        """Run @validate functions that wait; keep definitions."""
        behaviour = self._of(attributes)
        if behaviour is None:
            self._keep(attributes)
        elif attributes.obj is not None:
            await behaviour.validate_waiting(attributes.context, attributes.obj, attributes.old)

    def _keep(self, attributes: Attributes) -> None:
        obj, old = attributes.obj, attributes.old
        named = obj or old  # the request may be for a whole collection
        name = named["metadata"].get("name") or "" if named is not None else ""
        declared = self._specs.get(name)
        if declared is None or (obj is not None and _is_kept(obj, old, declared)):
            return
        extension = self._behaviours[name].declaration.extension
        advice = " and can only be deleted where that is not loaded"
        if obj is not None:
            advice = ", change it there"
        why = f"it is declared by the Python extension {extension}{advice}"
        raise Forbidden.resource(*_DEFINITIONS, name, why)


def _is_kept(obj: JSONObject, old: JSONObject | None, declared: JSONObject) -> bool:
    """Whether a write leaves the definition as it is, or makes it what the code declares."""
    if obj.get("spec") == declared:
        return _is_marked(obj)
    unchanged = old is not None and obj.get("spec") == old.get("spec")
    return unchanged and (_is_marked(obj) or (old is not None and not _is_marked(old)))


def _is_marked(definition: JSONObject) -> bool:
    return EXTENSION_ANNOTATION in (definition["metadata"].get("annotations") or {})
