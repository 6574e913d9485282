"""Storage classes, CSI drivers and nodes, attachments and capacities."""

from __future__ import annotations

from kapi.apimachinery.field import ErrorList
from kapi.apis.storage.attachment_validation import (
    validate_volume_attachment,
    validate_volume_attachment_update,
)
from kapi.apis.storage.class_validation import (
    validate_csi_storage_capacity,
    validate_storage_class,
)
from kapi.apis.storage.columns import CSI_DRIVER, STORAGE_CLASS
from kapi.apis.storage.csi_validation import validate_csi_driver_update, validate_csi_node
from kapi.apis.storage.defaults import default_csi_driver, default_storage_class
from kapi.apis.storage.strategy import CSIDriverStrategy, CSINodeStrategy, StorageClassStrategy
from kapi.registry.context import RequestContext, UserInfo


def context(minor=36):
    return RequestContext(UserInfo("u"), "", "x", 0.0, minor)


def storage_class(**members):
    obj = {"metadata": {"name": "sc"}, "provisioner": "csi.example.com", **members}
    default_storage_class(obj)
    return obj


def driver(**spec):
    obj = {"metadata": {"name": "d"}, "spec": spec}
    default_csi_driver(obj)
    return obj


def node(**members):
    entry = {"name": "csi.example.com", "nodeID": "n1", "topologyKeys": None, **members}
    return {"metadata": {"name": "n"}, "spec": {"drivers": [entry]}}


def strings(errors):
    return [str(error) for error in errors]


def test_a_storage_class_keeps_what_made_its_volumes():
    """Expansion may change, provisioner and parameters may not."""
    errors = ErrorList()
    new = storage_class(parameters={"a": "b"}, allowVolumeExpansion=True)
    StorageClassStrategy().validate_update(context(), new, storage_class(), errors)
    assert strings(errors) == ['parameters: Invalid value: {"a":"b"}: field is immutable']


def test_a_provisioner_is_judged_in_lower_case():
    """The lowered name is what the message shows."""
    errors = ErrorList()
    validate_storage_class(storage_class(provisioner="Not Ok"), errors)
    assert errors[0].body.startswith('Invalid value: "not ok": name part must consist')


def test_topologies_do_not_repeat_themselves():
    """Neither a value in a term nor a whole term."""
    term = {"matchLabelExpressions": [{"key": "zone", "values": ["a", "a"]}]}
    errors = ErrorList()
    validate_storage_class(storage_class(allowedTopologies=[term, term]), errors)
    assert [error.path for error in errors] == [
        "allowedTopologies[0].matchLabelExpressions[0].values[1]",
        "allowedTopologies[1].matchLabelExpressions[0].values[1]",
        "allowedTopologies[1].matchLabelExpressions",
    ]


def test_the_default_class_is_marked_in_the_table():
    """The annotation shows behind the name."""
    obj = storage_class()
    obj["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    assert STORAGE_CLASS.cells(obj, 0.0)[:2] == ["sc (default)", "csi.example.com"]


def test_a_driver_counts_its_changes_from_the_first_on():
    """A CSIDriver has no generation until its spec changes."""
    old, new = driver(), driver(podInfoOnMount=True)
    CSIDriverStrategy().prepare_for_update(context(), new, old)
    assert new["metadata"]["generation"] == 1
    same = driver(podInfoOnMount=True)
    CSIDriverStrategy().prepare_for_update(context(), same, new)
    assert "generation" not in same["metadata"]


def test_attaching_is_fixed_and_reported_by_its_old_name():
    """Clients know the error with this path."""
    errors = ErrorList()
    validate_csi_driver_update(driver(attachRequired=False), driver(), errors)
    assert strings(errors) == ["spec.attachedRequired: Invalid value: false: field is immutable"]


def test_tokens_in_attributes_are_warned_of():
    """Only a driver that asks for tokens and does not say where to put them."""
    asked = context()
    CSIDriverStrategy().warnings_on_create(asked, driver(tokenRequests=[{"audience": "a"}]))
    assert len(asked.warnings) == 1
    CSIDriverStrategy().warnings_on_create(quiet := context(), driver())
    assert quiet.warnings == []


def test_the_table_of_a_driver():
    """Audiences and modes are joined."""
    obj = driver(tokenRequests=[{"audience": "vault"}, {"audience": ""}])
    assert CSI_DRIVER.cells(obj, 0.0) == [
        "d",
        True,
        False,
        False,
        "vault,",
        False,
        "Persistent",
        "<unknown>",
    ]


def test_a_driver_of_a_node_is_fixed_but_for_its_count():
    """The count became mutable in 1.35."""
    counted = node(allocatable={"count": 3})
    for minor, expected in ((34, 1), (35, 0)):
        errors = ErrorList()
        CSINodeStrategy().validate_update(context(minor), counted, node(), errors)
        assert len(errors) == expected
    errors = ErrorList()
    CSINodeStrategy().validate_update(context(), node(nodeID="n2"), node(), errors)
    assert strings(errors) == [
        (
            'spec.drivers: Invalid value: {"Name":"csi.example.com","NodeID":"n2",'
            '"TopologyKeys":null,"Allocatable":null}: field is immutable'
        )
    ]


def test_a_driver_is_on_a_node_once():
    """The second entry of a name is a duplicate."""
    errors = ErrorList()
    entry = node()["spec"]["drivers"][0]
    validate_csi_node({"spec": {"drivers": [entry, entry]}}, errors)
    assert strings(errors) == ['spec.drivers[1].name: Duplicate value: "csi.example.com"']


def test_an_attachment_has_one_volume_and_keeps_it():
    """Neither none nor two; nor another one later."""
    spec = {"attacher": "csi.example.com", "nodeName": "n", "source": {}}
    errors = ErrorList()
    validate_volume_attachment({"spec": spec}, errors)
    assert [error.reason for error in errors] == ["FieldValueRequired"]
    old = {"spec": {**spec, "source": {"persistentVolumeName": "a"}}}
    new = {"spec": {**spec, "source": {"persistentVolumeName": "b"}}}
    errors = ErrorList()
    validate_volume_attachment_update(new, old, errors)
    assert [error.path for error in errors] == ["spec"]


def test_capacity_is_not_negative():
    """Both amounts are checked."""
    errors = ErrorList()
    obj = {"storageClassName": "fast", "capacity": "-1Gi", "maximumVolumeSize": "0"}
    validate_csi_storage_capacity(obj, errors)
    assert [error.path for error in errors] == ["capacity"]


def test_inline_volumes_have_the_rules_of_persistent_volumes():
    """Apart from members that only make sense with an object of their own."""
    inline = {"csi": {"driver": "d"}, "storageClassName": "x", "volumeMode": "Block"}
    spec = {"attacher": "", "nodeName": "n", "source": {"inlineVolumeSpec": inline}}
    errors = ErrorList()
    validate_volume_attachment({"metadata": {}, "spec": spec}, errors)
    path = "spec.source.inlineVolumeSpec"
    assert [(error.path, error.reason) for error in errors] == [
        ("spec.attacher", "FieldValueRequired"),
        (f"{path}.accessModes", "FieldValueRequired"),
        (f"{path}.csi.volumeHandle", "FieldValueRequired"),
        (f"{path}.storageClassName", "FieldValueForbidden"),
        (f"{path}.volumeMode", "FieldValueForbidden"),
    ]


def test_topology_terms_that_select_nothing_repeat_each_other():
    """One such term is told once for each term of the class."""
    errors = ErrorList()
    validate_storage_class(storage_class(allowedTopologies=[{}]), errors)
    assert [error.path for error in errors] == ["allowedTopologies[0].matchLabelExpressions"]


def test_a_wrong_topology_key_is_told_by_itself():
    """Not with the list that it stands in."""
    errors = ErrorList()
    validate_csi_node(node(topologyKeys=["-"]), errors)
    assert str(errors[0]).startswith('spec.drivers[0]: Invalid value: "-": name part must')


def test_codes_of_failed_attachments_are_not_negative():
    """The code is the driver's own, within 31 bits."""
    spec = {"attacher": "a", "nodeName": "n", "source": {"persistentVolumeName": "p"}}
    status = {"attachError": {"errorCode": -7}, "detachError": {"errorCode": 7}}
    errors = ErrorList()
    validate_volume_attachment({"metadata": {}, "spec": spec, "status": status}, errors)
    (error,) = errors
    assert str(error) == (
        "status.attachError.errorCode: Invalid value: -7: must be between 0 and 2147483647, "
        "inclusive"
    )
