"""What may change in a stored Pod, through which endpoint."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.core.pod_defaults import default_pod
from kapi.apis.core.pod_strategy import (
    PodBindingStrategy,
    PodEphemeralContainersStrategy,
    PodResizeStrategy,
    PodStatusStrategy,
    PodStrategy,
)
from kapi.apis.core.pod_validation_status import validate_pod_status_update
from kapi.registry.context import RequestContext, UserInfo

NOW = 1772600767.0


@pytest.fixture
def context():
    return RequestContext(UserInfo("me"), "ns", "web", NOW, 36, "v1")


def _pod(context, **spec):
    pod = {
        "metadata": {"name": "web", "namespace": "ns"},
        "spec": {
            "containers": [
                {"name": "app", "image": "app:1", "resources": {"requests": {"cpu": "100m"}}}
            ],
            **spec,
        },
    }
    default_pod(pod)
    PodStrategy().prepare_for_create(context, pod)
    return pod


def _update(context, strategy, old, change):
    new = copy.deepcopy(old)
    change(new)
    stored = copy.deepcopy(old)
    for member in strategy.reset_fields:
        new[member] = copy.deepcopy(stored[member])
    strategy.prepare_for_update(context, new, stored)
    errors = ErrorList()
    strategy.validate_update(context, new, stored, errors)
    assert stored == old
    return new, errors


def test_a_new_pod_is_pending(context):
    """What a client says of the status is dropped; a gated pod says so at once."""
    pod = _pod(context, schedulingGates=[{"name": "example.com/g"}])
    assert pod["status"]["phase"] == "Pending"
    assert pod["status"]["qosClass"] == "Burstable"
    assert pod["status"]["conditions"][0]["reason"] == "SchedulingGated"


def test_images_deadline_and_tolerations_may_change(context):
    """The few fields that a running pod can follow."""

    def change(pod):
        pod["spec"]["containers"][0]["image"] = "app:2"
        pod["spec"]["activeDeadlineSeconds"] = 9
        pod["spec"]["tolerations"] = [{"key": "a", "operator": "Exists"}]

    assert _update(context, PodStrategy(), _pod(context), change)[1] == []


def test_another_change_shows_the_difference(context):
    """The message ends in a unified diff of the two specifications in Go's names."""
    _, errors = _update(
        context, PodStrategy(), _pod(context), lambda pod: pod["spec"].update(hostname="x")
    )
    (error,) = errors
    assert error.path == "spec"
    assert error.reason == "FieldValueForbidden"
    head, diff = error.body.split("\n", 1)
    assert head.startswith("Forbidden: pod updates may not change fields other than `spec.cont")
    assert diff.startswith("@@ -")
    assert '\n- "Hostname": "",\n+ "Hostname": "x",\n' in diff
    assert diff.endswith("\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (None, 5, ""),
        (10, 5, ""),
        (5, 10, "must be less than or equal to previous value"),
        (5, None, "must not update from a positive integer to nil value"),
    ],
)
def test_a_deadline_only_comes_nearer(context, old, new, message):
    """A deadline may be set and shortened."""
    pod = _pod(context, **({"activeDeadlineSeconds": old} if old else {}))

    def change(changed):
        changed["spec"].pop("activeDeadlineSeconds", None)
        if new:
            changed["spec"]["activeDeadlineSeconds"] = new

    _, errors = _update(context, PodStrategy(), pod, change)
    assert [error.body.rpartition(": ")[2] for error in errors] == ([message] if message else [])


def test_tolerations_are_only_added(context):
    """Of those that are there, only the seconds may change."""
    toleration = {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 9}
    pod = _pod(context, tolerations=[toleration])

    def seconds(changed):
        changed["spec"]["tolerations"][0]["tolerationSeconds"] = 1

    def key(changed):
        changed["spec"]["tolerations"][0]["key"] = "b"

    assert _update(context, PodStrategy(), pod, seconds)[1] == []
    assert [e.path for e in _update(context, PodStrategy(), pod, key)[1]] == ["spec.tolerations"]


def test_placement_of_a_gated_pod_may_become_narrower(context):
    """Gates are only removed; while there are some, selectors are only extended."""
    gated = _pod(
        context, schedulingGates=[{"name": "a/a"}, {"name": "a/b"}], nodeSelector={"disk": "ssd"}
    )
    terms = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}

    def narrow(pod):
        pod["spec"]["nodeSelector"]["zone"] = "a"
        pod["spec"]["affinity"] = affinity
        pod["spec"]["schedulingGates"].pop()

    def widen(pod):
        pod["spec"]["nodeSelector"]["disk"] = "hdd"

    narrowed, errors = _update(context, PodStrategy(), gated, narrow)
    assert errors == []
    assert [e.path for e in _update(context, PodStrategy(), gated, widen)[1]] == [
        "spec.nodeSelector"
    ]

    def drop_term(pod):
        pod["spec"]["affinity"] = {"nodeAffinity": {}}

    (error,) = _update(context, PodStrategy(), narrowed, drop_term)[1]
    assert error.body == (
        "Invalid value: null: no additions/deletions to non-empty NodeSelectorTerms list are "
        "allowed"
    )


def test_ephemeral_containers_are_only_added(context):
    """The endpoint takes nothing else of the request."""
    strategy = PodEphemeralContainersStrategy()
    debug = {"name": "debug", "image": "sh:1"}

    def add(pod):
        pod["spec"]["ephemeralContainers"] = [dict(debug)]
        pod["spec"]["hostname"] = "ignored"
        pod["metadata"]["labels"] = {"ignored": "yes"}
        default_pod(pod)

    pod, errors = _update(context, strategy, _pod(context), add)
    assert errors == []
    assert "hostname" not in pod["spec"]
    assert "labels" not in pod["metadata"]

    def change(changed):
        changed["spec"]["ephemeralContainers"][0]["image"] = "sh:2"

    (error,) = _update(context, strategy, pod, change)[1]
    assert error.body.startswith('Forbidden: existing ephemeral containers "debug" may not be cha')
    assert '- "Image": "sh:1",\n+ "Image": "sh:2",\n' in error.body
    (error,) = _update(context, strategy, pod, lambda p: p["spec"].pop("ephemeralContainers"))[1]
    assert error.body.endswith("may not be removed\n")


def test_resize_changes_cpu_and_memory_only(context):
    """Other fields are ignored, other resources and another QoS class refused."""
    strategy = PodResizeStrategy()

    def resources(**requests):
        def change(pod):
            container = pod["spec"]["containers"][0]
            container["image"] = "ignored"
            container["resources"] = {"requests": requests}

        return change

    pod, errors = _update(context, strategy, _pod(context), resources(cpu="200m"))
    assert errors == []
    assert pod["spec"]["containers"][0]["image"] == "app:1"
    assert pod["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "200m"}}
    _, errors = _update(
        context, strategy, _pod(context), resources(**{"cpu": "1", "ephemeral-storage": "1Gi"})
    )
    assert [str(e) for e in errors] == [
        "spec: Forbidden: only cpu and memory resources are mutable"
    ]
    _, errors = _update(context, strategy, _pod(context), resources(memory="1Gi"))
    assert [e.path for e in errors] == ["spec.containers[0].resources.requests"]
    best_effort = _pod(context, containers=[{"name": "app", "image": "app:1"}])
    _, errors = _update(context, strategy, best_effort, resources(cpu="1"))
    assert [e.path for e in errors] == ["spec"]


def test_status_keeps_what_its_reporter_does_not_know(context):
    """The QoS class and observed generations survive an older kubelet."""
    old = _pod(context)
    old["status"]["conditions"] = [{"type": "Ready", "status": "False", "observedGeneration": 3}]

    def report(pod):
        pod["status"] = {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
        }

    pod, errors = _update(context, PodStatusStrategy(), old, report)
    assert errors == []
    assert pod["status"]["qosClass"] == "Burstable"
    assert pod["status"]["conditions"][0]["observedGeneration"] == 3


def test_an_ended_container_stays_ended(context):
    """Unless the pod restarts its containers."""
    running = {"name": "app", "state": {"running": {}}}

    def run(pod):
        pod["status"]["containerStatuses"] = [running]

    for policy, exit_code, refused in (
        ("Never", 1, True),
        ("OnFailure", 1, False),
        ("OnFailure", 0, True),
        ("Always", 0, False),
    ):
        pod = _pod(context, restartPolicy=policy)
        pod["status"]["containerStatuses"] = [
            {"name": "app", "state": {"terminated": {"exitCode": exit_code}}}
        ]
        _, errors = _update(context, PodStatusStrategy(), pod, run)
        assert bool(errors) is refused


def test_binding_forgets_the_nominated_node(context):
    """A pod that has its node waits for none any more, and the stored pod is not touched."""
    old = _pod(context)
    old["status"]["nominatedNodeName"] = "n"
    pod, errors = _update(
        context, PodBindingStrategy(), old, lambda p: p["spec"].update(nodeName="n")
    )
    assert errors == []
    assert "nominatedNodeName" not in pod["status"]


@pytest.mark.parametrize(
    ("spec", "phase", "requested", "seconds"),
    [
        ({}, "Pending", 30, 0),
        ({"nodeName": "n"}, "Running", None, 30),
        ({"nodeName": "n"}, "Running", 5, 5),
        ({"nodeName": "n"}, "Running", -5, 1),
        ({"nodeName": "n"}, "Succeeded", 30, 0),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 0}, "Running", None, 0),
    ],
)
def test_grace_period(context, spec, phase, requested, seconds):
    """Only a pod that runs somewhere needs time to end."""
    pod = _pod(context, **spec)
    pod["status"]["phase"] = phase
    assert PodStrategy().grace_period_seconds(pod, requested) == seconds


def test_match_label_keys_are_merged_at_creation(context):
    """The value of the pod's own label becomes part of the selector."""
    pod = {
        "metadata": {"name": "web", "labels": {"hash": "7"}},
        "spec": {
            "containers": [{"name": "c", "image": "i"}],
            "topologySpreadConstraints": [
                {"matchLabelKeys": ["hash", "other"], "labelSelector": {"matchLabels": {"a": "b"}}}
            ],
        },
    }
    default_pod(pod)
    PodStrategy().prepare_for_create(context, pod)
    assert pod["spec"]["topologySpreadConstraints"][0]["labelSelector"] == {
        "matchLabels": {"a": "b"},
        "matchExpressions": [{"key": "hash", "operator": "In", "values": ["7"]}],
    }


def test_app_armor_annotation_sets_the_field(context):
    """The deprecated annotation still works and is warned of."""
    key = "container.apparmor.security.beta.kubernetes.io/c"
    pod = {
        "metadata": {"name": "web", "annotations": {key: "localhost/shop"}},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    default_pod(pod)
    PodStrategy().prepare_for_create(context, pod)
    assert pod["spec"]["containers"][0]["securityContext"]["appArmorProfile"] == {
        "type": "Localhost",
        "localhostProfile": "shop",
    }
    assert "deprecated since v1.30" in context.warnings[0]


def test_a_claim_has_one_status():
    """A second one of the same name is a duplicate."""
    spec = {"containers": [], "resourceClaims": [{"name": "gpu"}]}
    entry = {"name": "gpu", "resourceClaimName": "c"}
    old = {"metadata": {"name": "p"}, "spec": spec, "status": {}}
    new = {**old, "status": {"resourceClaimStatuses": [entry, dict(entry)]}}
    errors = ErrorList()
    validate_pod_status_update(new, old, errors)
    assert [str(error) for error in errors] == [
        'status.resourceClaimStatuses[1].name: Duplicate value: "gpu"'
    ]
