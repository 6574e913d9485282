"""The quality of service class of a pod follows from what its containers ask for."""

from __future__ import annotations

import pytest

from kapi.apis.core.pod_resources import qos_class


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "0"}}, "BestEffort"),
        ({"requests": {"cpu": "-2"}}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"requests": {"cpu": "1"}, "limits": {"cpu": "1", "memory": "-1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Burstable"),
        (
            {
                "requests": {"cpu": "1", "memory": "1Gi"},
                "limits": {"cpu": "1", "memory": "1Gi"},
            },
            "Guaranteed",
        ),
    ],
)
def test_classes(resources: dict, expected: str) -> None:
    """Only amounts above zero count."""
    assert qos_class({"containers": [{"name": "c", "resources": resources}]}) == expected
