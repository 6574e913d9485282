"""What a kubelet may do to pods: show those that it runs by itself, and report on and end its own.

A mirror pod must not refer to anything: what it refers to would be the kubelet's to read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.admission.refusal import refused
from kapi.apimachinery.errors import NotFound
from kapi.apis.core import pod_references as references

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["check_pod"]


async def check_pod(attributes: Attributes, node: str, lookup: Lookup) -> None:
    """Raise Forbidden where a kubelet goes too far, NotFound for a pod that is not there."""
    subresource, operation = attributes.subresource, attributes.operation
    if subresource == "eviction":
        pod = await _existing(attributes, lookup, "pod")
        if not _is_on(pod, node):
            why = f"node {node} can only evict pods with spec.nodeName set to itself"
            raise refused(attributes, why)
    elif subresource == "status":
        _check_status(attributes, node)
    elif subresource:
        why = f"unexpected pod subresource \"{subresource}\", only 'status' and 'eviction' are"
        raise refused(attributes, f"{why} allowed")
    elif operation == "CREATE":
        await _check_mirror(attributes, node, lookup)
    elif operation == "DELETE":
        if not _is_on(await _existing(attributes, lookup, "pods"), node):
            why = f'node "{node}" can only delete pods with spec.nodeName set to itself'
            raise refused(attributes, why)
    else:
        why = f'unexpected operation "{operation}", node "{node}" can only create and delete'
        raise refused(attributes, f"{why} mirror pods")


async def _existing(attributes: Attributes, lookup: Lookup, kind: str) -> JSONObject:
    """The pod that the request names; one that deletes many names none."""
    context = attributes.context
    pod = await lookup.get("", "pods", context.namespace, context.name)
    if pod is None:
        raise NotFound.resource("", kind, context.name)
    return pod


def _is_on(pod: JSONObject, node: str) -> bool:
    return bool((pod.get("spec") or {}).get("nodeName") == node)


def _check_status(attributes: Attributes, node: str) -> None:
    obj, old = attributes.obj, attributes.old
    if obj is None or old is None:
        return
    if not _is_on(old, node):
        why = "can only update pod status for pods with spec.nodeName set to itself"
        raise refused(attributes, f'node "{node}" {why}')
    if (obj["metadata"].get("labels") or {}) != (old["metadata"].get("labels") or {}):
        raise refused(attributes, f'node "{node}" cannot update labels through pod status')
    if list(_claim_statuses(obj)) != list(_claim_statuses(old)):
        raise refused(attributes, f'node "{node}" cannot update resource claim statues')


def _claim_statuses(pod: JSONObject) -> tuple[object, object]:
    status = pod.get("status") or {}
    return status.get("resourceClaimStatuses") or [], status.get("extendedResourceClaimStatus")


# -- mirror pods ------------------------------------------------------------------------------


async def _check_mirror(attributes: Attributes, node: str, lookup: Lookup) -> None:
    pod = attributes.obj
    if pod is None:
        return
    if not references.is_mirror(pod):
        why = 'pod does not have "kubernetes.io/config.mirror" annotation, node'
        raise refused(attributes, f'{why} "{node}" can only create mirror pods')
    if not _is_on(pod, node):
        why = f'node "{node}" can only create pods with spec.nodeName set to itself'
        raise refused(attributes, why)
    await _check_owner(attributes, node, pod, lookup)
    kind = _referred_kind(pod)
    if kind:
        raise refused(attributes, f'node "{node}" can not create pods that reference {kind}')


async def _check_owner(attributes: Attributes, node: str, pod: JSONObject, lookup: Lookup) -> None:
    owners = pod["metadata"].get("ownerReferences") or []
    why = _owner_problem(owners, node)
    if why:
        raise refused(attributes, f'node "{node}" {why}')
    found = await lookup.get("", "nodes", "", node)
    if found is None:
        raise NotFound.resource("", "node", node)
    given, uid = owners[0].get("uid") or "", found["metadata"]["uid"]
    if given != uid:
        raise refused(attributes, f"node {node} UID mismatch: expected {given} got {uid}")


def _owner_problem(owners: list[JSONObject], node: str) -> str:
    if len(owners) > 1:
        return "can only create pods with a single owner reference set to itself"
    owner = owners[0] if owners else {}
    if (owner.get("apiVersion"), owner.get("kind"), owner.get("name")) != ("v1", "Node", node):
        return "can only create pods with an owner reference set to itself"
    if not owner.get("controller"):
        return "can only create pods with a controller owner reference set to itself"
    if owner.get("blockOwnerDeletion"):
        return "must not set blockOwnerDeletion on an owner reference"
    return ""


def _referred_kind(pod: JSONObject) -> str:
    """What the pod refers to and must not; empty when nothing."""
    spec = pod.get("spec") or {}
    if references.service_account(spec):
        return "serviceaccounts"
    if any(references.secrets(spec)):
        return "secrets"
    if any(references.config_maps(spec)):
        return "configmaps"
    if spec.get("resourceClaims"):
        return "resourceclaims"
    return next(filter(None, map(_kind_of_volume, spec.get("volumes") or ())), "")


def _kind_of_volume(volume: JSONObject) -> str:
    if volume.get("persistentVolumeClaim") is not None:
        return "persistentvolumeclaims"
    if volume.get("ephemeral") is not None:
        return "persistentvolumeclaims (via ephemeral volumes)"
    for source in (volume.get("projected") or {}).get("sources") or ():
        if source.get("serviceAccountToken") is not None:
            return "serviceaccounts (via projected volumes)"
        if source.get("clusterTrustBundle") is not None:
            return "clustertrustbundles"
    return ""
