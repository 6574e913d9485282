"""RBAC objects: rules, references, subjects and the Table of bindings."""

from __future__ import annotations

from kapi.apimachinery.field import ErrorList
from kapi.apis.rbac.columns import ROLE_BINDING
from kapi.apis.rbac.defaults import default_binding
from kapi.apis.rbac.strategy import RoleBindingStrategy
from kapi.apis.rbac.validation import (
    validate_binding,
    validate_binding_update,
    validate_cluster_role,
    validate_role,
)

GROUP = "rbac.authorization.k8s.io"


def role_errors(rule, validate=validate_role):
    errors = ErrorList()
    validate({"rules": [rule]}, errors)
    return [str(error) for error in errors]


def binding(*subjects, kind="Role", name="r"):
    obj = {"metadata": {"name": "b"}, "roleRef": {"kind": kind, "name": name}}
    obj["subjects"] = list(subjects)
    default_binding(obj)
    return obj


def test_a_rule_needs_verbs_groups_and_resources_in_this_order():
    """An empty rule is reported member by member."""
    assert [error.partition(":")[0] for error in role_errors({})] == [
        "rules[0].verbs",
        "rules[0].apiGroups",
        "rules[0].resources",
    ]


def test_urls_belong_to_cluster_roles_and_stand_alone():
    """A namespaced role reports both that it has URLs and that it mixes them."""
    rule = {"verbs": ["get"], "nonResourceURLs": ["/x"], "resourceNames": ["a"]}
    alone = {"verbs": ["get"], "nonResourceURLs": ["/x"]}
    assert len(role_errors(rule)) == 2
    assert role_errors(rule, validate_cluster_role) == [
        (
            'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular '
            "resources and non-resource URLs"
        )
    ]
    assert role_errors(alone, validate_cluster_role) == []


def test_an_aggregation_rule_has_selectors_that_parse():
    """A broken selector is reported as such after its own error."""
    errors = ErrorList()
    validate_cluster_role({"aggregationRule": {}}, errors)
    selector = {"matchExpressions": [{"key": "a", "operator": "Is"}]}
    validate_cluster_role({"aggregationRule": {"clusterRoleSelectors": [selector]}}, errors)
    path = "aggregationRule.clusterRoleSelectors"
    assert [error.path for error in errors] == [
        path,
        f"{path}[0].matchExpressions[0].operator",
        f"{path}[0]",
    ]


def test_groups_are_defaulted_by_the_kind_of_subject():
    """Users and groups are named by the RBAC group, service accounts by none."""
    obj = binding({"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s"})
    assert obj["roleRef"]["apiGroup"] == obj["subjects"][0]["apiGroup"] == GROUP
    assert "apiGroup" not in obj["subjects"][1]


def test_a_service_account_needs_its_namespace_cluster_wide_only():
    """In a namespace the binding's own namespace is meant."""
    obj = binding({"kind": "ServiceAccount", "name": "robot"}, kind="ClusterRole")
    errors = ErrorList()
    validate_binding(obj, errors, ("Role", "ClusterRole"), namespaced=True)
    assert errors == []
    validate_binding(obj, errors, ("ClusterRole",), namespaced=False)
    assert [str(error) for error in errors] == ["subjects[0].namespace: Required value"]


def test_a_binding_keeps_its_role():
    """The refused reference is shown as a Go struct."""
    errors = ErrorList()
    validate_binding_update(binding(name="other"), binding(), errors)
    assert [str(error) for error in errors] == [
        (
            'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role",'
            '"Name":"other"}: cannot change roleRef'
        )
    ]


def test_rbac_names_are_path_segments():
    """Colons, capitals and spaces are fine, slashes are not."""
    check = RoleBindingStrategy().validate_name
    assert check("system:Node one", prefix=False) == []
    assert check("a/b", prefix=False) == ["may not contain '/'"]


def test_the_table_of_a_binding_groups_its_subjects():
    """Users, groups and service accounts have a column each."""
    obj = binding(
        {"kind": "User", "name": "ann"},
        {"kind": "User", "name": "bob"},
        {"kind": "ServiceAccount", "name": "robot", "namespace": "ns"},
    )
    assert ROLE_BINDING.cells(obj, 0.0) == ["b", "Role/r", "<unknown>", "ann, bob", "", "ns/robot"]
