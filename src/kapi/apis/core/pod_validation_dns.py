"""Names and addresses of a pod: DNS configuration, host aliases, host names, host users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.addresses import legacy_ip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_dns_config",
    "validate_dns_policy",
    "validate_host_aliases",
    "validate_host_users",
    "validate_hostname_override",
]

_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_MAX_NAMESERVERS = 3
_MAX_SEARCH_PATHS = 32
_MAX_SEARCH_LIST_CHARACTERS = 2048
_MAX_HOSTNAME_LENGTH = 64


def validate_dns_policy(policy: str, path: str, errors: ErrorList) -> None:
    """Validate ``dnsPolicy``."""
    if policy not in _POLICIES:
        if policy:
            errors.not_supported(path, policy, _POLICIES)
        else:
            errors.required(path)


def validate_dns_config(
    config: JSONObject | None, policy: str, path: str, errors: ErrorList
) -> None:
    """Validate ``dnsConfig``, which the policy None needs."""
    if policy == "None":
        if config is None:
            errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
            return
        if not config.get("nameservers"):
            errors.required(
                f"{path}.nameservers",
                "must provide at least one DNS nameserver when `dnsPolicy` is None",
            )
            return
    if not config:
        return
    servers = config.get("nameservers") or []
    if len(servers) > _MAX_NAMESERVERS:
        errors.invalid(
            f"{path}.nameservers",
            servers,
            f"must not have more than {_MAX_NAMESERVERS} nameservers",
        )
    for index, server in enumerate(servers):
        errors.invalid_each(f"{path}.nameservers[{index}]", server, legacy_ip(server))
    _validate_searches(config.get("searches") or [], f"{path}.searches", errors)
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            errors.required(f"{path}.options[{index}]", "must not be empty")


def _validate_searches(searches: list[str], path: str, errors: ErrorList) -> None:
    if len(searches) > _MAX_SEARCH_PATHS:
        errors.invalid(path, searches, f"must not have more than {_MAX_SEARCH_PATHS} search paths")
    if len(" ".join(searches).encode()) > _MAX_SEARCH_LIST_CHARACTERS:
        errors.invalid(
            path,
            searches,
            f"must not have more than {_MAX_SEARCH_LIST_CHARACTERS} characters (including spaces) "
            "in the search list",
        )
    for index, search in enumerate(searches):
        if search == ".":
            continue
        domain = search.removesuffix(".")
        errors.invalid_each(
            f"{path}[{index}]", domain, names.dns1123_subdomain_with_underscore(domain)
        )


def validate_host_aliases(aliases: Iterable[JSONObject], path: str, errors: ErrorList) -> None:
    """Validate ``hostAliases``."""
    for index, alias in enumerate(aliases):
        address = alias.get("ip", "")
        errors.invalid_each(f"{path}[{index}].ip", address, legacy_ip(address))
        for position, hostname in enumerate(alias.get("hostnames") or ()):
            errors.invalid_each(
                f"{path}[{index}].hostnames[{position}]",
                hostname,
                names.dns1123_subdomain(hostname),
            )


def validate_hostname_override(spec: JSONObject, path: str, errors: ErrorList) -> None:
    """Validate ``hostnameOverride`` and what it cannot be combined with."""
    hostname = spec["hostnameOverride"]
    where = f"{path}.hostnameOverride"
    errors.invalid_each(where, hostname, names.dns1123_subdomain(hostname))
    if len(hostname.encode()) > _MAX_HOSTNAME_LENGTH:
        errors.too_long(where, _MAX_HOSTNAME_LENGTH)
    if spec.get("setHostnameAsFQDN"):
        errors.forbidden(where, "may not be specified when setHostnameAsFQDN is true")
    if spec.get("hostNetwork"):
        errors.forbidden(where, "may not be specified when hostNetwork is true")


def validate_host_users(spec: JSONObject, path: str, errors: ErrorList) -> None:
    """A user namespace of its own excludes sharing the node's other namespaces."""
    detail = "when `hostUsers` is false"
    if spec.get("hostNetwork"):
        errors.forbidden(f"{path}.hostNetwork", detail)
    # These two paths are spelled with a capital.
    if spec.get("hostPID"):
        errors.forbidden(f"{path}.HostPID", detail)
    if spec.get("hostIPC"):
        errors.forbidden(f"{path}.HostIPC", detail)
