"""ResourceFunctions: what runs in this process for the objects of one definition.

A definition that a Python extension declares is served as any other; its functions come in at
three places only: validation, conversion between versions, and further subresources. A server that
was started without them serves what can be served without being wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kapi.apiextensions.definition.versions import storage_version
from kapi.apimachinery.errors import InternalError, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import GroupVersionKind, JSONObject
    from kapi.registry.catalogue import Subresource
    from kapi.registry.context import RequestContext

__all__ = [
    "EXTENSION_ANNOTATION",
    "AbsentFunctions",
    "ResourceFunctions",
    "functions_of",
    "refuse_to_store",
    "refuse_unconverted",
    "unconverted",
]

# On definitions that a Python extension has declared; the value is the extension's name.
EXTENSION_ANNOTATION = "kapi.dev/python-extension"
# On what is shown of objects that were stored at another version and could not be converted.
_UNCONVERTED = "kapi.dev/unconverted"


class ResourceFunctions(Protocol):
    """The functions of one definition; objects are at the version that is stored."""

    def fit(self, versions: Collection[str], stored: str) -> bool:
        """Whether they were written for these versions, of which one is stored."""
        ...

    @property
    def converts(self) -> bool:
        """Whether versions differ by more than their names."""
        ...

    def validate(
        self,
        context: RequestContext,
        obj: JSONObject,
        old: JSONObject | None,
        errors: ErrorList,
    ) -> None:
        """Append what is wrong with an object that fits its schema; raises StatusError."""
        ...

    def convert(self, obj: JSONObject, source: str, target: str) -> JSONObject:
        """A copy of an object at another version; raises StatusError."""
        ...

    def subresources(self, kind: GroupVersionKind) -> Sequence[Subresource]:
        """What is served below objects beside status and scale."""
        ...


class AbsentFunctions:
    """Stands for the functions of a definition that this server has no code for.

    Objects are read and deleted; nothing is written that nobody has judged.
    """

    def __init__(self, definition: str, extension: str, *, outdated: bool = False) -> None:
        lack = (
            "of which this server has another version (--extension)"
            if outdated
            else "without which this server was started (--extension)"
        )
        self._why = f"{definition} is declared by the Python extension {extension}, {lack}"

    def fit(self, versions: Collection[str], stored: str) -> bool:
        """They do for any."""
        return True

    @property
    def converts(self) -> bool:
        """It is not known how."""
        return True

    def validate(
        self,
        context: RequestContext,
        obj: JSONObject,
        old: JSONObject | None,
        errors: ErrorList,
    ) -> None:
        """Refuse all but the way out of an object that is being deleted."""
        if old is None or "deletionTimestamp" not in old["metadata"]:
            raise ServiceUnavailable(self._why)

    def convert(self, obj: JSONObject, source: str, target: str) -> JSONObject:
        """Only the version that is stored can be told."""
        raise ServiceUnavailable(self._why)

    def subresources(self, kind: GroupVersionKind) -> Sequence[Subresource]:
        """None."""
        return ()


def unconverted(obj: JSONObject, why: str) -> JSONObject:
    """What can be shown of a stored object that functions failed to convert: its metadata."""
    meta = obj["metadata"]
    annotations = {**(meta.get("annotations") or {}), _UNCONVERTED: why}
    return {**_type_of(obj), "metadata": {**meta, "annotations": annotations}}


def _type_of(obj: JSONObject) -> JSONObject:
    return {name: obj[name] for name in ("apiVersion", "kind") if name in obj}


def refuse_to_store(obj: JSONObject) -> None:
    """What is shown of an object that could not be converted must not take its place."""
    why = (obj["metadata"].get("annotations") or {}).get(_UNCONVERTED)
    if why is not None:
        raise InternalError(f"the stored object could not be converted from {why}")


def refuse_unconverted(obj: JSONObject, old: JSONObject) -> None:
    """Nothing is written over an object that could not be read; it can only go."""
    goes = "deletionTimestamp" in old["metadata"] and not obj["metadata"].get("finalizers")
    if not goes:
        refuse_to_store(old)


def functions_of(
    definition: JSONObject, known: Mapping[str, ResourceFunctions]
) -> ResourceFunctions | None:
    """The functions of a definition; None for an ordinary one."""
    meta = definition["metadata"]
    found = known.get(meta["name"])
    if found is not None:
        spec = definition["spec"]
        names = [version["name"] for version in spec["versions"]]
        if found.fit(names, storage_version(spec) or ""):
            return found
    annotations = meta.get("annotations")
    extension = annotations.get(EXTENSION_ANNOTATION) if annotations else None
    if extension is None:
        return None
    return AbsentFunctions(meta["name"], extension, outdated=found is not None)
