"""The restricted level of the Pod Security Standards: hardened pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.admission.podsecurity.baseline import USER_NAMESPACES_SINCE
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
    from kapi.apimachinery.types import JSONObject

__all__ = ["RESTRICTED"]

# Since this version rules of Linux do not hold for pods that say they are for Windows.
_WINDOWS_SINCE = 25
_VOLUME_TYPES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)


def _for_windows(spec: JSONObject, version: int) -> bool:
    return version >= _WINDOWS_SINCE and (spec.get("os") or {}).get("name") == "windows"


def _has_own_users(spec: JSONObject, version: int) -> bool:
    return version >= USER_NAMESPACES_SINCE and spec.get("hostUsers") is False


def _escalation(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    if _for_windows(spec, version):
        return None
    names = [
        c["name"]
        for c in containers_of(spec)
        if security_context(c).get("allowPrivilegeEscalation") is not False
    ]
    if not names:
        return None
    return Violation(
        "allowPrivilegeEscalation != false",
        f"{some('container', names)} must set securityContext.allowPrivilegeEscalation=false",
    )


def _capabilities(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    if _for_windows(spec, version):
        return None
    undropped: list[str] = []
    adding: list[str] = []
    added: set[str] = set()
    for container in containers_of(spec):
        given = security_context(container).get("capabilities") or {}
        if "ALL" not in (given.get("drop") or ()):
            undropped.append(container["name"])
        bad = [each for each in given.get("add") or () if each != "NET_BIND_SERVICE"]
        if bad:
            adding.append(container["name"])
            added.update(bad)
    said: list[str] = []
    if undropped:
        said.append(
            f'{some("container", undropped)} must set securityContext.capabilities.drop=["ALL"]'
        )
    if adding:
        said.append(
            f"{some('container', adding)} must not include {quoted(sorted(added))} in "
            "securityContext.capabilities.add"
        )
    return Violation("unrestricted capabilities", "; ".join(said)) if said else None


def _volumes(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    names: list[str] = []
    types: set[str] = set()
    for volume in spec.get("volumes") or ():
        bad = [each for each in volume if each != "name" and each not in _VOLUME_TYPES]
        if bad:
            names.append(volume["name"])
            types.update(bad)
    if not names:
        return None
    uses = "uses" if len(names) == 1 else "use"
    noun = "type" if len(types) == 1 else "types"
    return Violation(
        "restricted volume types",
        f"{some('volume', names)} {uses} restricted volume {noun} {quoted(sorted(types))}",
    )


def _non_root(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    if _has_own_users(spec, version):
        return None
    reason = "runAsNonRoot != true"
    who = setters(spec, lambda context: context.get("runAsNonRoot") is False)
    if who:
        return Violation(reason, f"{who} must not set securityContext.runAsNonRoot=false")
    if security_context(spec).get("runAsNonRoot"):
        return None
    silent = [c["name"] for c in containers_of(spec) if not security_context(c).get("runAsNonRoot")]
    if not silent:
        return None
    detail = f"pod or {some('container', silent)} must set securityContext.runAsNonRoot=true"
    return Violation(reason, detail)


def _user(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    if _has_own_users(spec, version):
        return None
    who = setters(spec, lambda context: context.get("runAsUser") == 0)
    return Violation("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def _seccomp(meta: JSONObject, spec: JSONObject, version: int) -> Violation | None:
    if _for_windows(spec, version):
        return None
    good = {"RuntimeDefault", "Localhost"}
    values: set[str] = set()

    def kind_of(context: JSONObject) -> str | None:
        kind: str | None = (context.get("seccompProfile") or {}).get("type")
        return kind

    def is_bad(context: JSONObject) -> bool:
        kind = kind_of(context)
        if kind is None or kind in good:
            return False
        values.add(kind)
        return True

    who = setters(spec, is_bad)
    if who:
        what = quoted(sorted(values))
        detail = f"{who} must not set securityContext.seccompProfile.type to {what}"
        return Violation("seccompProfile", detail)
    if kind_of(security_context(spec)) in good:
        return None
    silent = [c["name"] for c in containers_of(spec) if kind_of(security_context(c)) is None]
    if not silent:
        return None
    return Violation(
        "seccompProfile",
        f"pod or {some('container', silent)} must set securityContext.seccompProfile.type to "
        '"RuntimeDefault" or "Localhost"',
    )


RESTRICTED: tuple[Check, ...] = (
    Check("allowPrivilegeEscalation", _escalation, since=8),
    Check("capabilities_restricted", _capabilities, 22, "capabilities_baseline"),
    Check("restrictedVolumes", _volumes, overrides="hostPathVolumes"),
    Check("runAsNonRoot", _non_root),
    Check("runAsUser", _user, since=23),
    Check("seccompProfile_restricted", _seccomp, 19, "seccompProfile_baseline"),
)
