"""``--runtime-config``: which APIs are served."""

from __future__ import annotations

import pytest

from kapi.registry.resource_config import ResourceConfig, RuntimeConfigError

KNOWN = {
    ("", "v1", "pods"),
    ("apps", "v1", "deployments"),
    ("batch", "v1", "jobs"),
    ("batch", "v1", "cronjobs"),
    ("storage.k8s.io", "v1beta1", "volumeattributesclasses"),
    ("internal.apiserver.k8s.io", "v1alpha1", "storageversions"),
}


def served(settings):
    config = ResourceConfig(settings, 33, KNOWN)
    return {
        resource for group, version, resource in KNOWN if config.enabled(group, version, resource)
    }


STABLE = {"pods", "deployments", "jobs", "cronjobs"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, STABLE),
        ({"api/all": True}, {*STABLE, "volumeattributesclasses", "storageversions"}),
        ({"api/beta": True}, {*STABLE, "volumeattributesclasses"}),
        ({"api/alpha": True}, {*STABLE, "storageversions"}),
        ({"api/ga": False, "v1": True}, {"pods"}),
        ({"api/all": False, "api/v1": True, "apps/v1": True}, {"pods", "deployments"}),
        ({"batch/v1": False}, {"pods", "deployments"}),
        ({"batch/v1/jobs": False}, STABLE - {"jobs"}),
        ({"api/legacy": False}, STABLE),
    ],
)
def test_what_settings_switch(settings, expected):
    """Selectors of stages, group versions and single resources."""
    assert served(settings) == expected


@pytest.mark.parametrize(
    "settings",
    [
        {"batch/v1/jobs": True, "batch/v1": False, "api/all": True},
        {"api/all": True, "batch/v1": False, "batch/v1/jobs": True},
    ],
)
def test_the_particular_wins_whatever_the_order(settings):
    """A resource over its version, a version over all."""
    assert served(settings) == {
        "pods",
        "deployments",
        "jobs",
        "volumeattributesclasses",
        "storageversions",
    }


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("nothing", "invalid key nothing"),
        ("a/b/c/d", "invalid key a/b/c/d"),
        ("example.com/v1", "unknown api groups example.com"),
        ("apps/v7", "group version apps/v7 that has not been registered in 1.33"),
        ("apps/v1/pods", "apps/v1/pods names no resource of 1.33"),
    ],
)
def test_settings_that_name_nothing_are_refused(key, message):
    """A typing error does not pass for a setting."""
    with pytest.raises(RuntimeConfigError) as error:
        ResourceConfig({key: True}, 33, KNOWN)
    assert str(error.value) == message


def test_a_server_of_nothing_is_refused():
    """``api/all=false`` needs something that is on."""
    with pytest.raises(RuntimeConfigError):
        ResourceConfig({"api/all": False}, 33, KNOWN)
