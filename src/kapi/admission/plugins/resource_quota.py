"""ResourceQuota: nothing is admitted beyond the quotas of its namespace, and what is, is counted.

Implements the admission side of "Resource Quotas". What a quota allows and what is used stands in
its status; the use is written there before the object is stored, as the last step of admission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from kapi.admission.chain import Plugin
from kapi.admission.limited_resources import require_quota
from kapi.admission.refusal import refused
from kapi.apimachinery.errors import NotFound
from kapi.apimachinery.quantity import Quantity, parse
from kapi.apis.core.resource_usage import Usage, matches_scopes, missing_resources, usage_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kapi.admission.limited_resources import LimitedResource
    from kapi.admission.lookup import Lookup
    from kapi.apimachinery.types import GroupResource, JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["QuotaStatus", "ResourceQuota"]

_ZERO = Quantity(0)
# Changes of these may use more; everything else is only counted when it is created.
_UPDATED = frozenset({("", "services"), ("", "persistentvolumeclaims")})
_UNCOUNTED = frozenset({("", "events"), ("events.k8s.io", "events")})


class QuotaStatus(Protocol):
    """Writes the status of quotas."""

    async def update(
        self, namespace: str, name: str, change: Callable[[JSONObject], JSONObject]
    ) -> None:
        """Store what ``change`` makes of the quota as it is, again after a concurrent write.

        Raises NotFound, and whatever ``change`` raises.
        """
        ...


class ResourceQuota(Plugin):
    """See the module."""

    name: ClassVar[str] = "ResourceQuota"

    def __init__(
        self, lookup: Lookup, status: QuotaStatus, limited: Sequence[LimitedResource] = ()
    ) -> None:
        self._lookup = lookup
        self._status = status
        self._limited = limited

    def handles(self, attributes: Attributes) -> bool:
        """Creations in namespaces, and changes of what may grow."""
        resource = attributes.resource
        key = (resource.group, resource.resource)
        if not resource.namespaced or key in _UNCOUNTED:
            return False
        if attributes.subresource:
            return (attributes.operation, attributes.subresource, key) == (
                "UPDATE",
                "resize",
                ("", "pods"),
            )
        return attributes.operation == "CREATE" or (
            attributes.operation == "UPDATE" and key in _UPDATED
        )

    async def validate(self, attributes: Attributes) -> None:
        """Refuse what exceeds a quota, and count what does not."""
        context, obj = attributes.context, attributes.obj
        quotas = await self._lookup.list("", "resourcequotas", context.namespace)
        if obj is None or not (quotas or self._limited):
            return
        resource = attributes.resource.storage
        interesting = [q for q in quotas if _concerns(attributes, resource, q, obj)]
        if self._limited:
            require_quota(attributes, obj, self._limited, quotas, interesting)
        if not interesting:
            return
        used = _delta(attributes, resource, obj)
        if not used:
            return
        charged = [q for q in interesting if _charge(attributes, q, used)]
        if context.dry_run:
            return
        for quota in charged:
            name = quota["metadata"]["name"]

            def change(current: JSONObject) -> JSONObject:
                new_use = _charge(attributes, current, used)
                status = current.get("status") or {}
                merged = {**(status.get("used") or {}), **new_use}
                return {**current, "status": {**status, "used": merged}}

            try:
                await self._status.update(context.namespace, name, change)
            except NotFound:
                continue  # it was deleted meanwhile and limits nothing any more


def _hard(quota: JSONObject) -> dict[str, str]:
    hard: dict[str, str] = (quota.get("status") or {}).get("hard") or {}
    return hard


def _concerns(
    attributes: Attributes, resource: GroupResource, quota: JSONObject, obj: JSONObject
) -> bool:
    """Whether a quota limits this object; raises Forbidden when that cannot be counted."""
    hard = _hard(quota)
    if not hard or not matches_scopes(resource, quota, obj):
        return False
    name = quota["metadata"]["name"]
    if resource == ("", "pods"):
        missing = missing_resources(obj["spec"], hard)
        if missing:
            raise refused(attributes, f"failed quota: {name}: must specify {missing}")
    known = (quota.get("status") or {}).get("used") or {}
    unknown = sorted(each for each in usage_of(resource, obj) if each in hard and each not in known)
    if unknown:
        why = f"status unknown for quota: {name}, resources: {','.join(unknown)}"
        raise refused(attributes, why)
    return True


def _delta(attributes: Attributes, resource: GroupResource, obj: JSONObject) -> Usage:
    """What is used beyond what was used before."""
    used = usage_of(resource, obj)
    negative = sorted(name for name, amount in used.items() if amount < _ZERO)
    if negative:
        why = f"quota usage is negative for resource(s): {','.join(negative)}"
        raise refused(attributes, why)
    if attributes.operation == "UPDATE" and attributes.old is not None:
        for name, amount in usage_of(resource, attributes.old).items():
            if name in used:
                used[name] -= amount
    return {name: amount for name, amount in used.items() if amount > _ZERO}


def _charge(attributes: Attributes, quota: JSONObject, used: Usage) -> dict[str, str]:
    """The new use of a quota, of what this operation uses; raises Forbidden when it is too much."""
    hard, before = _hard(quota), (quota.get("status") or {}).get("used") or {}
    new: dict[str, str] = {}
    exceeded: list[str] = []
    for name, amount in used.items():
        if name not in hard:
            continue
        total = parse(before.get(name, "0")) + amount
        if parse(hard[name]) < total:
            exceeded.append(name)
        new[name] = str(total)
    if exceeded:
        exceeded.sort()
        requested = _pretty((name, str(used[name])) for name in exceeded)
        so_far = _pretty((name, before.get(name, "0")) for name in exceeded)
        limited = _pretty((name, hard[name]) for name in exceeded)
        raise refused(
            attributes,
            f"exceeded quota: {quota['metadata']['name']}, requested: {requested}, "
            f"used: {so_far}, limited: {limited}",
        )
    return new


def _pretty(amounts: Iterable[tuple[str, str]]) -> str:
    return ",".join(f"{name}={text}" for name, text in amounts)
