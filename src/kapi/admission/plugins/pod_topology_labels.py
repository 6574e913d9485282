"""PodTopologyLabels: a pod that is put on a node carries the node's zone and region."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.registry.admission import Attributes

__all__ = ["PodTopologyLabels"]

_LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


class PodTopologyLabels(Plugin):
    """See the module."""

    name: ClassVar[str] = "PodTopologyLabels"
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset({("", "pods")})

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def handles(self, attributes: Attributes) -> bool:
        """New pods and bindings."""
        resource = (attributes.resource.group, attributes.resource.resource)
        return resource in self.resources and (
            (attributes.operation, attributes.subresource)
            in {("CREATE", ""), ("UPDATE", "binding"), ("CREATE", "binding")}
        )

    async def mutate(self, attributes: Attributes) -> None:
        """Copy the labels of the node, over those that the pod has."""
        pod = attributes.obj
        node_name = (pod or {}).get("spec", {}).get("nodeName")
        if pod is None or not node_name:
            return
        node = await self._lookup.get("", "nodes", "", node_name)
        labels = ((node or {}).get("metadata") or {}).get("labels") or {}
        copied = {name: labels[name] for name in _LABELS if name in labels}
        if copied:
            meta = pod["metadata"]
            meta["labels"] = {**(meta.get("labels") or {}), **copied}
