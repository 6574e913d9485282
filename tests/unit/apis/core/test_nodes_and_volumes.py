"""Node, PersistentVolume and PersistentVolumeClaim."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.core.node_columns import NODE_COLUMNS
from kapi.apis.core.node_strategy import NodeStrategy, default_node
from kapi.apis.core.persistent_volume_claim_strategy import (
    PERSISTENT_VOLUME_CLAIM_COLUMNS,
    PersistentVolumeClaimStrategy,
    default_persistent_volume_claim,
)
from kapi.apis.core.persistent_volume_strategy import (
    PersistentVolumeStatusStrategy,
    PersistentVolumeStrategy,
    access_modes_text,
    default_persistent_volume,
)
from kapi.registry.context import RequestContext, UserInfo


def context():
    return RequestContext(UserInfo("admin"), "ns", "x", 1_772_600_767.0, 36)


def errors_of(strategy, obj, old=None):
    errors = ErrorList()
    if old is None:
        strategy.validate(context(), obj, errors)
    else:
        strategy.validate_update(context(), obj, old, errors)
    return [str(error) for error in errors]


def node(spec, status=None):
    obj = {"metadata": {"name": "n"}, "spec": spec, "status": status or {}}
    default_node(obj)
    return obj


def test_node_defaults():
    """The single pod CIDR has the last word, capacity is allocatable."""
    obj = node({"podCIDR": "10.1.0.0/24", "podCIDRs": ["10.2.0.0/24"]}, {"capacity": {"cpu": "2"}})
    assert obj["spec"]["podCIDRs"] == ["10.1.0.0/24"]
    assert obj["status"]["allocatable"] == {"cpu": "2"}
    assert node({"podCIDRs": ["10.2.0.0/24"]})["spec"]["podCIDR"] == "10.2.0.0/24"


def test_node_taints_are_unique_by_key_and_effect():
    """Taint errors stand under metadata."""
    taints = [
        {"key": "a", "effect": "NoSchedule"},
        {"key": "a", "value": "b", "effect": "NoSchedule"},
        {"key": "a", "effect": "NoExecute"},
        {"key": "b"},
    ]
    assert errors_of(NodeStrategy(), node({"taints": taints})) == [
        (
            'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"b","Effect":"NoSchedule",'
            '"TimeAdded":null}: taints must be unique by key and effect pair'
        ),
        "metadata.taints[3].effect: Required value",
    ]


def test_node_addresses_are_set_once():
    """Pod CIDRs and the provider never change."""
    old = node({"podCIDR": "10.1.0.0/24", "providerID": "cloud:///i-1"})
    new = node({"podCIDR": "10.2.0.0/24"})
    assert errors_of(NodeStrategy(), new, old) == [
        'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
        (
            "spec.providerID: Forbidden: node updates may not change providerID except from "
            '"" to valid'
        ),
    ]


def test_node_row():
    """Roles come from labels, the kernel with its architecture."""
    obj = {
        "metadata": {
            "name": "n",
            "labels": {"node-role.kubernetes.io/worker": "", "kubernetes.io/role": "edge"},
        },
        "spec": {"unschedulable": True},
        "status": {
            "conditions": [{"type": "Ready", "status": "Unknown"}],
            "nodeInfo": {"kernelVersion": "6.1.0", "architecture": "amd64"},
        },
    }
    cells = NODE_COLUMNS.cells(obj, 0)
    assert cells[1:3] == ["NotReady,SchedulingDisabled", "edge,worker"]
    assert cells[5:] == ["<none>", "<none>", "<unknown>", "6.1.0 (amd64)", "<unknown>"]


def volume(**spec):
    obj = {
        "metadata": {"name": "v"},
        "spec": {"capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"], **spec},
    }
    default_persistent_volume(obj)
    return obj


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"hostPath": {"path": "/srv"}}, []),
        ({}, ["spec: Required value: must specify a volume type"]),
        (
            {"hostPath": {"path": "/a/../b"}, "nfs": {"server": "a", "path": "/b"}},
            [
                "spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
                "spec.nfs: Forbidden: may not specify more than 1 volume type",
            ],
        ),
        (
            {"local": {"path": "/mnt"}},
            ["spec.nodeAffinity: Required value: Local volume requires node affinity"],
        ),
        (
            {"hostPath": {"path": "//"}, "persistentVolumeReclaimPolicy": "Recycle"},
            [
                (
                    "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a"
                    " hostPath"
                    " mount of '/'"
                )
            ],
        ),
        (
            {"hostPath": {"path": "/srv"}, "capacity": {}},
            [
                "spec.capacity: Required value",
                'spec.capacity: Unsupported value: {}: supported values: "storage"',
            ],
        ),
        (
            {"csi": {"driver": "d", "volumeHandle": "h", "nodePublishSecretRef": {"name": "a"}}},
            ["spec.csi.nodePublishSecretRef.namespace: Required value"],
        ),
    ],
)
def test_volumes(spec, expected):
    """Exactly one volume type, by its own rules."""
    assert errors_of(PersistentVolumeStrategy(), volume(**spec)) == expected


def test_volume_source_is_immutable():
    """The message shows the lines that changed."""
    old = volume(hostPath={"path": "/srv/data"})
    assert errors_of(PersistentVolumeStrategy(), volume(hostPath={"path": "/other"}), old) == [
        (
            "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after"
            ' creation\n@@ -2,7 +2,7 @@\n  "GCEPersistentDisk": null,\n '
            ' "AWSElasticBlockStore": null,'
            '\n  "HostPath": {\n-  "Path": "/srv/data",\n+  "Path": "/other",\n   "Type":'
            ' ""\n  },\n'
            '  "Glusterfs": null,\n'
        )
    ]


def test_volume_affinity_moves_from_beta_labels_only():
    """Once set, the affinity stays, but for labels that got their final names."""

    def placed(key):
        terms = [{"matchExpressions": [{"key": key, "operator": "Exists"}]}]
        affinity = {"required": {"nodeSelectorTerms": terms}}
        return volume(hostPath={"path": "/srv"}, nodeAffinity=affinity)

    old = placed("failure-domain.beta.kubernetes.io/zone")
    assert errors_of(PersistentVolumeStrategy(), placed("topology.kubernetes.io/zone"), old) == []
    assert len(errors_of(PersistentVolumeStrategy(), placed("other"), old)) == 1


def test_volume_phase_has_a_time():
    """A new phase is noted with the time, the same phase keeps it."""
    request, strategy = context(), PersistentVolumeStatusStrategy()
    old = {"status": {"phase": "Pending", "lastPhaseTransitionTime": "2020-01-01T00:00:00Z"}}
    changed, same = {"status": {"phase": "Bound"}}, {"status": {"phase": "Pending"}}
    strategy.prepare_for_update(request, changed, old)
    strategy.prepare_for_update(request, same, old)
    assert changed["status"]["lastPhaseTransitionTime"] == request.now
    assert same["status"]["lastPhaseTransitionTime"] == "2020-01-01T00:00:00Z"


def claim(phase="Pending", capacity=None, **spec):
    obj = {
        "metadata": {"name": "c"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "2Gi"}},
            "storageClassName": "slow",
            **spec,
        },
        "status": {"phase": phase, "capacity": {"storage": capacity} if capacity else {}},
    }
    default_persistent_volume_claim(obj)
    return obj


def size(amount):
    return {"requests": {"storage": amount}}


def test_claim_data_sources_mirror_each_other():
    """Claims and snapshots stand in both fields, other kinds in the newer one only."""
    both = claim(dataSourceRef={"apiGroup": None, "kind": "PersistentVolumeClaim", "name": "a"})
    other = claim(dataSource={"apiGroup": "example.com", "kind": "Backup", "name": "a"})
    for obj in (both, other):
        PersistentVolumeClaimStrategy().prepare_for_create(context(), obj)
    assert both["spec"]["dataSource"] == both["spec"]["dataSourceRef"]
    assert "dataSource" not in other["spec"]
    assert "dataSourceRef" not in other["spec"]


def test_unbound_claim_is_immutable_but_for_its_volume():
    """The message shows the difference, and the volume is chosen once."""
    strategy, old = PersistentVolumeClaimStrategy(), claim()
    assert errors_of(strategy, claim(volumeName="pv-1"), old) == []
    errors = errors_of(strategy, claim(volumeName="pv-2"), claim(volumeName="pv-1"))
    assert errors == [
        (
            "spec: Forbidden: spec is immutable after creation except resources.requests and"
            " volumeAttributesClassName for bound claims\n@@ -9,7 +9,7 @@\n"
            '    "storage": "2Gi"\n   }\n  },\n- "VolumeName": "pv-1",\n+ "VolumeName": "pv-2",\n'
            '  "StorageClassName": "slow",\n  "VolumeMode": "Filesystem",\n  "DataSource": null,\n'
        )
    ]


@pytest.mark.parametrize(
    ("requested", "accepted"), [("3Gi", True), ("1536Mi", True), ("1Gi", False), ("1Mi", False)]
)
def test_bound_claim_grows_and_shrinks_to_above_capacity(requested, accepted):
    """A failed growth may be taken back, what is there may not."""
    old = claim("Bound", "1Gi")
    errors = errors_of(
        PersistentVolumeClaimStrategy(), claim("Bound", "1Gi", resources=size(requested)), old
    )
    expected = (
        "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
    )
    assert errors == ([] if accepted else [expected])


def test_claim_without_class_may_get_one():
    """A default class may be filled in later."""
    old = claim()
    del old["spec"]["storageClassName"]
    assert errors_of(PersistentVolumeClaimStrategy(), claim(), old) == []
    assert len(errors_of(PersistentVolumeClaimStrategy(), old, claim())) == 1


def test_claim_update_leaves_its_arguments_alone():
    """Judging a change does not change anything."""
    new, old = claim("Bound", "1Gi", resources=size("3Gi")), claim("Bound", "1Gi")
    before = copy.deepcopy((new, old))
    errors_of(PersistentVolumeClaimStrategy(), new, old)
    assert (new, old) == before


def test_claim_row_shows_capacity_when_bound_to_a_volume():
    """Without a volume, capacity and modes stay empty."""
    obj = claim("Bound", "1Gi", volumeName="pv-1")
    obj["status"]["accessModes"] = ["ReadWriteMany", "ReadWriteOnce"]
    cells = PERSISTENT_VOLUME_CLAIM_COLUMNS.cells(obj, 0)
    assert cells[1:7] == ["Bound", "pv-1", "1Gi", "RWO,RWX", "slow", "<unset>"]
    assert PERSISTENT_VOLUME_CLAIM_COLUMNS.cells(claim("Bound", "1Gi"), 0)[2:5] == ["", "", ""]
    assert access_modes_text(["ReadWriteOncePod"]) == "RWOP"


def test_what_is_wrong_with_a_changed_volume_is_told_twice():
    """With the volume and with the change, options of the mount between them."""
    old, new = volume(hostPath={"path": "/a"}), volume(hostPath={})
    new["metadata"]["annotations"] = {"volume.beta.kubernetes.io/mount-options": "ro"}
    found = errors_of(PersistentVolumeStrategy(), new, old)
    assert [text.split(":")[0] for text in found] == [
        "spec.hostPath.path",
        "metadata.annotations.volume.beta.kubernetes.io/mount-options",
        "spec.hostPath.path",
        "spec.persistentvolumesource",
    ]


def test_unknown_access_modes_do_not_exclude_others():
    """ReadWriteOncePod only excludes modes that there are."""
    obj = volume(hostPath={"path": "/a"}, accessModes=["ReadWriteOncePod", "X"])
    (error,) = errors_of(PersistentVolumeStrategy(), obj)
    assert error.startswith('spec.accessModes: Unsupported value: "X"')


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("iqn.2026-01.example.com:disk", False),
        ("iqn.2026-01.example.com", True),
        ("eui.0123456789abcdef", False),
        ("eui.0123", True),
        ("Abc_", True),
    ],
)
def test_names_of_iscsi_targets(name, wrong):
    """Three forms, told apart by their beginning; initiators have them too."""
    iscsi = {"targetPortal": "p", "iqn": name, "lun": 0, "initiatorName": name}
    expected = [
        f'spec.iscsi.{member}: Invalid value: "{name}": must be valid format'
        for member in ("iqn", "initiatorname")
    ]
    assert errors_of(PersistentVolumeStrategy(), volume(iscsi=iscsi)) == (expected if wrong else [])
