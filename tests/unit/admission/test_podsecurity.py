"""Pod Security Standards: levels, versions, and how findings are told."""

from __future__ import annotations

import pytest

from kapi.admission.podsecurity.policy import Level, policy_of, validate_labels, violations
from kapi.apimachinery.field import ErrorList

WHAT = "must not set securityContext.seccompProfile.type"
LEVELS = "must be one of privileged, baseline, restricted"
VERSIONS = 'must be "latest" or "v1.x"'
PREFIX = "pod-security.kubernetes.io/"
HARDENED = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def found(level, spec=None, *, version="latest", context=None, served=37):
    """What a pod of two containers violates."""
    containers = [{"name": name, "securityContext": context or {}} for name in ("a", "b")]
    pod = {"containers": containers, **(spec or {})}
    return [str(v) for v in violations({}, pod, Level(level, version), served)]


def test_hardened_pod_is_fine():
    """Nothing is said about a pod that keeps every rule."""
    assert found("restricted", context=HARDENED) == []


def test_privileged_level_allows_everything():
    """It has no rules."""
    assert found("privileged", {"hostNetwork": True}, context={"privileged": True}) == []


def test_several_containers_are_told_together():
    """In the plural."""
    assert found("baseline", context={"privileged": True}) == [
        'privileged (containers "a", "b" must not set securityContext.privileged=true)'
    ]


def test_pod_and_containers_are_told_together():
    """Whoever sets something is named."""
    profile = {"seccompProfile": {"type": "Unconfined"}}
    assert found("baseline", {"securityContext": profile}, context=profile) == [
        f'seccompProfile (pod and containers "a", "b" {WHAT} to "Unconfined")'
    ]


@pytest.mark.parametrize(
    ("version", "allowed"), [("v1.28", False), ("v1.29", True), ("latest", True), ("v1.99", True)]
)
def test_rules_of_a_version(version, allowed):
    """A namespace keeps the rules of the version it names, at most those that are served."""
    spec = {"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_keepalive_time"}]}}
    assert (found("baseline", spec, version=version) == []) is allowed


def test_restricted_rule_replaces_the_baseline_one():
    """A hostPath volume is told once."""
    volumes = {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}
    said = found("restricted", volumes, context=HARDENED)
    assert said == ['restricted volume types (volume "v" uses restricted volume type "hostPath")']


def test_windows_pods():
    """Rules of Linux do not hold for them since 1.25."""
    spec = {"os": {"name": "windows"}, "securityContext": {"runAsNonRoot": True}}
    assert found("restricted", spec) == []
    assert len(found("restricted", spec, version="v1.24")) == 3


def test_warn_follows_enforce():
    """Unless a level to warn about is named."""
    assert policy_of({f"{PREFIX}enforce": "baseline"}).warn == Level("baseline")
    labels = {f"{PREFIX}enforce": "baseline", f"{PREFIX}warn": "privileged"}
    assert policy_of(labels).warn == Level("privileged")


def test_misspelled_labels():
    """They are refused; where they are in force all the same, the strictest level holds."""
    labels = {f"{PREFIX}enforce": "strict", f"{PREFIX}warn-version": "1.24"}
    errors = ErrorList()
    validate_labels(labels, errors)
    assert [str(error) for error in errors] == [
        f'metadata.labels[{PREFIX}enforce]: Invalid value: "strict": {LEVELS}',
        f'metadata.labels[{PREFIX}warn-version]: Invalid value: "1.24": {VERSIONS}',
    ]
    assert policy_of(labels).enforce == Level("restricted")
