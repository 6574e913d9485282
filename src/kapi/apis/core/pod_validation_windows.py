"""Windows options of security contexts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kapi.apimachinery import names

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_windows_options"]

_MAX_CREDENTIAL_SPEC_KIB = 64
_MAX_DOMAIN_LENGTH = 256
_MAX_USER_LENGTH = 104
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NETBIOS = re.compile(r"[^\\/:\*\?\"<>|\.][^\\/:\*\?\"<>|]{0,14}")
_DNS_DOMAIN = re.compile(r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9-]+)*")
_ONLY_DOTS = re.compile(r"[. ]+")
_BAD_USER = re.compile(r"[\"/\\:;|=,+*?<>@\[\]]")


def validate_windows_options(options: JSONObject, path: str, errors: ErrorList) -> None:
    """Validate ``windowsOptions`` of a pod or a container."""
    name = options.get("gmsaCredentialSpecName")
    if name is not None:
        errors.invalid_each(f"{path}.gmsaCredentialSpecName", name, names.dns1123_subdomain(name))
    spec = options.get("gmsaCredentialSpec")
    if spec is not None:
        if not spec:
            errors.invalid(
                f"{path}.gmsaCredentialSpec", spec, "gmsaCredentialSpec cannot be an empty string"
            )
        elif len(spec.encode()) > _MAX_CREDENTIAL_SPEC_KIB * 1024:
            errors.invalid(
                f"{path}.gmsaCredentialSpec",
                spec,
                f"gmsaCredentialSpec size must be under {_MAX_CREDENTIAL_SPEC_KIB} KiB",
            )
    user = options.get("runAsUserName")
    if user is not None:
        for message in _user_name_errors(user):
            errors.invalid(f"{path}.runAsUserName", user, message)


def _user_name_errors(name: str) -> list[str]:
    if not name:
        return ["runAsUserName cannot be an empty string"]
    if _CONTROL.search(name):
        return ["runAsUserName cannot contain control characters"]
    if name.count("\\") > 1:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, backslash, user = name.rpartition("\\")
    messages: list[str] = []
    if backslash:
        if len(domain) >= _MAX_DOMAIN_LENGTH:
            messages.append(
                f"runAsUserName's Domain length must be under {_MAX_DOMAIN_LENGTH} characters"
            )
        if not _NETBIOS.fullmatch(domain) and not _DNS_DOMAIN.fullmatch(domain):
            messages.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    if not user:
        messages.append("runAsUserName's User cannot be empty")
    elif len(user) > _MAX_USER_LENGTH:
        messages.append(
            f"runAsUserName's User length must not be longer than {_MAX_USER_LENGTH} characters"
        )
    if user and _ONLY_DOTS.fullmatch(user):
        messages.append("runAsUserName's User cannot contain only periods or spaces")
    if _BAD_USER.search(user):
        messages.append(
            "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"
        )
    return messages
