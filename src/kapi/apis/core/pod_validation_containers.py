"""Containers and init containers: names, images, ports, and what only some containers may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apis.core.pod_validation_env import validate_env, validate_env_from
from kapi.apis.core.pod_validation_mounts import validate_volume_devices, validate_volume_mounts
from kapi.apis.core.pod_validation_probes import validate_lifecycle, validate_probes
from kapi.apis.core.pod_validation_resources import validate_container_resources
from kapi.apis.core.pod_validation_restart import (
    validate_container_restart_policy,
    validate_resize_policy,
)
from kapi.apis.core.pod_validation_security import validate_security_context

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.apis.core.pod_validation_options import PodScope

__all__ = [
    "validate_container_common",
    "validate_container_images_of_pod",
    "validate_containers",
    "validate_init_containers",
    "validate_pull_policy",
]

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_ONLY_RESTARTABLE = "may not be set for init containers without restartPolicy=Always"


def validate_containers(scope: PodScope, path: str, errors: ErrorList) -> None:
    """Validate ``spec.containers``; ``path`` is that of the pod spec."""
    spec = scope.spec
    path = f"{path}.containers"
    containers = spec.get("containers")
    if not containers:
        errors.required(path)
        return
    grace_period = spec.get("terminationGracePeriodSeconds") or 0
    seen: set[str] = set()
    for index, container in enumerate(containers):
        where = f"{path}[{index}]"
        validate_container_common(container, scope, where, errors)
        name = container.get("name", "")
        if name in seen:
            errors.duplicate(f"{where}.name", name)
        seen.add(name)
        if container.get("lifecycle"):
            validate_lifecycle(
                container["lifecycle"], grace_period, spec, f"{where}.lifecycle", errors
            )
        validate_probes(container, grace_period, where, errors)
        if "restartPolicy" in container or "restartPolicyRules" in container:
            validate_container_restart_policy(container, where, errors)
    _check_host_ports(containers, path, errors)


def validate_init_containers(scope: PodScope, path: str, errors: ErrorList) -> None:
    """Validate ``spec.initContainers``."""
    spec = scope.spec
    path = f"{path}.initContainers"
    grace_period = spec.get("terminationGracePeriodSeconds") or 0
    seen = {container.get("name", "") for container in spec.get("containers") or ()}
    for index, container in enumerate(spec["initContainers"]):
        where = f"{path}[{index}]"
        validate_container_common(container, scope, where, errors)
        if "restartPolicy" in container or "restartPolicyRules" in container:
            validate_container_restart_policy(container, where, errors)
        name = container.get("name", "")
        if name in seen:
            errors.duplicate(f"{where}.name", name)
        elif name:
            seen.add(name)
        # Init containers run one by one, so each only conflicts with itself.
        _check_host_ports((container,), path, errors)
        if container.get("restartPolicy") == "Always":
            if container.get("lifecycle"):
                validate_lifecycle(
                    container["lifecycle"], grace_period, spec, f"{where}.lifecycle", errors
                )
            validate_probes(container, grace_period, where, errors)
        else:
            for field in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
                if container.get(field) is not None:
                    errors.forbidden(f"{where}.{field}", _ONLY_RESTARTABLE)


def validate_container_common(
    container: JSONObject, scope: PodScope, path: str, errors: ErrorList
) -> None:
    """Validate what regular, init and ephemeral containers share."""
    name = container.get("name", "")
    if not name:
        errors.required(f"{path}.name")
    else:
        messages = names.dns1123_label(name)
        if messages:
            errors.invalid_each(f"{path}.name", name, messages)
    if not container.get("image"):
        errors.required(f"{path}.image")
    policy = container.get("terminationMessagePolicy", "")
    if policy not in _MESSAGE_POLICIES:
        if policy:
            errors.not_supported(f"{path}.terminationMessagePolicy", policy, _MESSAGE_POLICIES)
        else:
            errors.required(f"{path}.terminationMessagePolicy")
    if container.get("ports"):
        _validate_ports(container["ports"], f"{path}.ports", errors)
    if container.get("env"):
        validate_env(container["env"], f"{path}.env", errors)
    if container.get("envFrom"):
        validate_env_from(container["envFrom"], f"{path}.envFrom", errors)
    if container.get("volumeMounts"):
        validate_volume_mounts(container, scope.volumes, f"{path}.volumeMounts", errors)
    if container.get("volumeDevices"):
        validate_volume_devices(container, scope.volumes, f"{path}.volumeDevices", errors)
    validate_pull_policy(container.get("imagePullPolicy", ""), f"{path}.imagePullPolicy", errors)
    if container.get("resources"):
        validate_container_resources(container["resources"], scope, f"{path}.resources", errors)
    if container.get("resizePolicy"):
        validate_resize_policy(
            container["resizePolicy"],
            scope.spec.get("restartPolicy"),
            f"{path}.resizePolicy",
            errors,
        )
    if container.get("securityContext"):
        host_users = scope.spec.get("hostUsers") is not False
        validate_security_context(
            container["securityContext"], f"{path}.securityContext", errors, host_users=host_users
        )


def validate_pull_policy(policy: str, path: str, errors: ErrorList) -> None:
    """When an image is pulled."""
    if policy not in _PULL_POLICIES:
        if policy:
            errors.not_supported(path, policy, _PULL_POLICIES)
        else:
            errors.required(path)


def _validate_ports(ports: Iterable[JSONObject], path: str, errors: ErrorList) -> None:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        where = f"{path}[{index}]"
        name = port.get("name")
        if name:
            messages = names.port_name(name)
            if messages:
                errors.invalid_each(f"{where}.name", name, messages)
            elif name in seen:
                errors.duplicate(f"{where}.name", name)
            else:
                seen.add(name)
        number = port.get("containerPort") or 0
        if not number:
            errors.required(f"{where}.containerPort")
        elif not 1 <= number <= 65535:
            errors.invalid_each(f"{where}.containerPort", number, names.port_number(number))
        host_port = port.get("hostPort") or 0
        if host_port and not 1 <= host_port <= 65535:
            errors.invalid_each(f"{where}.hostPort", host_port, names.port_number(host_port))
        protocol = port.get("protocol", "")
        if not protocol:
            errors.required(f"{where}.protocol")
        elif protocol not in _PROTOCOLS:
            errors.not_supported(f"{where}.protocol", protocol, _PROTOCOLS)


def _check_host_ports(containers: Iterable[JSONObject], path: str, errors: ErrorList) -> None:
    seen: set[str] = set()
    for index, container in enumerate(containers):
        for position, port in enumerate(container.get("ports") or ()):
            host_port = port.get("hostPort")
            if not host_port:
                continue
            key = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{host_port}"
            if key in seen:
                errors.duplicate(f"{path}[{index}].ports[{position}].hostPort", key)
            seen.add(key)


def validate_container_images_of_pod(
    containers: Iterable[JSONObject], path: str, errors: ErrorList
) -> None:
    """Refuse white space around image names, which templates may have had and pods may not."""
    for index, container in enumerate(containers):
        image = container.get("image", "")
        if image != image.strip():
            errors.invalid(
                f"{path}[{index}].image", image, "must not have leading or trailing whitespace"
            )
