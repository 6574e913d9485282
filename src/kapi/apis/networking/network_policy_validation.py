"""Validation of NetworkPolicy.

Implements "Network Policies" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import metav1, names
from kapi.apimachinery.addresses import cidr_warnings, legacy_cidr, parse_cidr_sloppy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["network_policy_warnings", "validate_network_policy"]

_POLICY_TYPES = ("Ingress", "Egress")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
# Which member of a rule names the peers.
_DIRECTIONS = (("ingress", "from"), ("egress", "to"))


def validate_network_policy(
    obj: JSONObject, errors: ErrorList, *, old: JSONObject | None = None
) -> None:
    """The spec; CIDR values that were stored before may keep their spelling."""
    spec = obj.get("spec") or {}
    metav1.validate_label_selector(spec.get("podSelector") or {}, "spec.podSelector", errors)
    stored = frozenset(value for _, value in _cidrs(old)) if old else frozenset()
    for member, peers in _DIRECTIONS:
        for i, rule in enumerate(spec.get(member) or ()):
            path = f"spec.{member}[{i}]"
            for j, port in enumerate(rule.get("ports") or ()):
                _validate_port(port, f"{path}.ports[{j}]", errors)
            for j, peer in enumerate(rule.get(peers) or ()):
                _validate_peer(peer, f"{path}.{peers}[{j}]", errors, stored)
    types = spec.get("policyTypes") or ()
    if len(types) > len(_POLICY_TYPES):
        errors.invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for i, policy_type in enumerate(types):
        if policy_type not in _POLICY_TYPES:
            errors.not_supported(f"spec.policyTypes[{i}]", policy_type, _POLICY_TYPES)


def _validate_port(entry: JSONObject, path: str, errors: ErrorList) -> None:
    protocol = entry.get("protocol")
    if protocol is not None and protocol not in _PROTOCOLS:
        errors.not_supported(f"{path}.protocol", protocol, _PROTOCOLS)
    port, end = entry.get("port"), entry.get("endPort")
    where = f"{path}.endPort"
    if port is None:
        if end is not None:
            errors.invalid(where, end, "may not be specified when `port` is not specified")
    elif isinstance(port, int):
        errors.invalid_each(f"{path}.port", port, names.port_number(port))
        if end is not None:
            if end < port:
                errors.invalid(where, port, "must be greater than or equal to `port`")
            errors.invalid_each(where, end, names.port_number(end))
    else:
        if end is not None:
            errors.invalid(where, end, "may not be specified when `port` is non-numeric")
        errors.invalid_each(f"{path}.port", port, names.port_name(port))


def _validate_peer(peer: JSONObject, path: str, errors: ErrorList, stored: frozenset[str]) -> None:
    peers = 0
    for member in ("podSelector", "namespaceSelector"):
        selector = peer.get(member)
        if selector is not None:
            peers += 1
            metav1.validate_label_selector(selector, f"{path}.{member}", errors)
    block = peer.get("ipBlock")
    if block is not None:
        peers += 1
        _validate_block(block, f"{path}.ipBlock", errors, stored)
    if not peers:
        errors.required(path, "must specify a peer")
    elif peers > 1 and block is not None:
        errors.forbidden(path, "may not specify both ipBlock and another peer")


def _validate_block(
    block: JSONObject, path: str, errors: ErrorList, stored: frozenset[str]
) -> None:
    cidr = block.get("cidr", "")
    if not cidr:
        errors.required(f"{path}.cidr")
        return
    messages = legacy_cidr(cidr, strict=cidr not in stored)
    network = parse_cidr_sloppy(cidr)
    if messages or network is None:
        errors.invalid_each(f"{path}.cidr", cidr, messages)
        return
    for i, excepted in enumerate(block.get("except") or ()):
        where = f"{path}.except[{i}]"
        messages = legacy_cidr(excepted, strict=excepted not in stored)
        inner = parse_cidr_sloppy(excepted)
        if messages or inner is None:
            errors.invalid_each(where, excepted, messages)
        elif (
            inner.version != network.version
            or inner.prefixlen <= network.prefixlen
            or not network.overlaps(inner)
        ):
            errors.invalid(where, excepted, "must be a strict subset of `cidr`")


def _cidrs(obj: JSONObject) -> Iterator[tuple[str, str]]:
    """Every CIDR value of a policy with its path."""
    spec = obj.get("spec") or {}
    for member, peers in _DIRECTIONS:
        for i, rule in enumerate(spec.get(member) or ()):
            for j, peer in enumerate(rule.get(peers) or ()):
                block = peer.get("ipBlock")
                if block is None:
                    continue
                path = f"spec.{member}[{i}].{peers}[{j}].ipBlock"
                yield f"{path}.cidr", block.get("cidr", "")
                for k, excepted in enumerate(block.get("except") or ()):
                    yield f"{path}.except[{k}]", excepted


def network_policy_warnings(obj: JSONObject) -> list[str]:
    """Spellings of CIDR values that are accepted and unwise."""
    return [warning for path, value in _cidrs(obj) for warning in cidr_warnings(path, value)]
