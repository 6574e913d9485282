"""Validation of PodSpec and PodTemplateSpec, the entry points for every owner of a template.

The rules stand in ``pod_validation_*.py``, one file per concept; this file fixes the order in
which a pod's fields are judged, because the order of the errors is part of the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.metav1 import validate_annotations, validate_labels
from kapi.apis.core.pod_validation_affinity import validate_affinity
from kapi.apis.core.pod_validation_annotations import validate_pod_annotations
from kapi.apis.core.pod_validation_containers import (
    validate_container_images_of_pod,
    validate_containers,
    validate_init_containers,
)
from kapi.apis.core.pod_validation_dns import (
    validate_dns_config,
    validate_dns_policy,
    validate_host_aliases,
    validate_host_users,
    validate_hostname_override,
)
from kapi.apis.core.pod_validation_ephemeral import validate_ephemeral_containers
from kapi.apis.core.pod_validation_options import PodScope, PodValidationOptions
from kapi.apis.core.pod_validation_os import validate_os, validate_windows_host_process
from kapi.apis.core.pod_validation_resource_claims import validate_resource_claims
from kapi.apis.core.pod_validation_resources import (
    validate_pod_resources,
    validate_resource_amounts,
)
from kapi.apis.core.pod_validation_scheduling import (
    validate_scheduling_gates,
    validate_tolerations,
    validate_topology_spread_constraints,
)
from kapi.apis.core.pod_validation_security import validate_pod_security_context
from kapi.apis.core.pod_validation_volumes import validate_volumes

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "PodValidationOptions",
    "validate_pod",
    "validate_pod_spec",
    "validate_pod_template_spec",
]

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_MAX_INT32 = 2**31 - 1


def validate_pod_template_spec(
    template: JSONObject, path: str, errors: ErrorList, *, old: JSONObject | None = None
) -> None:
    """Validate labels, annotations and spec of a pod template.

    ``old`` is the template stored before; what it already holds against newer rules is let pass.
    """
    metadata = template.get("metadata") or {}
    spec = template.get("spec") or {}
    options = PodValidationOptions.for_update(
        (old.get("spec") or {}) if old else None, (old or {}).get("metadata"), is_pod=False
    )
    annotations = metadata.get("annotations")
    validate_labels(metadata.get("labels"), f"{path}.labels", errors)
    if annotations:
        validate_annotations(annotations, f"{path}.annotations", errors)
        validate_pod_annotations(annotations, spec, f"{path}.annotations", errors, options)
    validate_pod_spec(spec, f"{path}.spec", errors, options=options)
    if spec.get("ephemeralContainers"):
        errors.forbidden(
            f"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template"
        )


def validate_pod(
    obj: JSONObject,
    errors: ErrorList,
    *,
    old: JSONObject | None = None,
    options: PodValidationOptions | None = None,
) -> PodValidationOptions:
    """Validate what holds for a Pod at creation and at each change; returns the leniencies."""
    metadata = obj.get("metadata") or {}
    spec = obj.get("spec") or {}
    if options is None:
        options = PodValidationOptions.for_update(
            (old.get("spec") or {}) if old else None, (old or {}).get("metadata"), is_pod=True
        )
    if metadata.get("annotations"):
        validate_pod_annotations(
            metadata["annotations"], spec, "metadata.annotations", errors, options
        )
    validate_pod_spec(spec, "spec", errors, metadata=metadata, options=options)
    if not spec.get("serviceAccountName"):
        _refuse_tokens_without_account(spec, errors)
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        if spec.get(kind):
            validate_container_images_of_pod(spec[kind], f"spec.{kind}", errors)
    return options


def _refuse_tokens_without_account(spec: JSONObject, errors: ErrorList) -> None:
    for index, volume in enumerate(spec.get("volumes") or ()):
        projected = volume.get("projected")
        if not projected:
            continue
        for position, source in enumerate(projected.get("sources") or ()):
            if source.get("serviceAccountToken") is not None:
                errors.forbidden(
                    f"spec.volumes[{index}].projected.sources[{position}].serviceAccountToken",
                    "must not be specified when serviceAccountName is not set",
                )


def validate_pod_spec(
    spec: JSONObject,
    path: str,
    errors: ErrorList,
    *,
    metadata: JSONObject | None = None,
    options: PodValidationOptions | None = None,
) -> None:
    """Validate a PodSpec; ``metadata`` is that of the Pod, None for a template."""
    options = options or PodValidationOptions(is_pod=metadata is not None)
    volumes = validate_volumes(
        spec.get("volumes") or (), f"{path}.volumes", errors, metadata, options
    )
    claims = validate_resource_claims(spec, metadata, path, errors)
    scope = PodScope(spec, volumes, claims, options)
    validate_containers(scope, path, errors)
    if spec.get("initContainers"):
        validate_init_containers(scope, path, errors)
    if spec.get("ephemeralContainers"):
        validate_ephemeral_containers(scope, path, errors)
    if spec.get("resources") is not None:
        validate_pod_resources(scope, f"{path}.resources", errors)
    if spec.get("hostNetwork"):
        _validate_host_network_ports(spec, path, errors, options)
    policy = spec.get("restartPolicy", "")
    if not policy:
        errors.required(f"{path}.restartPolicy")
    elif policy not in _RESTART_POLICIES:
        errors.not_supported(f"{path}.restartPolicy", policy, _RESTART_POLICIES)
    validate_dns_policy(spec.get("dnsPolicy", ""), f"{path}.dnsPolicy", errors)
    if spec.get("nodeSelector"):
        validate_labels(spec["nodeSelector"], f"{path}.nodeSelector", errors)
    if spec.get("securityContext"):
        validate_pod_security_context(spec, path, errors, options)
    _validate_placement(spec, path, errors, options)
    _validate_identity(spec, path, errors)
    _validate_classes(spec, path, errors)


def _validate_host_network_ports(
    spec: JSONObject, path: str, errors: ErrorList, options: PodValidationOptions
) -> None:
    for index, container in enumerate(spec.get("containers") or ()):
        for position, port in enumerate(container.get("ports") or ()):
            host_port = port.get("hostPort") or 0
            # In a template an unset host port is filled in when the pod is created.
            must_match = options.is_pod or host_port
            if must_match and host_port != (port.get("containerPort") or 0):
                errors.invalid(
                    f"{path}.containers[{index}].ports[{position}].hostPort",
                    host_port,
                    "must match `containerPort` when `hostNetwork` is true",
                )


def _validate_placement(
    spec: JSONObject, path: str, errors: ErrorList, options: PodValidationOptions
) -> None:
    if spec.get("affinity"):
        validate_affinity(spec["affinity"], f"{path}.affinity", errors, options)
    if spec.get("dnsConfig") is not None or spec.get("dnsPolicy") == "None":
        validate_dns_config(
            spec.get("dnsConfig"), spec.get("dnsPolicy", ""), f"{path}.dnsConfig", errors
        )
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        kind = gate.get("conditionType", "")
        where = f"{path}.readinessGates[{index}].conditionType"
        errors.invalid_each(where, kind, names.qualified_name(kind))
    if spec.get("schedulingGates"):
        validate_scheduling_gates(spec["schedulingGates"], f"{path}.schedulingGates", errors)
    if spec.get("topologySpreadConstraints"):
        validate_topology_spread_constraints(
            spec["topologySpreadConstraints"], f"{path}.topologySpreadConstraints", errors, options
        )
    validate_windows_host_process(spec, path, errors)
    if spec.get("hostUsers") is False:
        validate_host_users(spec, path, errors)


def _validate_identity(spec: JSONObject, path: str, errors: ErrorList) -> None:
    account = spec.get("serviceAccountName")
    if account:
        errors.invalid_each(f"{path}.serviceAccountName", account, names.dns1123_subdomain(account))
    node = spec.get("nodeName")
    if node:
        errors.invalid_each(f"{path}.nodeName", node, names.dns1123_subdomain(node))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None:
        errors.invalid_each(
            f"{path}.activeDeadlineSeconds", deadline, names.in_range(deadline, 1, _MAX_INT32)
        )
    for name in ("hostname", "subdomain"):
        value = spec.get(name)
        if value:
            errors.invalid_each(f"{path}.{name}", value, names.dns1123_label(value))
    if spec.get("hostnameOverride") is not None:
        validate_hostname_override(spec, path, errors)


def _validate_classes(spec: JSONObject, path: str, errors: ErrorList) -> None:
    if spec.get("tolerations"):
        validate_tolerations(spec["tolerations"], f"{path}.tolerations", errors)
    if spec.get("hostAliases"):
        validate_host_aliases(spec["hostAliases"], f"{path}.hostAliases", errors)
    priority_class = spec.get("priorityClassName")
    if priority_class:
        errors.invalid_each(
            f"{path}.priorityClassName", priority_class, names.dns1123_subdomain(priority_class)
        )
    runtime_class = spec.get("runtimeClassName")
    if runtime_class is not None:
        errors.invalid_each(
            f"{path}.runtimeClassName", runtime_class, names.dns1123_subdomain(runtime_class)
        )
    preemption = spec.get("preemptionPolicy")
    if preemption is not None:
        if not preemption:
            errors.required(f"{path}.preemptionPolicy")
        elif preemption not in ("PreemptLowerPriority", "Never"):
            errors.not_supported(
                f"{path}.preemptionPolicy", preemption, ("Never", "PreemptLowerPriority")
            )
    if spec.get("overhead"):
        validate_resource_amounts(spec["overhead"], f"{path}.overhead.limits", errors)
    if spec.get("os") is not None:
        validate_os(spec, path, errors)
