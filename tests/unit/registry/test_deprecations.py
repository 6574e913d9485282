"""What each minor version says about deprecated APIs."""

from __future__ import annotations

import pytest

from kapi.registry.deprecations import deprecation_warning

FLOW = "flowcontrol.apiserver.k8s.io"
LEVEL = "PriorityLevelConfiguration"


@pytest.mark.parametrize(
    ("group", "version", "kind", "minor", "expected"),
    [
        ("", "v1", "ComponentStatus", 25, "v1 ComponentStatus is deprecated in v1.19+"),
        ("", "v1", "Endpoints", 32, ""),
        (
            "",
            "v1",
            "Endpoints",
            33,
            "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        ),
        (
            "autoscaling",
            "v2beta2",
            "HorizontalPodAutoscaler",
            25,
            (
                "autoscaling/v2beta2 HorizontalPodAutoscaler is deprecated in v1.23+, unavailable "
                "in v1.26+; use autoscaling/v2 HorizontalPodAutoscaler"
            ),
        ),
        (
            FLOW,
            "v1beta1",
            LEVEL,
            25,
            (
                f"{FLOW}/v1beta1 {LEVEL} is deprecated in v1.23+, unavailable in v1.26+; "
                f"use {FLOW}/v1beta2 {LEVEL}"
            ),
        ),
        (FLOW, "v1beta2", LEVEL, 25, ""),
        (
            FLOW,
            "v1beta2",
            LEVEL,
            28,
            (
                f"{FLOW}/v1beta2 {LEVEL} is deprecated in v1.26+, unavailable in v1.29+; "
                f"use {FLOW}/v1beta3 {LEVEL}"
            ),
        ),
        (
            "certificates.k8s.io",
            "v1alpha1",
            "ClusterTrustBundle",
            33,
            (
                "certificates.k8s.io/v1alpha1 ClusterTrustBundle is deprecated in v1.29+, "
                "unavailable in v1.32+"
            ),
        ),
        (
            "certificates.k8s.io",
            "v1alpha1",
            "ClusterTrustBundle",
            34,
            (
                "certificates.k8s.io/v1alpha1 ClusterTrustBundle is deprecated in v1.34+, "
                "unavailable in v1.37+"
            ),
        ),
        ("apps", "v1", "Deployment", 37, ""),
    ],
)
def test_text_of_the_warning(group, version, kind, minor, expected):
    """Since when, until when and what instead, as that minor version words it."""
    assert deprecation_warning(group, version, kind, minor) == expected
