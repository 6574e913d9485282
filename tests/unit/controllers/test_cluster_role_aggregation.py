"""The rules of aggregated ClusterRoles."""

from __future__ import annotations

from kapi.controllers.cluster_role_aggregation_controller import aggregated_rules

_POD_RULE = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
_JOB_RULE = {"verbs": ["get"], "apiGroups": ["batch"], "resources": ["jobs"]}


def _role(name, rules, labels=None, selectors=None):
    role = {"metadata": {"name": name, "labels": labels or {}}, "rules": rules}
    if selectors is not None:
        role["aggregationRule"] = {"clusterRoleSelectors": selectors}
    return role


def test_rules_of_matching_roles_by_name():
    """Every role that a selector matches gives its rules, in the order of names, each once."""
    view = _role("view", [], {"to-view": "true"}, [{"matchLabels": {"to-view": "true"}}])
    roles = [
        view,
        _role("z", [_POD_RULE, _JOB_RULE], {"to-view": "true"}),
        _role("a", [_JOB_RULE], {"to-view": "true"}),
        _role("other", [{"verbs": ["*"]}]),
    ]
    assert aggregated_rules(view, roles) == [_JOB_RULE, _POD_RULE]


def test_no_selector_matches_nothing():
    """A role without selectors has no rules of others."""
    role = _role("none", [], selectors=[])
    assert aggregated_rules(role, [_role("a", [_POD_RULE])]) == []
