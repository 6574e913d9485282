"""PodResizeValidator: a running pod grows only as far as its node can carry it.

Implements the node's side of "Resize CPU and Memory Resources assigned to Containers".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.admission.refusal import refused
from kapi.apimachinery.quantity import Quantity, parse
from kapi.apis.core.pod_resources import pod_requests

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["PodResizeValidator"]

_OS_LABEL = "kubernetes.io/os"
_NOTHING = Quantity(0)


class PodResizeValidator(Plugin):
    """See the module."""

    name: ClassVar[str] = "PodResizeValidator"
    operations: ClassVar[frozenset[str]] = frozenset({"UPDATE"})
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset({("", "pods")})
    subresources: ClassVar[frozenset[str]] = frozenset({"resize"})

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def validate(self, attributes: Attributes) -> None:
        """Refuse what the pod's node is not made for, or too small for."""
        pod, old = attributes.obj, attributes.old
        if pod is None or old is None or pod["spec"] == old["spec"]:
            return
        name = pod["spec"].get("nodeName")
        if not name:
            return
        node = await self._lookup.get("", "nodes", "", name)
        if node is None:
            raise refused(attributes, f'node "{name}" not found')
        system = (node["metadata"].get("labels") or {}).get(_OS_LABEL, "linux")
        if system != "linux":
            why = f'pod resize is only supported on linux nodes, node "{name}" is "{system}"'
            raise refused(attributes, why, [{"reason": "UnsupportedPlatform"}])
        lacking = _lacking(pod["spec"], (node.get("status") or {}).get("allocatable") or {})
        if lacking:
            why = f"node didn't have enough allocatable resources: {'; '.join(lacking)}"
            raise refused(attributes, why, [{"reason": "NodeCapacity"}])


def _lacking(spec: JSONObject, allocatable: JSONObject) -> list[str]:
    requests = pod_requests(spec)
    found: list[str] = []
    for resource in ("cpu", "memory"):
        wanted = requests.get(resource, _NOTHING)
        there = parse(allocatable.get(resource, "0"))
        if there < wanted:
            amounts = [
                each.milli_value() if resource == "cpu" else each.value()
                for each in (wanted, there)
            ]
            found.append(f"{resource}, requested: {amounts[0]}, allocatable: {amounts[1]}")
    return found
