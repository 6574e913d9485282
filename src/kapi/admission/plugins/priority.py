"""Priority: resolves priorityClassName of pods, and guards the system's priority classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.apimachinery.errors import Forbidden

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["Priority"]

_CLASSES = ("scheduling.k8s.io", "priorityclasses")
_DEFAULT_POLICY = "PreemptLowerPriority"


class Priority(Plugin):
    """See the module."""

    name: ClassVar[str] = "Priority"
    operations: ClassVar[frozenset[str]] = frozenset({"CREATE", "UPDATE"})
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset({("", "pods"), _CLASSES})

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def mutate(self, attributes: Attributes) -> None:
        """Set priority and preemptionPolicy of a new pod."""
        obj, old = attributes.obj, attributes.old
        if obj is None or attributes.resource.resource != "pods":
            return
        if attributes.operation == "UPDATE":
            self._keep(obj, old)
            return
        await self._resolve(attributes, obj)

    @staticmethod
    def _keep(obj: JSONObject, old: JSONObject | None) -> None:
        """A client that does not know the fields does not remove them."""
        before = (old or {}).get("spec") or {}
        spec = obj.get("spec") or {}
        for member in ("priority", "preemptionPolicy"):
            if spec.get(member) is None and before.get(member) is not None:
                spec[member] = before[member]

    async def _resolve(self, attributes: Attributes, pod: JSONObject) -> None:
        spec = pod["spec"]
        name = spec.get("priorityClassName", "")
        found = await self._class(name) if name else await self._default_class()
        if found is None and name:
            raise _refused(attributes, f"no PriorityClass with name {name} was found")
        value, policy = 0, _DEFAULT_POLICY
        if found is not None:
            value = found.get("value", 0)
            policy = found.get("preemptionPolicy") or _DEFAULT_POLICY
            spec["priorityClassName"] = found["metadata"]["name"]
        if spec.get("priority") is not None and spec["priority"] != value:
            raise _refused(
                attributes,
                "the integer value of priority "
                f"({spec['priority']}) must not be provided in pod spec; priority admission "
                f"controller computed {value} from the given PriorityClass name",
            )
        if spec.get("preemptionPolicy") is not None and spec["preemptionPolicy"] != policy:
            raise _refused(
                attributes,
                f"the string value of PreemptionPolicy ({spec['preemptionPolicy']}) must not be "
                f"provided in pod spec; priority admission controller computed {policy} from the "
                "given PriorityClass name",
            )
        spec["priority"] = value
        spec["preemptionPolicy"] = policy

    async def _class(self, name: str) -> JSONObject | None:
        return await self._lookup.get(*_CLASSES, "", name)

    async def _default_class(self) -> JSONObject | None:
        """The global default; of several the one with the lowest value counts."""
        classes = [c for c in await self._lookup.list(*_CLASSES) if c.get("globalDefault")]
        return min(classes, key=lambda c: c.get("value", 0), default=None)

    async def validate(self, attributes: Attributes) -> None:
        """Only one priority class may be the global default."""
        obj = attributes.obj
        if obj is None or attributes.resource.resource != "priorityclasses":
            return
        if not obj.get("globalDefault"):
            return
        name = obj["metadata"].get("name", "")
        for other in await self._lookup.list(*_CLASSES):
            other_name = other["metadata"]["name"]
            if other.get("globalDefault") and other_name != name:
                raise _refused(
                    attributes,
                    f"PriorityClass {other_name} is already marked as default. "
                    "Only one default can exist",
                )


def _refused(attributes: Attributes, why: str) -> Forbidden:
    resource = attributes.resource
    obj = attributes.obj or {}
    name = obj.get("metadata", {}).get("name", "")
    return Forbidden.resource(resource.group, resource.resource, name, why)
