"""DefaultTolerationSeconds: pods stay five minutes on a node that is not ready or unreachable."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["DefaultTolerationSeconds"]

_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_SECONDS = 300


class DefaultTolerationSeconds(Plugin):
    """See the module."""

    name: ClassVar[str] = "DefaultTolerationSeconds"
    operations: ClassVar[frozenset[str]] = frozenset({"CREATE", "UPDATE"})
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset({("", "pods")})

    async def mutate(self, attributes: Attributes) -> None:
        """Add the tolerations that the pod does not have in any form."""
        obj = attributes.obj
        if obj is None:
            return
        spec = obj["spec"]
        tolerations: list[JSONObject] = spec.get("tolerations") or []
        missing = [key for key in _TAINTS if not any(_covers(t, key) for t in tolerations)]
        if missing:
            spec["tolerations"] = [
                *tolerations,
                *(
                    {
                        "key": key,
                        "operator": "Exists",
                        "effect": "NoExecute",
                        "tolerationSeconds": _SECONDS,
                    }
                    for key in missing
                ),
            ]


def _covers(toleration: JSONObject, key: str) -> bool:
    """Whether a toleration is about this taint with effect NoExecute."""
    return toleration.get("key", "") in {key, ""} and toleration.get("effect", "") in {
        "NoExecute",
        "",
    }
