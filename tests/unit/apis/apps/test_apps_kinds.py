"""Deployment, ReplicaSet, StatefulSet, DaemonSet and ControllerRevision."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.apps import columns, defaults, strategy
from kapi.registry.context import RequestContext, UserInfo

CONTEXT = RequestContext(UserInfo("admin"), "ns", "web", 1_772_600_767.0, 36)


def workload(**spec):
    """A workload of one container."""
    labels = {"app": "web"}
    return {
        "metadata": {"name": "web", "namespace": "ns"},
        "spec": {
            "selector": {"matchLabels": dict(labels)},
            "template": {
                "metadata": {"labels": dict(labels)},
                "spec": {"containers": [{"name": "c", "image": "i:1"}]},
            },
            **spec,
        },
    }


def deployment(**spec):
    """A defaulted Deployment."""
    obj = workload(**spec)
    defaults.default_deployment(obj)
    return obj


def stateful_set(**spec):
    """A defaulted StatefulSet."""
    obj = workload(**spec)
    defaults.default_stateful_set(obj)
    return obj


def daemon_set(**spec):
    """A defaulted DaemonSet."""
    obj = workload(**spec)
    defaults.default_daemon_set(obj)
    return obj


def problems(rules, obj, old=None):
    """What a strategy finds wrong."""
    errors = ErrorList()
    if old is None:
        rules.validate(CONTEXT, obj, errors)
    else:
        rules.validate_update(CONTEXT, obj, old, errors)
    return [str(error) for error in errors]


def test_each_half_of_a_rolling_update_has_its_own_default():
    """A surge given by the client leaves the other limit to the server."""
    spec = deployment(strategy={"rollingUpdate": {"maxSurge": 2}})["spec"]
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 2, "maxUnavailable": "25%"},
    }
    assert (spec["replicas"], spec["revisionHistoryLimit"]) == (1, 10)
    assert spec["progressDeadlineSeconds"] == 600


def test_recreate_has_no_rolling_update():
    """Limits of a rolling update are neither added to Recreate nor accepted there."""
    obj = deployment(strategy={"type": "Recreate"})
    assert obj["spec"]["strategy"] == {"type": "Recreate"}
    assert problems(strategy.DeploymentStrategy(), obj) == []
    obj["spec"]["strategy"]["rollingUpdate"] = {"maxSurge": 1}
    assert problems(strategy.DeploymentStrategy(), obj) == [
        (
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is "
            "'Recreate'"
        )
    ]


def test_zero_replicas_are_no_missing_replicas():
    """A count that is given is kept, also zero."""
    assert deployment(replicas=0)["spec"]["replicas"] == 0


def test_a_selector_that_selects_nothing_is_told_twice():
    """A missing selector is required, and does not select the template either."""
    obj = deployment()
    del obj["spec"]["selector"]
    assert problems(strategy.DeploymentStrategy(), obj) == [
        "spec.selector: Required value",
        (
            'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not '
            "match template `labels`"
        ),
    ]


def test_a_selector_that_cannot_be_read_hides_the_template():
    """The template is only judged by a selector that can be evaluated."""
    expressions = [{"key": "app", "operator": "Is", "values": ["x"]}]
    obj = deployment(selector={"matchExpressions": expressions}, replicas=-1)
    assert problems(strategy.DeploymentStrategy(), obj) == [
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        (
            'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector '
            "operator"
        ),
        (
            'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Is",'
            '"values":["x"]}]}: invalid label selector'
        ),
    ]


def test_an_unknown_strategy_is_shown_with_its_go_names():
    """The message shows the whole strategy as the server's own type has it."""
    obj = deployment(strategy={"type": "BlueGreen"})
    assert problems(strategy.DeploymentStrategy(), obj) == [
        (
            'spec.strategy: Unsupported value: {"Type":"BlueGreen","RollingUpdate":null}: '
            'supported values: "Recreate", "RollingUpdate"'
        )
    ]


def test_a_rolling_update_must_be_able_to_move():
    """Zero surge with zero unavailable pods never replaces a pod."""
    limits = {"maxSurge": "0%", "maxUnavailable": 0}
    obj = deployment(strategy={"rollingUpdate": limits})
    assert problems(strategy.DeploymentStrategy(), obj) == [
        (
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when "
            "`maxSurge` is 0"
        )
    ]


def test_the_deadline_exceeds_the_time_to_become_ready():
    """A pod must be able to become ready before its deployment counts as stuck."""
    obj = deployment(minReadySeconds=60, progressDeadlineSeconds=60)
    assert problems(strategy.DeploymentStrategy(), obj) == [
        "spec.progressDeadlineSeconds: Invalid value: 60: must be greater than minReadySeconds"
    ]


@pytest.mark.parametrize(
    "rules", [strategy.DeploymentStrategy(), strategy.ReplicaSetStrategy()], ids=["dep", "rs"]
)
def test_the_selector_stays(rules):
    """A changed selector is refused and shown with its labels sorted."""
    old = deployment()
    new = copy.deepcopy(old)
    labels = {"x": "y", "app": "web"}
    new["spec"]["selector"]["matchLabels"] = labels
    new["spec"]["template"]["metadata"]["labels"] = labels
    assert problems(rules, new, old) == [
        'spec.selector: Invalid value: {"matchLabels":{"app":"web","x":"y"}}: field is immutable'
    ]


def test_no_part_of_the_replicas_exceeds_the_whole():
    """Counts of a status fit together, and collisions are not forgotten."""
    old = {"status": {"replicas": 2, "collisionCount": 3}}
    new = {"status": {"replicas": 1, "updatedReplicas": 2, "readyReplicas": 1}}
    assert problems(strategy.DeploymentStatusStrategy(), new, old) == [
        "status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.collisionCount: Invalid value: 0: cannot be decremented",
    ]


def test_a_name_with_dots_is_accepted_with_a_warning():
    """It is a name for the object and none for its pods."""
    context = RequestContext(UserInfo("admin"), "ns", "shop.v1", 0.0, 36)
    obj = deployment()
    obj["metadata"]["name"] = "shop.v1"
    strategy.DeploymentStrategy().warnings_on_create(context, obj)
    assert context.warnings == [
        (
            "metadata.name: this is used in Pod names and hostnames, which can result in "
            "surprising behavior; a DNS label is recommended: [must not contain dots]"
        )
    ]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
        ({"type": "RollingUpdate"}, {"type": "RollingUpdate"}),
        ({"type": "OnDelete"}, {"type": "OnDelete"}),
    ],
)
def test_the_partition_is_only_filled_in_for_an_unset_strategy(given, stored):
    """A strategy that the client names stays as it is."""
    spec = stateful_set(**({} if given is None else {"updateStrategy": given}))["spec"]
    assert spec["updateStrategy"] == stored


def test_claim_templates_are_written_like_claims():
    """They get the kind, the phase and the volume mode of a claim of its own."""
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    spec = stateful_set(volumeClaimTemplates=[claim])["spec"]
    assert spec["volumeClaimTemplates"] == [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem"},
            "status": {"phase": "Pending"},
        }
    ]


def test_only_some_members_of_a_stateful_set_change():
    """The size and the template may change, where its pods keep their data may not."""
    old = stateful_set(serviceName="db")
    new = copy.deepcopy(old)
    new["spec"].update(replicas=3, minReadySeconds=2, revisionHistoryLimit=1)
    assert problems(strategy.StatefulSetStrategy(), new, old) == []
    new["spec"]["serviceName"] = "other"
    assert problems(strategy.StatefulSetStrategy(), new, old) == [
        (
            "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', "
            "'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
            "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
        )
    ]


def test_a_stateful_set_is_named_like_a_host():
    """Dots are refused, because the name becomes part of host names."""
    assert strategy.StatefulSetStrategy().validate_name("a.b", prefix=False)
    assert not strategy.DeploymentStrategy().validate_name("a.b", prefix=False)


def test_a_node_is_updated_with_a_gap_or_with_a_surge():
    """Not both, and one of them."""
    both = daemon_set(updateStrategy={"rollingUpdate": {"maxSurge": 1}})
    assert problems(strategy.DaemonSetStrategy(), both) == [
        (
            "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when "
            "maxUnavailable is non-zero"
        )
    ]
    neither = daemon_set(updateStrategy={"rollingUpdate": {"maxUnavailable": "0%"}})
    assert problems(strategy.DaemonSetStrategy(), neither) == [
        (
            "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when "
            "maxSurge is 0"
        )
    ]


def test_the_server_counts_the_templates_of_a_daemon_set():
    """The annotation follows the template, whatever clients write into it."""
    rules = strategy.DaemonSetStrategy()
    key = "deprecated.daemonset.template.generation"
    obj = daemon_set()
    obj["metadata"]["annotations"] = {key: "7", "a": "b"}
    rules.prepare_for_create(CONTEXT, obj)
    assert obj["metadata"]["annotations"] == {key: "1", "a": "b"}
    same = copy.deepcopy(obj)
    same["metadata"]["annotations"] = {}
    same["spec"]["minReadySeconds"] = 1
    rules.prepare_for_update(CONTEXT, same, obj)
    assert same["metadata"]["annotations"] == {key: "1"}
    changed = copy.deepcopy(same)
    changed["spec"]["template"]["metadata"]["labels"]["x"] = "1"
    rules.prepare_for_update(CONTEXT, changed, same)
    assert changed["metadata"]["annotations"] == {key: "2"}


def test_a_revision_never_changes():
    """Its data is refused when another value is sent."""
    old = {"metadata": {}, "revision": 1, "data": {"a": 1}}
    new = {"metadata": {}, "revision": 2, "data": {"a": 2}}
    assert problems(strategy.ControllerRevisionStrategy(), new, old) == [
        'data: Invalid value: {"a":2}: field is immutable'
    ]


def test_cells_of_a_deployment():
    """What kubectl shows of a deployment with expressions in its selector."""
    obj = deployment(replicas=3)
    obj["spec"]["selector"] = {
        "matchExpressions": [
            {"key": "beta", "operator": "DoesNotExist"},
            {"key": "app", "operator": "In", "values": ["web", "shop"]},
        ]
    }
    obj["metadata"]["creationTimestamp"] = "2026-03-04T05:06:07Z"
    obj["status"] = {"readyReplicas": 2, "updatedReplicas": 3}
    assert columns.DEPLOYMENT.cells(obj, 1_772_600_772.0) == [
        "web",
        "2/3",
        3,
        0,
        "5s",
        "c",
        "i:1",
        "app in (shop,web),!beta",
    ]


def test_warnings_about_a_template_are_only_repeated_when_the_content_changed():
    """A change of labels does not bring them up again."""
    rules = strategy.DeploymentStrategy()
    obj = deployment()
    constraint = {"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}
    obj["spec"]["template"]["spec"]["topologySpreadConstraints"] = [constraint]
    obj["metadata"]["generation"] = 1
    relabelled = copy.deepcopy(obj)
    relabelled["metadata"]["labels"] = {"a": "b"}
    changed = copy.deepcopy(obj)
    changed["metadata"]["generation"] = 2
    seen = []
    for new in (relabelled, changed):
        context = RequestContext(UserInfo("admin"), "ns", "web", 0.0, 36)
        rules.warnings_on_update(context, new, obj)
        seen.append(context.warnings)
    assert seen == [
        [],
        [
            (
                "spec.template.spec.topologySpreadConstraints[0].labelSelector: a null "
                "labelSelector results in matching no pod"
            )
        ],
    ]


def test_containers_of_a_stateful_set_may_mount_its_claims():
    """A claim template is a volume of the pods; a mount of neither is refused."""
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    obj = stateful_set(volumeClaimTemplates=[claim])
    container = obj["spec"]["template"]["spec"]["containers"][0]
    container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    rules = strategy.StatefulSetStrategy()
    assert problems(rules, obj) == []
    container["volumeMounts"][0]["name"] = "ghost"
    message = 'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "ghost"'
    assert problems(rules, obj) == [message]
    assert problems(rules, obj, obj) == []


def test_older_versions_do_not_look_into_the_pods_of_a_stateful_set():
    """What creating the pods would refuse is stored by servers before 1.34."""
    older = RequestContext(UserInfo("admin"), "ns", "web", 0.0, 33)
    obj = stateful_set(volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": {}}])
    obj["spec"]["template"]["spec"]["containers"] = []
    errors = ErrorList()
    strategy.StatefulSetStrategy().validate(older, obj, errors)
    assert errors == []


def test_the_metadata_of_a_stateful_sets_template_is_judged_twice():
    """Once with the template and once by itself; the name of the service comes first."""
    obj = stateful_set(serviceName="Bad_Name")
    obj["spec"]["template"]["metadata"]["labels"]["x"] = "*"
    found = problems(strategy.StatefulSetStrategy(), obj)
    paths = ("spec.serviceName", "spec.template.labels", "spec.template.labels")
    assert [text.split(":")[0] for text in found] == list(paths)


def test_labels_that_are_empty_are_shown_so():
    """Absent labels are null, empty ones an empty object."""
    obj = deployment()
    obj["spec"]["template"]["metadata"] = {"labels": {}}
    (empty,) = problems(strategy.DeploymentStrategy(), obj)
    obj["spec"]["template"]["metadata"] = {}
    (absent,) = problems(strategy.DeploymentStrategy(), obj)
    assert "Invalid value: {}:" in empty
    assert "Invalid value: null:" in absent


def test_a_changed_selector_of_a_daemon_set_comes_first():
    """What may not change is told before what is wrong."""
    old, obj = daemon_set(), daemon_set()
    obj["spec"]["selector"] = {}
    changed, empty = problems(strategy.DaemonSetStrategy(), obj, old)
    assert "field is immutable" in changed
    assert "empty selector is invalid" in empty


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, "data: Required value: data is mandatory"),
        ("x", "data: Required value: data must be a valid JSON object"),
    ],
)
def test_a_revision_holds_an_object(data, told):
    """Nothing else is kept in it; a stored one is only compared."""
    revision = {"metadata": {"name": "r"}, "revision": 1, "data": data}
    assert problems(strategy.ControllerRevisionStrategy(), revision) == [told]
    assert problems(strategy.ControllerRevisionStrategy(), revision, revision) == []
