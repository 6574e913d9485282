"""What a status update of a Pod may say: conditions, addresses, container states, claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.addresses import is_ipv4, is_ipv6, legacy_ip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

from kapi.apis.core.pod_validation_annotations import validate_pod_annotation_updates

__all__ = ["validate_pod_status_update"]

# Conditions that Kubernetes itself sets carry no domain and need no check.
_SYSTEM_CONDITIONS = frozenset(
    {
        "PodScheduled",
        "Ready",
        "Initialized",
        "ContainersReady",
        "PodReadyToStartContainers",
        "DisruptionTarget",
        "PodResizePending",
        "PodResizeInProgress",
    }
)


def validate_pod_status_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Validate the new status of a Pod against the stored Pod."""
    status, old_status = obj.get("status") or {}, old.get("status") or {}
    annotations = obj["metadata"].get("annotations") or {}
    old_annotations = old["metadata"].get("annotations") or {}
    if annotations != old_annotations:
        validate_pod_annotation_updates(
            annotations, old_annotations, "metadata.annotations", errors
        )
    for index, condition in enumerate(status.get("conditions") or ()):
        kind = condition.get("type", "")
        if kind not in _SYSTEM_CONDITIONS:
            errors.invalid_each(
                f"status.conditions[{index}].Type", kind, names.qualified_name(kind)
            )
    _validate_nominated_node(status, old_status, obj["spec"], errors)
    qos = status.get("qosClass", "")
    if qos != old_status.get("qosClass", ""):
        errors.invalid("status.qosClass", qos, "field is immutable")
    _validate_container_states(status, old_status, old["spec"], errors)
    _validate_claim_statuses(status, obj["spec"], errors)
    if status.get("podIPs"):
        _validate_addresses(status["podIPs"], "podIPs", errors)
    if status.get("hostIPs"):
        first = status["hostIPs"][0].get("ip", "")
        if first != status.get("hostIP", ""):
            errors.invalid("status.hostIPs[0].ip", first, "must be equal to `hostIP`")
        _validate_addresses(status["hostIPs"], "hostIPs", errors)


def _validate_nominated_node(
    status: JSONObject, old_status: JSONObject, spec: JSONObject, errors: ErrorList
) -> None:
    node = status.get("nominatedNodeName", "")
    if node == old_status.get("nominatedNodeName", "") or not node:
        return
    errors.invalid_each("status.nominatedNodeName", node, names.dns1123_subdomain(node))
    if spec.get("nodeName"):
        errors.forbidden(
            "status.nominatedNodeName",
            "may not be set on pods that are already bound to a node",
        )


def _may_restart(kind: str, container: JSONObject | None, pod_policy: str, exit_code: int) -> bool:
    """Whether a container that ended with this code may run again."""
    if container is None or kind == "ephemeralContainer":
        return False
    for rule in container.get("restartPolicyRules") or ():
        exit_codes = rule.get("exitCodes") or {}
        listed = exit_code in (exit_codes.get("values") or ())
        if listed == (exit_codes.get("operator") == "In"):
            return True
    policy = container.get("restartPolicy") or pod_policy
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def _validate_container_states(
    status: JSONObject, old_status: JSONObject, old_spec: JSONObject, errors: ErrorList
) -> None:
    """A container that ended and does not restart stays ended."""
    pod_policy = old_spec.get("restartPolicy", "")
    for kind in ("container", "initContainer", "ephemeralContainer"):
        members = f"{kind}Statuses"
        old_statuses = old_status.get(members)
        if not old_statuses:
            continue
        new = {entry.get("name"): entry for entry in status.get(members) or ()}
        specs = {entry.get("name"): entry for entry in old_spec.get(f"{kind}s") or ()}
        for index, old in enumerate(old_statuses):
            terminated = (old.get("state") or {}).get("terminated")
            entry = new.get(old.get("name"))
            if terminated is None or entry is None:
                continue
            if (entry.get("state") or {}).get("terminated") is not None:
                continue
            exit_code = terminated.get("exitCode") or 0
            if not _may_restart(kind, specs.get(old.get("name")), pod_policy, exit_code):
                errors.forbidden(
                    f"status.{members}[{index}].state",
                    "may not be transitioned to non-terminated state",
                )


def _validate_claim_statuses(status: JSONObject, spec: JSONObject, errors: ErrorList) -> None:
    statuses = status.get("resourceClaimStatuses")
    if not statuses:
        return
    known = {claim.get("name") for claim in spec.get("resourceClaims") or ()}
    seen: set[str] = set()
    for index, entry in enumerate(statuses):
        name = entry.get("name", "")
        where = f"status.resourceClaimStatuses[{index}]"
        if name not in known:
            errors.invalid(
                f"{where}.name", name, "must match the name of an entry in `spec.resourceClaims`"
            )
        if name in seen:
            errors.duplicate(f"{where}.name", name)
        seen.add(name)
        claim = entry.get("resourceClaimName")
        if claim is not None:
            errors.invalid_each(f"{where}.resourceClaimName", claim, names.dns1123_subdomain(claim))


def _validate_addresses(entries: Sequence[JSONObject], member: str, errors: ErrorList) -> None:
    path = f"status.{member}"
    addresses = [entry.get("ip", "") for entry in entries]
    for index, address in enumerate(addresses):
        errors.invalid_each(f"{path}[{index}]", address, legacy_ip(address))
    if len(addresses) < 2:
        return
    families = {is_ipv4(address) for address in addresses if is_ipv4(address) or is_ipv6(address)}
    if len(families) < 2 or len(addresses) > 2:
        errors.invalid(
            path,
            [{"IP": address} for address in addresses],
            "may specify no more than one IP for each IP family",
        )
    seen: set[str] = set()
    for index, address in enumerate(addresses):
        if address in seen:
            errors.duplicate(f"{path}[{index}]", {"IP": address})
        seen.add(address)
