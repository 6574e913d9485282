"""TaintNodesByCondition: a new node takes no pods before it is known to be ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin

if TYPE_CHECKING:
    from kapi.registry.admission import Attributes

__all__ = ["TaintNodesByCondition"]

_TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


class TaintNodesByCondition(Plugin):
    """See the module."""

    name: ClassVar[str] = "TaintNodesByCondition"
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset({("", "nodes")})

    async def mutate(self, attributes: Attributes) -> None:
        """Add the taint unless the node has it."""
        obj = attributes.obj
        if obj is None:
            return
        spec = obj.setdefault("spec", {})
        taints = spec.get("taints") or []
        if not any(
            (t.get("key"), t.get("effect")) == (_TAINT["key"], _TAINT["effect"]) for t in taints
        ):
            spec["taints"] = [*taints, dict(_TAINT)]
