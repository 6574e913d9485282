"""Which service account tokens a kubelet gets: for its pods, and for what they ask for.

A token must be bound to a pod of the node. Since Kubernetes 1.33 its audience must be one that a
volume of the pod asks for, its own or by the CSI driver behind it, or one that the kubelet has the
right ``request-serviceaccounts-token-audience`` for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.admission.refusal import refused
from kapi.apimachinery.errors import NotFound
from kapi.authorization.attributes import AuthorizationAttributes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from kapi.admission.lookup import Lookup
    from kapi.apimachinery.types import JSONObject
    from kapi.authorization.authorizer import Authorizer
    from kapi.registry.admission import Attributes

__all__ = ["check_token"]

_AUDIENCES_SINCE = 33
_VERB = "request-serviceaccounts-token-audience"
_CSI_DRIVERS = ("storage.k8s.io", "csidrivers")


class _Missing(Exception):
    """Something that a volume of the pod refers to is not there; the text says what."""


async def check_token(
    attributes: Attributes, node: str, lookup: Lookup, authorizer: Authorizer, minor: int
) -> None:
    """Raise Forbidden for a token that is not for a pod of the node, NotFound without the pod."""
    request = (attributes.obj or {}).get("spec") or {}
    pod = await _bound_pod(attributes, request.get("boundObjectRef") or {}, lookup)
    if (pod.get("spec") or {}).get("nodeName") != node:
        why = "node requested token bound to a pod scheduled on a different node"
        raise refused(attributes, why)
    if minor < _AUDIENCES_SINCE:
        return
    audiences = request.get("audiences") or [""]
    if len(audiences) > 1:
        raise refused(attributes, "node may only request 0 or 1 audiences")
    await _check_audience(attributes, audiences[0], pod, lookup, authorizer)


async def _bound_pod(attributes: Attributes, bound: JSONObject, lookup: Lookup) -> JSONObject:
    name, uid = bound.get("name") or "", bound.get("uid") or ""
    if (bound.get("apiVersion"), bound.get("kind")) != ("v1", "Pod") or not name:
        raise refused(attributes, "node requested token not bound to a pod")
    if not uid:
        raise refused(attributes, "node requested token with a pod binding without a uid")
    pod = await lookup.get("", "pods", attributes.context.namespace, name)
    if pod is None:
        raise NotFound.resource("", "pod", name)
    if pod["metadata"].get("uid") != uid:
        why = f"the UID in the bound object reference ({uid}) does not match the UID in record."
        raise refused(attributes, f"{why} The object might have been deleted and then recreated")
    return pod


async def _check_audience(
    attributes: Attributes, audience: str, pod: JSONObject, lookup: Lookup, authorizer: Authorizer
) -> None:
    if audience in _projected_audiences(pod):
        return
    try:
        async for driver in _drivers(pod, lookup):
            requests = (driver.get("spec") or {}).get("tokenRequests") or ()
            if any((request.get("audience") or "") == audience for request in requests):
                return
    except _Missing as missing:
        raise refused(attributes, f'error validating audience "{audience}": {missing}') from None
    context = attributes.context
    asked = AuthorizationAttributes(
        context.user,
        _VERB,
        namespace=context.namespace,
        resource=audience,
        name=context.name,
        version="v1",
    )
    if not authorizer.authorize(asked).allowed:
        why = f'audience "{audience}" not found in pod spec volume, {context.user.name} is not'
        raise refused(attributes, f"{why} authorized to request tokens for this audience")


def _volumes(pod: JSONObject) -> list[JSONObject]:
    return (pod.get("spec") or {}).get("volumes") or []


def _projected_audiences(pod: JSONObject) -> Iterator[str]:
    for volume in _volumes(pod):
        for source in (volume.get("projected") or {}).get("sources") or ():
            token = source.get("serviceAccountToken")
            if token is not None:
                yield token.get("audience") or ""


async def _drivers(pod: JSONObject, lookup: Lookup) -> AsyncIterator[JSONObject]:
    """The CSIDrivers of a pod's volumes."""
    for volume in _volumes(pod):
        name = await _driver_name(pod, volume, lookup)
        if name:
            driver = await lookup.get(*_CSI_DRIVERS, "", name)
            if driver is None:
                raise _Missing(f'csidriver.storage.k8s.io "{name}" not found')
            yield driver


async def _driver_name(pod: JSONObject, volume: JSONObject, lookup: Lookup) -> str:
    inline = volume.get("csi")
    if inline is not None:
        return inline.get("driver") or ""
    meta = pod["metadata"]
    if volume.get("persistentVolumeClaim") is not None:
        name = volume["persistentVolumeClaim"].get("claimName") or ""
    elif volume.get("ephemeral") is not None:
        name = f"{meta['name']}-{volume['name']}"
    else:
        return ""
    claim = await lookup.get("", "persistentvolumeclaims", meta["namespace"], name)
    if claim is None:
        raise _Missing(f'persistentvolumeclaim "{name}" not found')
    bound = (claim.get("spec") or {}).get("volumeName") or ""
    behind = await lookup.get("", "persistentvolumes", "", bound)
    if behind is None:
        raise _Missing(f'persistentvolume "{bound}" not found')
    return ((behind.get("spec") or {}).get("csi") or {}).get("driver") or ""
