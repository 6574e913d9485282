"""The baseline level of the Pod Security Standards: no known ways out of the container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.admission.podsecurity.check import (
    Check,
    Violation,
    containers_of,
    quoted,
    security_context,
    setters,
    some,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.types import JSONObject

__all__ = ["BASELINE", "USER_NAMESPACES_SINCE"]

# Since this version pods in a user namespace of their own may do what stays inside it.
USER_NAMESPACES_SINCE = 35
_SECCOMP_FIELDS_SINCE = 19
_APPARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_PREFIX = "seccomp.security.alpha.kubernetes.io/"
_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
_SELINUX_ENGINE_SINCE = 31
# Namespaced sysctls by the version that allows them.
_SYSCTLS = {
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
}


def _apparmor(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    values: list[str] = []

    def is_bad(context: JSONObject) -> bool:
        kind = (context.get("appArmorProfile") or {}).get("type") or ""
        bad = kind not in {"", "RuntimeDefault", "Localhost"}
        if bad:
            values.append(kind)
        return bad

    parts = [each for each in (setters(spec, is_bad),) if each]
    annotations: list[str] = []
    for name, value in sorted((meta.get("annotations") or {}).items()):
        allowed = value in {"", "runtime/default"} or value.startswith("localhost/")
        if name.startswith(_APPARMOR_PREFIX) and not allowed:
            annotations.append(name)
            values.append(value)
    if annotations:
        parts.append(some("annotation", annotations))
    if not parts:
        return None
    distinct = sorted(set(values))
    what = "profile" if len(distinct) == 1 else "profiles"
    detail = f"{' and '.join(parts)} must not set AppArmor profile type to {quoted(distinct)}"
    return Violation(f"forbidden AppArmor {what}", detail)


def _capabilities(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    names: list[str] = []
    added: set[str] = set()
    for container in containers_of(spec):
        given = (security_context(container).get("capabilities") or {}).get("add") or ()
        bad = [each for each in given if each not in _CAPABILITIES]
        if bad:
            names.append(container["name"])
            added.update(bad)
    if not names:
        return None
    return Violation(
        "non-default capabilities",
        f"{some('container', names)} must not include {quoted(sorted(added))} in "
        "securityContext.capabilities.add",
    )


def _host_namespaces(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    used = [f"{each}=true" for each in ("hostNetwork", "hostPID", "hostIPC") if spec.get(each)]
    return Violation("host namespaces", ", ".join(used)) if used else None


def _host_paths(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    names = [v["name"] for v in spec.get("volumes") or () if v.get("hostPath") is not None]
    return Violation("hostPath volumes", some("volume", names)) if names else None


def _host_ports(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    names: list[str] = []
    ports: set[int] = set()
    for container in containers_of(spec):
        given = {p["hostPort"] for p in container.get("ports") or () if p.get("hostPort")}
        if given:
            names.append(container["name"])
            ports |= given
    if not names:
        return None
    noun = "hostPort" if len(ports) == 1 else "hostPorts"
    uses = "uses" if len(names) == 1 else "use"
    numbers = ", ".join(sorted(map(str, ports)))
    return Violation(noun, f"{some('container', names)} {uses} {noun} {numbers}")


def _hosts(container: JSONObject) -> Iterator[str]:
    """The hosts that probes and lifecycle hooks of a container name."""
    lifecycle = container.get("lifecycle") or {}
    handlers = [container.get(each) for each in ("livenessProbe", "readinessProbe", "startupProbe")]
    handlers += [lifecycle.get("postStart"), lifecycle.get("preStop")]
    for handler in handlers:
        for member in ("httpGet", "tcpSocket"):
            host = ((handler or {}).get(member) or {}).get("host")
            if host:
                yield host


def _host_probes(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    names: list[str] = []
    hosts: set[str] = set()
    for container in containers_of(spec):
        found = set(_hosts(container))
        if found:
            names.append(container["name"])
            hosts |= found
    if not names:
        return None
    noun = f"probe or lifecycle host{'' if len(hosts) == 1 else 's'}"
    uses = "uses" if len(names) == 1 else "use"
    return Violation(noun, f"{some('container', names)} {uses} {noun} {quoted(sorted(hosts))}")


def _privileged(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    names = [c["name"] for c in containers_of(spec) if security_context(c).get("privileged")]
    if not names:
        return None
    detail = f"{some('container', names)} must not set securityContext.privileged=true"
    return Violation("privileged", detail)


def _proc_mount(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    if version >= USER_NAMESPACES_SINCE and spec.get("hostUsers") is False:
        return None
    names: list[str] = []
    values: set[str] = set()
    for container in containers_of(spec):
        value = security_context(container).get("procMount") or "Default"
        if value != "Default":
            names.append(container["name"])
            values.add(value)
    if not names:
        return None
    return Violation(
        "procMount",
        f"{some('container', names)} must not set securityContext.procMount to "
        f"{quoted(sorted(values))}",
    )


def _selinux(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    types: set[str] = set()
    more: set[str] = set()
    allowed = _SELINUX_TYPES
    if version >= _SELINUX_ENGINE_SINCE:
        allowed |= {"container_engine_t"}

    def is_bad(context: JSONObject) -> bool:
        given = context.get("seLinuxOptions") or {}
        kind = given.get("type") or ""
        if kind not in allowed:
            types.add(kind)
        members = {each for each in ("user", "role") if given.get(each)}
        more.update(members)
        return kind not in allowed or bool(members)

    who = setters(spec, is_bad)
    if not who:
        return None
    said = [some("type", sorted(types))] if types else []
    said += [f"{each} may not be set" for each in ("user", "role") if each in more]
    what = "; ".join(said)
    return Violation(
        "seLinuxOptions", f"{who} set forbidden securityContext.seLinuxOptions: {what}"
    )


def _seccomp(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    if version < _SECCOMP_FIELDS_SINCE:
        return _seccomp_annotations(meta)
    values: set[str] = set()

    def is_bad(context: JSONObject) -> bool:
        kind = (context.get("seccompProfile") or {}).get("type")
        bad = kind is not None and kind not in {"RuntimeDefault", "Localhost"}
        if bad:
            values.add(str(kind))
        return bad

    who = setters(spec, is_bad)
    if not who:
        return None
    what = quoted(sorted(values))
    detail = f"{who} must not set securityContext.seccompProfile.type to {what}"
    return Violation("seccompProfile", detail)


def _seccomp_annotations(meta: JSONObject) -> Violation | None:
    names: list[str] = []
    values: set[str] = set()
    for name, value in sorted((meta.get("annotations") or {}).items()):
        allowed = value in {"runtime/default", "docker/default"} or value.startswith("localhost/")
        if name.startswith(_SECCOMP_PREFIX) and not allowed:
            names.append(name)
            values.add(value)
    if not names:
        return None
    detail = f"{some('annotation', names)} must not be set to {quoted(sorted(values))}"
    return Violation("seccompProfile", detail)


def _sysctls(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    given = [each.get("name") or "" for each in security_context(spec).get("sysctls") or ()]
    bad = [name for name in given if _SYSCTLS.get(name, version + 1) > version]
    return Violation("forbidden sysctls", ", ".join(bad)) if bad else None


def _host_process(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    who = setters(spec, lambda c: bool((c.get("windowsOptions") or {}).get("hostProcess")))
    if not who:
        return None
    detail = f"{who} must not set securityContext.windowsOptions.hostProcess=true"
    return Violation("hostProcess", detail)


BASELINE: tuple[Check, ...] = (
    Check("appArmorProfile", _apparmor),
    Check("capabilities_baseline", _capabilities),
    Check("hostNamespaces", _host_namespaces),
    Check("hostPathVolumes", _host_paths),
    Check("hostPorts", _host_ports),
    Check("hostProbesAndHostLifecycle", _host_probes, since=34),
    Check("privileged", _privileged),
    Check("procMount", _proc_mount),
    Check("seLinuxOptions", _selinux),
    Check("seccompProfile_baseline", _seccomp),
    Check("sysctls", _sysctls),
    Check("windowsHostProcess", _host_process),
)
