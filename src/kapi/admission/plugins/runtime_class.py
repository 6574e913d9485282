"""RuntimeClass: what a runtime class adds to the pods that name it.

Implements "Runtime Class: scheduling and pod overhead" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.admission.refusal import refused
from kapi.apimachinery.quantity import parse

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["RuntimeClass"]


class RuntimeClass(Plugin):
    """See the module."""

    name: ClassVar[str] = "RuntimeClass"
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset({("", "pods")})

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def _class(self, attributes: Attributes, spec: JSONObject) -> JSONObject | None:
        name = spec.get("runtimeClassName")
        if not name:
            return None
        found = await self._lookup.get("node.k8s.io", "runtimeclasses", "", name)
        if found is None:
            raise refused(attributes, f'pod rejected: RuntimeClass "{name}" not found')
        return found

    async def mutate(self, attributes: Attributes) -> None:
        """Copy the class's overhead, node selector and tolerations into the pod."""
        pod = attributes.obj
        if pod is None or not pod["spec"].get("runtimeClassName"):
            return
        spec = pod["spec"]
        found = await self._class(attributes, spec)
        assert found is not None
        overhead = (found.get("overhead") or {}).get("podFixed")
        if overhead:
            if spec.get("overhead") is not None and not _same(spec["overhead"], overhead):
                raise _mismatch(attributes)
            spec["overhead"] = dict(overhead)
        scheduling = found.get("scheduling")
        if scheduling:
            self._schedule(attributes, spec, scheduling)

    @staticmethod
    def _schedule(attributes: Attributes, spec: JSONObject, scheduling: JSONObject) -> None:
        given = spec.get("nodeSelector") or {}
        wanted = scheduling.get("nodeSelector") or {}
        for key, value in wanted.items():
            if given.get(key, value) != value:
                raise refused(
                    attributes,
                    f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; "
                    f"pod.spec.nodeSelector[{key}] = {given[key]}",
                )
        if wanted:
            spec["nodeSelector"] = {**given, **wanted}
        tolerations = spec.get("tolerations") or []
        more = [t for t in scheduling.get("tolerations") or () if t not in tolerations]
        if more:
            spec["tolerations"] = [*tolerations, *more]

    async def validate(self, attributes: Attributes) -> None:
        """A pod's overhead is that of its class."""
        pod = attributes.obj
        if pod is None or not pod["spec"].get("overhead"):
            return
        found = await self._class(attributes, pod["spec"])
        overhead = ((found or {}).get("overhead") or {}).get("podFixed")
        if not overhead:
            raise refused(
                attributes,
                "pod rejected: Pod Overhead set without corresponding RuntimeClass defined "
                "Overhead",
            )
        if not _same(pod["spec"]["overhead"], overhead):
            raise _mismatch(attributes)


def _mismatch(attributes: Attributes) -> Exception:
    why = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
    return refused(attributes, why)


def _same(given: JSONObject, defined: JSONObject) -> bool:
    return given.keys() == defined.keys() and all(
        parse(given[name]) == parse(defined[name]) for name in given
    )
