"""Warnings about pods that are accepted."""

from __future__ import annotations

import pytest

from kapi.apis.core.pod_warnings import pod_warnings


def _warnings(spec, *, annotations=None, path=""):
    spec = {"containers": [{"name": "app", "image": "app:1"}], **spec}
    return list(pod_warnings(spec, {"annotations": annotations}, path))


def _volume(**source):
    return {"volumes": [{"name": "v", **source}]}


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        (
            {"configMap": {"name": "c", "items": [{"path": "a/"}, {"path": "a/b"}]}},
            '(ConfigMap "c"): overlapping paths: "a/b" with "a"',
        ),
        (
            {"secret": {"secretName": "s", "items": [{"path": "a"}, {"path": "a"}]}},
            '(Secret "s"): overlapping paths: "a" with "a"',
        ),
        (
            {"downwardAPI": {"items": [{"path": "x/y"}, {"path": "x"}]}},
            '(DownwardAPI): overlapping paths: "x" with "x/y"',
        ),
        (
            {
                "projected": {
                    "sources": [
                        {"serviceAccountToken": {"path": "t"}},
                        {"configMap": {"name": "c", "items": [{"path": "t"}]}},
                    ]
                }
            },
            '(Projected): overlapping paths: "t" (ConfigMap "c") with "t" (ServiceAccountToken)',
        ),
        ({"projected": {"sources": [{}]}}, "(Projected) has no sources provided"),
    ],
)
def test_files_of_a_volume_that_hide_each_other(volume, expected):
    """Equal paths and paths below each other are told with both, the later first."""
    assert _warnings(_volume(**volume)) == [f'volume "v" {expected}']


def test_files_beside_each_other_are_fine():
    """A path that only starts like another one is no part of it."""
    items = [{"path": "a"}, {"path": "ab"}, {"path": "b/a"}]
    assert _warnings(_volume(configMap={"name": "c", "items": items})) == []


def test_a_port_name_that_is_given_twice():
    """Services find the first port of the name, in whatever container it is."""
    web = {"name": "web", "containerPort": 1}
    other = {"name": "web", "containerPort": 2}
    containers = [{"name": "a", "ports": [web]}, {"name": "b", "ports": [other]}]
    first = "spec.containers[0].ports[0]"
    (text,) = _warnings({"containers": containers})
    assert text == (
        f'spec.containers[1].ports[0]: duplicate port name "web" with {first}, services and probes '
        f"that select ports by name will use {first}"
    )


def test_fractions_of_bytes():
    """Amounts of memory in containers, overheads and claims are whole bytes."""
    claim = {"spec": {"resources": {"requests": {"storage": "1m"}}}}
    spec = _volume(ephemeral={"volumeClaimTemplate": claim})
    spec["overhead"] = {"memory": "1500m", "cpu": "1m"}
    spec["containers"] = [
        {"name": "a", "resources": {"limits": {"memory": "1e-3"}, "requests": {"memory": "1Ki"}}}
    ]
    assert [text.split(":")[0] for text in _warnings(spec)] == [
        "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]",
        "spec.overhead[memory]",
        "spec.containers[0].resources.limits[memory]",
    ]


def test_seccomp_annotations_without_their_field():
    """The annotations have no effect any more; with the field they do no harm."""
    annotations = {
        "seccomp.security.alpha.kubernetes.io/pod": "runtime/default",
        "container.seccomp.security.alpha.kubernetes.io/app": "runtime/default",
    }
    assert [text.split(":")[0] for text in _warnings({}, annotations=annotations)] == [
        f"metadata.annotations[{key}]" for key in annotations
    ]
    security = {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}
    spec = {**security, "containers": [{"name": "app", **security}]}
    assert _warnings(spec, annotations=annotations) == []


def test_app_armor_annotations_of_templates():
    """The annotation needs no warning where the pod has the same profile as a field."""
    annotations = {"container.apparmor.security.beta.kubernetes.io/app": "localhost/x"}
    profile = {"type": "Localhost", "localhostProfile": "x"}
    same = {"securityContext": {"appArmorProfile": profile}}
    assert len(_warnings({}, annotations=annotations, path="spec.template")) == 1
    assert _warnings(same, annotations=annotations, path="spec.template") == []
    assert _warnings({}, annotations=annotations) == []


def test_values_of_node_affinity_that_no_label_can_have():
    """A preference is told with the value and what is wrong with it."""
    preference = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["-x"]}]}
    terms = [{"weight": 1, "preference": preference}]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}}
    (text,) = _warnings({"affinity": affinity})
    assert ".preference.matchExpressions[0].values[0]: -x is invalid, a valid label must" in text
