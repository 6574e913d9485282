"""What is accepted in pods and pod templates and answered with a Warning header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.addresses import ip_warnings
from kapi.apimachinery.field import quote
from kapi.apis.core.pod_validation_annotations import APP_ARMOR_PREFIX, app_armor_profile
from kapi.apis.core.pod_validation_os import containers_with_path
from kapi.apis.core.pod_volume_warnings import volume_warnings
from kapi.apis.core.resource_names import fraction_warnings, may_have_fraction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["pod_warnings", "warn_about_pod", "warn_about_pod_template"]

_NODE_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": (
        'deprecated since v1.17; use "topology.kubernetes.io/region" instead'
    ),
    "failure-domain.beta.kubernetes.io/zone": (
        'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
    ),
    "beta.kubernetes.io/instance-type": (
        'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'
    ),
}
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER_PREFIX = "container.seccomp.security.alpha.kubernetes.io/"
_SECCOMP_DEAD = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_DEPRECATED_ANNOTATIONS = (
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        'non-functional in v1.16+; use the "priorityClassName" field instead',
    ),
    (
        "security.alpha.kubernetes.io/sysctls",
        'non-functional in v1.11+; use the "sysctls" field instead',
    ),
    (
        "security.alpha.kubernetes.io/unsafe-sysctls",
        'non-functional in v1.11+; use the "sysctls" field instead',
    ),
)
_COUNTED_IN_BYTES = ("memory", "ephemeral-storage")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NULL_SELECTOR = "a null labelSelector results in matching no pod"


def warn_about_pod(context: RequestContext, obj: JSONObject) -> None:
    """Warn about a new Pod."""
    name = obj["metadata"].get("name", "")
    messages = names.dns1123_label(name)
    if messages:
        context.warn(
            "metadata.name: this is used in the Pod's hostname, which can result in surprising "
            f"behavior; a DNS label is recommended: [{' '.join(messages)}]"
        )
    for text in pod_warnings(obj["spec"], obj["metadata"], ""):
        context.warn(text)


def warn_about_pod_template(context: RequestContext, template: JSONObject, path: str) -> None:
    """Warn about a pod template at ``path`` (``spec.template``)."""
    metadata = template.get("metadata") or {}
    for text in pod_warnings(template.get("spec") or {}, metadata, path):
        context.warn(text)


def pod_warnings(spec: JSONObject, metadata: JSONObject, path: str) -> Iterator[str]:
    """The warnings of a pod (``path`` empty) or of a template, in order."""
    prefix = f"{path}." if path else ""
    where = f"{prefix}spec"
    if spec.get("nodeSelector"):
        for key in spec["nodeSelector"]:
            if key in _NODE_LABELS:
                yield f"{where}.nodeSelector[{key}]: {_NODE_LABELS[key]}"
    affinity = spec.get("affinity")
    if affinity and affinity.get("nodeAffinity"):
        yield from _node_affinity(affinity["nodeAffinity"], f"{where}.affinity.nodeAffinity")
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        at = f"{where}.topologySpreadConstraints[{index}]"
        key = constraint.get("topologyKey")
        if key in _NODE_LABELS:
            yield f"{at}.topologyKey: {key} is {_NODE_LABELS[key]}"
        if constraint.get("labelSelector") is None:
            yield f"{at}.labelSelector: {_NULL_SELECTOR}"
    annotations = metadata.get("annotations")
    if annotations:
        yield from _annotations(annotations, f"{prefix}metadata.annotations")
    if spec.get("volumes"):
        yield from volume_warnings(spec["volumes"], f"{where}.volumes")
    yield from _repetitions(spec, where)
    if spec.get("overhead"):
        yield from fraction_warnings(spec["overhead"], _COUNTED_IN_BYTES, f"{where}.overhead")
    # Most annotations mean nothing to the server.
    if annotations and not any(map(_is_told_about, annotations)):
        annotations = None
    if annotations:
        yield from _pod_seccomp(spec, annotations, f"{prefix}metadata.annotations")
    for container, at in containers_with_path(spec, where):
        if annotations:
            yield from _container_annotations(
                container,
                spec,
                annotations,
                f"{prefix}metadata.annotations",
                in_template=bool(path),
            )
        yield from _container(container, at)
    yield from _ports(spec, where)
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        yield (
            f"{where}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid "
            "and will be treated as 1"
        )
    if affinity:
        for kind in ("podAffinity", "podAntiAffinity"):
            if affinity.get(kind):
                yield from _pod_affinity(affinity[kind], f"{where}.affinity.{kind}")
    yield from _addresses(spec, where)


def _node_affinity(affinity: JSONObject, path: str) -> Iterator[str]:
    required = affinity.get(_REQUIRED) or {}
    for index, term in enumerate(required.get("nodeSelectorTerms") or ()):
        yield from _node_term(term, f"{path}.{_REQUIRED}.nodeSelectorTerms[{index}]")
    for index, weighted in enumerate(affinity.get(_PREFERRED) or ()):
        at = f"{path}.{_PREFERRED}[{index}].preference"
        term = weighted.get("preference") or {}
        yield from _node_term(term, at)
        for position, expression in enumerate(term.get("matchExpressions") or ()):
            for number, value in enumerate(expression.get("values") or ()):
                for message in names.label_value(value):
                    where = f"{at}.matchExpressions[{position}].values[{number}]"
                    yield f"{where}: {value} is invalid, {message}"


def _node_term(term: JSONObject, path: str) -> Iterator[str]:
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        key = expression.get("key")
        if key in _NODE_LABELS:
            yield f"{path}.matchExpressions[{index}].key: {key} is {_NODE_LABELS[key]}"


def _is_told_about(key: str) -> bool:
    return key.startswith(("container.", _SECCOMP_POD))


def _annotations(annotations: dict[str, str], path: str) -> Iterator[str]:
    for key, message in _DEPRECATED_ANNOTATIONS:
        if key in annotations:
            yield f"{path}[{key}]: {message}"


def _pod_seccomp(spec: JSONObject, annotations: dict[str, str], path: str) -> Iterator[str]:
    if _SECCOMP_POD in annotations and not _security(spec).get("seccompProfile"):
        yield f"{path}[{_SECCOMP_POD}]: {_SECCOMP_DEAD}"


def _container_annotations(
    container: JSONObject,
    spec: JSONObject,
    annotations: dict[str, str],
    path: str,
    *,
    in_template: bool,
) -> Iterator[str]:
    """Annotations that stand for a field of the container which is not set."""
    security = _security(container)
    key = _SECCOMP_CONTAINER_PREFIX + container.get("name", "")
    if key in annotations and not security.get("seccompProfile"):
        yield f"{path}[{key}]: {_SECCOMP_DEAD}"
    key = APP_ARMOR_PREFIX + container.get("name", "")
    if not in_template or key not in annotations or security.get("appArmorProfile"):
        return
    profile = app_armor_profile(annotations[key])
    if not profile or profile != _security(spec).get("appArmorProfile"):
        yield f'{path}[{key}]: deprecated since v1.30; use the "appArmorProfile" field instead'


def _security(owner: JSONObject) -> JSONObject:
    return owner.get("securityContext") or {}


def _repetitions(spec: JSONObject, path: str) -> Iterator[str]:
    for member, key, what in (("hostAliases", "ip", "ip"), ("imagePullSecrets", "name", "name")):
        seen: set[str] = set()
        for index, item in enumerate(spec.get(member) or ()):
            value = item.get(key, "")
            if value in seen:
                yield f"{path}.{member}[{index}].{key}: duplicate {what} {quote(value)}"
            seen.add(value)
    for index, item in enumerate(spec.get("imagePullSecrets") or ()):
        if not item.get("name"):
            yield f'{path}.imagePullSecrets[{index}].name: invalid empty name ""'


def _container(container: JSONObject, path: str) -> Iterator[str]:
    resources = container.get("resources")
    if resources:
        limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
        for name in _COUNTED_IN_BYTES:
            for kind, amounts in (("limits", limits), ("requests", requests)):
                if name in amounts and may_have_fraction(amounts[name]):
                    yield from fraction_warnings(amounts, (name,), f"{path}.resources.{kind}")
    variables = container.get("env")
    if not variables or len(variables) < 2:
        return
    seen: set[str] = set()
    for index, variable in enumerate(variables):
        name = variable.get("name", "")
        if name not in seen:
            seen.add(name)
            continue
        # A value that extends the earlier one refers to it.
        reference = f"$({name})"
        value = variable.get("value", "")
        if variable.get("valueFrom") is not None or value == reference or reference not in value:
            yield (
                f"{path}.env[{index}]: hides previous definition of {quote(name)}, which may be "
                "dropped when using apply"
            )


def _show_port(port: JSONObject) -> str:
    return (
        f"{{Name:{port.get('name', '')} HostPort:{port.get('hostPort', 0)} "
        f"ContainerPort:{port.get('containerPort', 0)} Protocol:{port.get('protocol', '')} "
        f"HostIP:{port.get('hostIP', '')}}}"
    )


def _ports(spec: JSONObject, path: str) -> Iterator[str]:
    earlier: dict[tuple[int, str], list[tuple[str, JSONObject]]] = {}
    named: dict[str, str] = {}
    repeated_names: list[str] = []
    for container, where in containers_with_path(spec, path):
        for index, port in enumerate(container.get("ports") or ()):
            at = f"{where}.ports[{index}]"
            host_port, host_ip = port.get("hostPort") or 0, port.get("hostIP") or ""
            if host_ip and not host_port:
                yield f"{at}: hostIP set without hostPort: {_show_port(port)}"
            key = (port.get("containerPort") or 0, port.get("protocol") or "")
            for other_at, other in earlier.setdefault(key, []):
                other_port, other_ip = other.get("hostPort") or 0, other.get("hostIP") or ""
                if host_ip == other_ip and host_port == other_port:
                    yield f"{at}: duplicate port definition with {other_at}"
                elif not host_port or not other_port:
                    yield f"{at}: overlapping port definition with {other_at}"
                elif host_port == other_port and (not host_ip) != (not other_ip):
                    yield f"{at}: dangerously ambiguous port definition with {other_at}"
            earlier[key].append((at, port))
            name = port.get("name")
            if name and (other_at := named.setdefault(name, at)) != at:
                repeated_names.append(
                    f"{at}: duplicate port name {quote(name)} with {other_at}, services and "
                    f"probes that select ports by name will use {other_at}"
                )
    yield from repeated_names


def _pod_affinity(affinity: JSONObject, path: str) -> Iterator[str]:
    for index, term in enumerate(affinity.get(_REQUIRED) or ()):
        if term.get("labelSelector") is None:
            yield f"{path}.{_REQUIRED}[{index}].labelSelector: {_NULL_SELECTOR}"
    for index, weighted in enumerate(affinity.get(_PREFERRED) or ()):
        if (weighted.get("podAffinityTerm") or {}).get("labelSelector") is None:
            yield (f"{path}.{_PREFERRED}[{index}].podAffinityTerm.labelSelector: {_NULL_SELECTOR}")


def _addresses(spec: JSONObject, path: str) -> Iterator[str]:
    for index, address in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or ()):
        yield from ip_warnings(f"{path}.dnsConfig.nameservers[{index}]", address)
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        yield from ip_warnings(f"{path}.hostAliases[{index}].ip", alias.get("ip", ""))
