"""Defaults of pods and pod templates."""

from __future__ import annotations

import pytest

from kapi.apis.core.image_reference import image_pull_policy
from kapi.apis.core.pod_defaults import default_pod, default_pod_spec


def _pod(**spec):
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}], **spec}}
    default_pod(pod)
    return pod


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.29", "IfNotPresent"),
        ("nginx@sha256:" + "2" * 64, "IfNotPresent"),
        ("nginx:latest@sha256:" + "2" * 64, "Always"),
        ("registry.example:5000/nginx", "Always"),
        ("registry.example:5000/nginx:1", "IfNotPresent"),
        ("[fd00::1]:5000/a/b", "Always"),
        ("Not A Reference", "IfNotPresent"),
        ("a" * 64, "IfNotPresent"),
        ("", "IfNotPresent"),
        ("a" * 247, "Always"),
        ("a" * 248, "IfNotPresent"),
        ("x.io/" + "a" * 255, "Always"),
        ("x/" + "a" * 254, "IfNotPresent"),
    ],
)
def test_pull_policy_follows_the_tag(image, policy):
    """An image that means latest is pulled always; what is no reference is not."""
    assert image_pull_policy(image) == policy


def test_a_template_gets_no_defaults_of_pods():
    """Service links, requests and host ports are filled in when the pod is created."""
    spec = {
        "hostNetwork": True,
        "containers": [
            {
                "name": "c",
                "image": "i:1",
                "ports": [{"containerPort": 80}],
                "resources": {"limits": {"cpu": "1"}},
            }
        ],
    }
    default_pod_spec(spec)
    assert "enableServiceLinks" not in spec
    assert spec["containers"][0]["resources"] == {"limits": {"cpu": "1"}}
    assert spec["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert spec["terminationGracePeriodSeconds"] == 30
    assert spec["securityContext"] == {}


def test_a_pod_gets_requests_and_host_ports():
    """Limits fill the requests that are missing, the host network fills host ports."""
    pod = _pod(
        hostNetwork=True,
        containers=[
            {
                "name": "c",
                "image": "i:1",
                "ports": [{"containerPort": 80}],
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}},
            }
        ],
    )
    container = pod["spec"]["containers"][0]
    assert container["ports"][0]["hostPort"] == 80
    assert container["resources"]["requests"] == {"cpu": "500m", "memory": "1Gi"}
    assert pod["spec"]["enableServiceLinks"] is True


def test_pod_level_requests_come_from_containers_then_limits():
    """Requests of the pod as a whole are what its containers ask for, else its limit."""
    pod = _pod(
        containers=[
            {"name": "a", "image": "a:1", "resources": {"requests": {"cpu": "100m"}}},
            {"name": "b", "image": "b:1", "resources": {"requests": {"cpu": "50m"}}},
        ],
        resources={"limits": {"cpu": "2", "memory": "2Gi"}},
    )
    assert pod["spec"]["resources"]["requests"] == {"cpu": "150m", "memory": "2Gi"}


def test_negative_grace_period_becomes_one_in_pods_only():
    """Templates keep what they say."""
    assert _pod(terminationGracePeriodSeconds=-5)["spec"]["terminationGracePeriodSeconds"] == 1
    spec = {"terminationGracePeriodSeconds": -5}
    default_pod_spec(spec)
    assert spec["terminationGracePeriodSeconds"] == -5


def test_probe_numbers_of_zero_count_as_unset():
    """A probe gets its timings, an HTTP action its path and scheme."""
    pod = _pod(
        containers=[
            {
                "name": "c",
                "image": "i",
                "livenessProbe": {"timeoutSeconds": 0, "httpGet": {"port": 80, "path": ""}},
                "readinessProbe": {"grpc": {"port": 1}, "periodSeconds": 3},
            }
        ]
    )
    container = pod["spec"]["containers"][0]
    assert container["livenessProbe"] == {
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
    }
    assert container["readinessProbe"]["grpc"]["service"] == ""
    assert container["readinessProbe"]["periodSeconds"] == 3


def test_volumes_get_modes_and_a_source():
    """A volume without a source is an empty directory; projected files are rw-r--r--."""
    pod = _pod(
        volumes=[
            {"name": "plain"},
            {"name": "host", "hostPath": {"path": "/x"}},
            {
                "name": "all",
                "projected": {
                    "sources": [
                        {"serviceAccountToken": {"path": "t"}},
                        {"downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "f"}}]}},
                    ]
                },
            },
            {"name": "oci", "image": {"reference": "data:7"}},
        ]
    )
    plain, host, projected, image = pod["spec"]["volumes"]
    assert plain == {"name": "plain", "emptyDir": {}}
    assert host["hostPath"]["type"] == ""
    assert projected["projected"]["defaultMode"] == 0o644
    assert projected["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"] == 3600
    item = projected["projected"]["sources"][1]["downwardAPI"]["items"][0]
    assert item["fieldRef"]["apiVersion"] == "v1"
    assert image["image"]["pullPolicy"] == "IfNotPresent"


def test_amounts_below_a_thousandth_round_up():
    """Resources are counted in thousandths."""
    pod = _pod(containers=[{"name": "c", "image": "i", "resources": {"limits": {"cpu": "100u"}}}])
    assert pod["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "1m"},
        "requests": {"cpu": "1m"},
    }


def test_the_older_address_field_wins():
    """Where podIP and podIPs differ, podIP is right; alone, each fills the other."""
    for status, expected in (
        ({"podIP": "10.0.0.1"}, {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]}),
        ({"podIPs": [{"ip": "10.0.0.2"}]}, {"podIP": "10.0.0.2", "podIPs": [{"ip": "10.0.0.2"}]}),
        (
            {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.2"}]},
            {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]},
        ),
    ):
        pod = {"metadata": {}, "spec": {}, "status": status}
        default_pod(pod)
        assert pod["status"] == expected
