"""LimitRanger: default requests and limits of containers, and the bounds of a namespace.

Implements "Limit Ranges" of the documentation. Defaults are filled in before validation, bounds
are checked after it; both only for new pods, bounds also for volume claims and resized pods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.admission.refusal import aggregate, refused
from kapi.apimachinery.quantity import Quantity, parse
from kapi.apis.core.pod_resources import pod_limits, pod_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.admission.lookup import Lookup
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["LimitRanger"]

_PODS = ("", "pods")
_CLAIMS = ("", "persistentvolumeclaims")
_ANNOTATION = "kubernetes.io/limit-ranger"
# Amounts up to here are compared in thousandths.
_MAX_MILLI_VALUE = ((1 << 63) - 1) // 1000
_ZERO = Quantity(0)

Amounts = dict[str, Quantity]


class LimitRanger(Plugin):
    """See the module."""

    name: ClassVar[str] = "LimitRanger"

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def handles(self, attributes: Attributes) -> bool:
        """New pods, resized pods, and claims."""
        resource = (attributes.resource.group, attributes.resource.resource)
        operation, subresource = attributes.operation, attributes.subresource
        if resource == _PODS:
            return (operation, subresource) in {("CREATE", ""), ("UPDATE", "resize")}
        return resource == _CLAIMS and operation in {"CREATE", "UPDATE"} and not subresource

    async def mutate(self, attributes: Attributes) -> None:
        """Fill in the default requests and limits of the containers."""
        pod = attributes.obj
        if pod is None or attributes.resource.resource != "pods":
            return
        for limit_range in await self._ranges(attributes):
            _fill_in(pod, limit_range)

    async def validate(self, attributes: Attributes) -> None:
        """Refuse what is out of bounds."""
        obj = attributes.obj
        if obj is None or "deletionTimestamp" in obj["metadata"]:
            return
        judge = _judge_pod if attributes.resource.resource == "pods" else _judge_claim
        for limit_range in await self._ranges(attributes):
            found = [text for limit in _limits(limit_range) for text in judge(obj, limit)]
            if found:
                raise refused(attributes, aggregate(found))

    async def _ranges(self, attributes: Attributes) -> list[JSONObject]:
        return await self._lookup.list("", "limitranges", attributes.context.namespace)


def _limits(limit_range: JSONObject) -> list[JSONObject]:
    limits: list[JSONObject] = (limit_range.get("spec") or {}).get("limits") or []
    return limits


def _fill_in(pod: JSONObject, limit_range: JSONObject) -> None:
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    for limit in _limits(limit_range):
        if limit.get("type") == "Container":
            requests.update(limit.get("defaultRequest") or {})
            limits.update(limit.get("default") or {})
    if not requests and not limits:
        return
    notes: list[str] = []
    for member, what in (("containers", "container"), ("initContainers", "init container")):
        for container in pod["spec"].get(member) or ():
            for kind, defaults in (("requests", requests), ("limits", limits)):
                added = _add_defaults(container, kind, defaults)
                if added:
                    names = ", ".join(sorted(added))
                    notes.append(f"{names} {kind[:-1]} for {what} {container.get('name', '')}")
    if notes:
        meta = pod["metadata"]
        text = f"LimitRanger plugin set: {'; '.join(notes)}"
        meta["annotations"] = {**(meta.get("annotations") or {}), _ANNOTATION: text}


def _add_defaults(container: JSONObject, kind: str, defaults: dict[str, str]) -> list[str]:
    resources = container.get("resources") or {}
    given = resources.get(kind) or {}
    added = [name for name in defaults if name not in given]
    if added:
        missing = {name: defaults[name] for name in added}
        container["resources"] = {**resources, kind: {**given, **missing}}
    return added


def _amounts(container: JSONObject, kind: str) -> Amounts:
    given = (container.get("resources") or {}).get(kind) or {}
    return {name: parse(text) for name, text in given.items()}


def _judge_pod(pod: JSONObject, limit: JSONObject) -> Iterator[str]:
    spec, kind = pod["spec"], limit.get("type")
    if kind == "Container":
        for member in ("containers", "initContainers"):
            for container in spec.get(member) or ():
                requests = _amounts(container, "requests")
                yield from _judge(limit, requests, _amounts(container, "limits"))
    elif kind == "Pod":
        yield from _judge(limit, pod_requests(spec), pod_limits(spec))


def _judge(limit: JSONObject, requests: Amounts, limits: Amounts) -> Iterator[str]:
    kind = limit["type"]
    for name, text in sorted((limit.get("min") or {}).items()):
        yield from _minimum(kind, name, text, requests.get(name), limits.get(name))
    for name, text in sorted((limit.get("max") or {}).items()):
        yield from _maximum(kind, name, text, requests.get(name), limits.get(name))
    for name, text in sorted((limit.get("maxLimitRequestRatio") or {}).items()):
        yield from _ratio(kind, name, text, requests.get(name), limits.get(name))


def _minimum(
    kind: str, name: str, text: str, request: Quantity | None, limit: Quantity | None
) -> Iterator[str]:
    least, what = parse(text), f"minimum {name} usage per {kind} is {text}"
    if request is None:
        yield f"{what}.  No request is specified"
    elif request < least:
        yield f"{what}, but request is {request}"
    elif limit is not None and limit < least:
        yield f"{what}, but limit is {limit}"


def _maximum(
    kind: str, name: str, text: str, request: Quantity | None, limit: Quantity | None
) -> Iterator[str]:
    most, what = parse(text), f"maximum {name} usage per {kind} is {text}"
    if limit is None:
        yield f"{what}.  No limit is specified"
    elif most < limit:
        yield f"{what}, but limit is {limit}"
    elif request is not None and most < request:
        yield f"{what}, but request is {request}"


def _ratio(
    kind: str, name: str, text: str, request: Quantity | None, limit: Quantity | None
) -> Iterator[str]:
    what = f"{name} max limit to request ratio per {kind} is {text}"
    if request is None or request == _ZERO:
        yield f"{what}, but no request is specified or request is 0"
        return
    if limit is None or limit == _ZERO:
        yield f"{what}, but no limit is specified or limit is 0"
        return
    exact = max(request.value(), limit.value()) <= _MAX_MILLI_VALUE
    above = limit.milli_value() if exact else limit.value()
    below = request.milli_value() if exact else request.value()
    observed = above / below
    if observed * 1000 > parse(text).milli_value():
        yield f"{what}, but provided ratio is {observed:f}"


def _judge_claim(claim: JSONObject, limit: JSONObject) -> Iterator[str]:
    if limit.get("type") != "PersistentVolumeClaim":
        return
    requests = _amounts(claim["spec"], "requests")
    for name, text in sorted((limit.get("min") or {}).items()):
        yield from _minimum(limit["type"], name, text, requests.get(name), None)
    for name, text in sorted((limit.get("max") or {}).items()):
        what = f"maximum {name} usage per {limit['type']} is {text}"
        request = requests.get(name)
        if request is None:
            yield f"{what}.  No request is specified"
        elif parse(text) < request:
            yield f"{what}, but request is {request}"
