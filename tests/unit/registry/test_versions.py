"""Which versions are preferred, stored and on by default."""

from __future__ import annotations

import pytest

from kapi.registry.versions import (
    hub_version,
    is_enabled_by_default,
    priority,
    stage,
    storage_version,
)

FLOWCONTROL = "flowcontrol.apiserver.k8s.io"


def test_stable_versions_come_before_betas_and_those_before_alphas():
    """Within a stage the higher number is preferred; other names come last."""
    versions = ["foo", "v1alpha2", "v1", "v1beta2", "v2", "v1beta10", "v1alpha1"]
    assert sorted(versions, key=priority) == [
        "v2",
        "v1",
        "v1beta10",
        "v1beta2",
        "v1alpha2",
        "v1alpha1",
        "foo",
    ]


@pytest.mark.parametrize(
    ("version", "expected"), [("v1", "ga"), ("v2beta2", "beta"), ("v1alpha3", "alpha")]
)
def test_stage_of_a_version(version, expected):
    """The stage is in the name."""
    assert stage(version) == expected


@pytest.mark.parametrize(
    ("version", "resource", "last"),
    [
        ("v1beta1", "flowschemas", 25),
        ("v1beta2", "flowschemas", 28),
        ("v1beta3", "prioritylevelconfigurations", 31),
    ],
)
def test_betas_of_flow_control_stay_on_until_they_are_removed(version, resource, last):
    """They were on before new betas stopped being so."""
    assert is_enabled_by_default(FLOWCONTROL, version, resource, last)
    assert not is_enabled_by_default(FLOWCONTROL, version, resource, last + 1)


def test_new_betas_are_off():
    """Also in a group version that has an old beta."""
    assert is_enabled_by_default("storage.k8s.io", "v1beta1", "csistoragecapacities", 26)
    assert not is_enabled_by_default("storage.k8s.io", "v1beta1", "volumeattributesclasses", 31)
    assert not is_enabled_by_default("resource.k8s.io", "v1beta1", "resourceclaims", 32)
    assert is_enabled_by_default("resource.k8s.io", "v1", "resourceclaims", 34)


def test_the_hub_is_the_same_before_the_stable_version_is_served():
    """So rules know one form and a newer server reads what an older one stored."""
    ever = ["v1", "v1beta1", "v1beta2", "v1beta3"]
    assert hub_version(FLOWCONTROL, "flowschemas", ["v1beta1", "v1beta2"], ever) == "v1"


def test_unrelated_designs_are_stored_as_they_are():
    """The first versions of resource.k8s.io cannot be turned into the later ones."""
    ever = ["v1", "v1beta2", "v1beta1", "v1alpha3", "v1alpha2", "v1alpha1"]
    group, resource = "resource.k8s.io", "resourceclaims"
    assert hub_version(group, resource, ["v1alpha2"], ever) == "v1alpha2"
    assert hub_version(group, resource, ["v1alpha3"], ever) == "v1"


def test_autoscalers_are_stored_as_v2():
    """v1 is a reduced view of v2."""
    group, resource = "autoscaling", "horizontalpodautoscalers"
    versions = ["v1", "v2", "v2beta2"]
    assert hub_version(group, resource, versions, versions) == "v2"
    assert storage_version(group, resource, versions) == "v2"
    assert storage_version(FLOWCONTROL, "flowschemas", ["v1beta1", "v1beta2"]) == "v1beta2"
