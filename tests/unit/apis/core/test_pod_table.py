"""What ``kubectl get pods`` shows, QoS classes, and warnings."""

from __future__ import annotations

import pytest

from kapi.apis.core import replication_controller
from kapi.apis.core.pod_columns import POD
from kapi.apis.core.pod_resources import qos_class
from kapi.apis.core.pod_warnings import pod_warnings
from kapi.registry.duration import parse_time

CREATED = "2026-03-04T05:00:00Z"
NOW = parse_time("2026-03-04T05:10:00Z")


def _row(status, spec=None, **metadata):
    pod = {
        "metadata": {"name": "p", "creationTimestamp": CREATED, **metadata},
        "spec": {"containers": [{"name": "c"}], **(spec or {})},
        "status": {"phase": "Running", **status},
    }
    return POD.cells(pod, NOW)


def _container(name="c", ready=True, restarts=0, state=None, last=None):
    return {
        "name": name,
        "ready": ready,
        "restartCount": restarts,
        "state": state or {"running": {}},
        "lastState": last or {},
    }


def _terminated(**values):
    return {"terminated": {"exitCode": 0, **values}}


def test_a_running_pod_with_restarts():
    """Restarts tell when the last one was."""
    last = _terminated(finishedAt="2026-03-04T05:08:00Z")
    row = _row(
        {
            "containerStatuses": [_container(restarts=2, last=last)],
            "podIPs": [{"ip": "10.0.0.7"}],
        },
        {"nodeName": "n"},
    )
    assert row == ["p", "1/1", "Running", "2 (2m ago)", "10m", "10.0.0.7", "n", "<none>", "<none>"]


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"waiting": {"reason": "CrashLoopBackOff"}}, "CrashLoopBackOff"),
        (_terminated(reason="OOMKilled", exitCode=137), "OOMKilled"),
        (_terminated(exitCode=3), "ExitCode:3"),
        (_terminated(exitCode=3, signal=9), "Signal:9"),
    ],
)
def test_the_status_is_what_the_container_says(state, text):
    """A reason wins over the phase; without one, signal or exit code are shown."""
    assert _row({"containerStatuses": [_container(ready=False, state=state)]})[1:3] == ["0/1", text]


def test_completed_beside_running():
    """A pod in which one of two containers ended well is Running only while it is ready."""
    statuses = [
        _container("a", ready=False, state=_terminated(reason="Completed")),
        _container("b"),
    ]
    assert _row({"containerStatuses": statuses})[2] == "NotReady"
    ready = {"type": "Ready", "status": "True"}
    assert _row({"containerStatuses": statuses, "conditions": [ready]})[2] == "Running"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"waiting": {"reason": "PodInitializing"}}, "Init:1/2"),
        ({"waiting": {"reason": "ImagePullBackOff"}}, "Init:ImagePullBackOff"),
        (_terminated(exitCode=1, reason="Error"), "Init:Error"),
        (_terminated(exitCode=1), "Init:ExitCode:1"),
    ],
)
def test_init_containers_come_first(state, text):
    """The first init container that is not done is the status."""
    row = _row(
        {
            "phase": "Pending",
            "initContainerStatuses": [
                _container("a", state=_terminated()),
                _container("b", ready=False, state=state),
            ],
        },
        {"initContainers": [{"name": "a"}, {"name": "b"}]},
    )
    assert row[2] == text


def test_sidecars_count_as_containers():
    """A restarting init container is one of those that can be ready."""
    sidecar = {**_container("s", restarts=4), "started": True}
    row = _row(
        {"containerStatuses": [_container(restarts=1)], "initContainerStatuses": [sidecar]},
        {"initContainers": [{"name": "s", "restartPolicy": "Always"}]},
    )
    assert row[1:4] == ["2/2", "Running", "5"]


def test_terminating_and_lost():
    """Deletion shows until the pod has ended; a lost node makes it unknown."""
    assert _row({}, deletionTimestamp=CREATED)[2] == "Terminating"
    assert _row({"phase": "Failed", "reason": "Evicted"}, deletionTimestamp=CREATED)[2] == "Evicted"
    assert _row({"reason": "NodeLost"}, deletionTimestamp=CREATED)[2] == "Unknown"


def test_row_conditions_of_ended_pods():
    """Kubectl greys out rows of pods that ended."""
    assert POD.conditions({"status": {"phase": "Running"}}) == []
    (condition,) = POD.conditions({"status": {"phase": "Failed"}})
    assert condition["reason"] == "Failed"


def test_readiness_gates_are_counted():
    """How many of the gates are met."""
    gates = [{"conditionType": "a/x"}, {"conditionType": "a/y"}]
    row = _row({"conditions": [{"type": "a/x", "status": "True"}]}, {"readinessGates": gates})
    assert row[-1] == "1/2"


def _limits(**amounts):
    return {"resources": {"limits": amounts, "requests": amounts}}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"containers": [{}]}, "BestEffort"),
        ({"containers": [_limits(cpu="1", memory="1Gi")]}, "Guaranteed"),
        ({"containers": [_limits(cpu="1", memory="1Gi"), {}]}, "Burstable"),
        ({"containers": [_limits(cpu="1")]}, "Burstable"),
        ({"containers": [{"resources": {"requests": {"cpu": "0"}}}]}, "BestEffort"),
        ({"containers": [{"resources": {"limits": {"example.com/gpu": "1"}}}]}, "BestEffort"),
        (
            {"containers": [{}], "resources": _limits(cpu="1", memory="1Gi")["resources"]},
            "Guaranteed",
        ),
        (
            {
                "containers": [_limits(cpu="1", memory="1Gi")],
                "initContainers": [{"resources": {"requests": {"cpu": "1"}}}],
            },
            "Burstable",
        ),
    ],
)
def test_quality_of_service(spec, expected):
    """Guaranteed needs equal limits of cpu and memory in every container, or for the pod."""
    assert qos_class(spec) == expected


def test_warnings_in_order_with_paths_of_the_owner():
    """A template's warnings carry the template's path."""
    spec = {
        "nodeSelector": {"beta.kubernetes.io/os": "linux"},
        "topologySpreadConstraints": [{"topologyKey": "zone"}],
        "volumes": [{"name": "v", "cephfs": {}}],
        "containers": [
            {
                "name": "c",
                "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}],
                "ports": [{"containerPort": 80, "protocol": "TCP"}] * 2,
            }
        ],
    }
    assert [text.partition(": ")[0] for text in pod_warnings(spec, {}, "spec.template")] == [
        "spec.template.spec.nodeSelector[beta.kubernetes.io/os]",
        "spec.template.spec.topologySpreadConstraints[0].labelSelector",
        "spec.template.spec.volumes[0].cephfs",
        "spec.template.spec.containers[0].env[1]",
        "spec.template.spec.containers[0].ports[1]",
    ]


def test_extending_a_variable_is_fine():
    """A second definition that uses the first hides nothing."""
    env = [{"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"}]
    assert list(pod_warnings({"containers": [{"name": "c", "env": env}]}, {}, "")) == []


def test_replication_controller_row():
    """Containers, images and selector are joined by commas."""
    row = replication_controller.COLUMNS.cells(
        {
            "metadata": {"name": "rc", "creationTimestamp": CREATED},
            "spec": {
                "replicas": 3,
                "selector": {"b": "2", "a": "1"},
                "template": {
                    "spec": {
                        "containers": [{"name": "x", "image": "i"}, {"name": "y", "image": "j"}]
                    }
                },
            },
            "status": {"replicas": 2, "readyReplicas": 1},
        },
        NOW,
    )
    assert row == ["rc", 3, 2, 1, "10m", "x,y", "i,j", "a=1,b=2"]


def test_replication_controller_defaults():
    """Selector and labels come from the template, unless given."""
    controller = {
        "metadata": {},
        "spec": {"template": {"metadata": {"labels": {"app": "shop"}}, "spec": {"containers": []}}},
    }
    replication_controller.default_replication_controller(controller)
    assert controller["spec"]["selector"] == {"app": "shop"}
    assert controller["metadata"]["labels"] == {"app": "shop"}
    assert controller["spec"]["replicas"] == 1
