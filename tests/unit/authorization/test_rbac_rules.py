"""RBAC: rules, subjects, bindings, and what is told about them."""

from __future__ import annotations

import pytest

from kapi.apimachinery.user import UserInfo
from kapi.authorization.attributes import AuthorizationAttributes
from kapi.authorization.rbac import RBACAuthorizer, matching_subject, rule_allows

_ANN = UserInfo("ann", groups=("dev", "system:authenticated"))
_ROBOT = UserInfo("system:serviceaccount:ns:robot")
_GROUP = "rbac.authorization.k8s.io"


class _Roles:
    """Roles and bindings in lists."""

    def __init__(self, *objects):
        self._objects = objects

    def _find(self, kind, namespace):
        return [
            obj
            for obj in self._objects
            if obj["kind"] == kind and obj["metadata"].get("namespace", "") == namespace
        ]

    def _named(self, kind, namespace, name):
        found = [obj for obj in self._find(kind, namespace) if obj["metadata"]["name"] == name]
        return found[0] if found else None

    def role(self, namespace, name):
        return self._named("Role", namespace, name)

    def cluster_role(self, name):
        return self._named("ClusterRole", "", name)

    def role_bindings(self, namespace):
        return self._find("RoleBinding", namespace)

    def cluster_role_bindings(self):
        return self._find("ClusterRoleBinding", "")


def _rule(verbs, resources=(), groups=("",), names=(), urls=()):
    rule = {"verbs": list(verbs)}
    if resources:
        rule.update({"apiGroups": list(groups), "resources": list(resources)})
    if names:
        rule["resourceNames"] = list(names)
    if urls:
        rule["nonResourceURLs"] = list(urls)
    return rule


def _role(name, *rules, namespace=""):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"kind": "Role" if namespace else "ClusterRole", "metadata": metadata, "rules": rules}


def _binding(name, role, *subjects, namespace="", kind=""):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    ref = {"apiGroup": _GROUP, "kind": kind or ("Role" if namespace else "ClusterRole")}
    return {
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {**ref, "name": role},
        "subjects": list(subjects),
    }


def _user(name):
    return {"kind": "User", "apiGroup": _GROUP, "name": name}


def _group(name):
    return {"kind": "Group", "apiGroup": _GROUP, "name": name}


def _account(name, namespace=""):
    return {
        "kind": "ServiceAccount",
        "name": name,
        **({"namespace": namespace} if namespace else {}),
    }


def _asks(verb, resource="pods", namespace="ns", user=_ANN, group="", subresource="", name=""):
    return AuthorizationAttributes(
        user, verb, True, group, "v1", namespace, resource, subresource, name
    )


def _visits(verb, path):
    return AuthorizationAttributes(_ANN, verb, is_resource=False, path=path)


@pytest.mark.parametrize(
    ("rule", "asked", "allowed"),
    [
        (_rule(["get"], ["pods"]), _asks("get"), True),
        (_rule(["get"], ["pods"]), _asks("list"), False),
        (_rule(["*"], ["pods"]), _asks("anything"), True),
        (_rule(["get"], ["pods"]), _asks("*"), False),
        (_rule(["get"], ["*"]), _asks("get", "*"), True),
        (_rule(["get"], ["pods"]), _asks("get", "*"), False),
        (_rule(["get"], ["pods"]), _asks("get", group="apps"), False),
        (_rule(["get"], ["pods"], ["core"]), _asks("get"), False),
        (_rule(["get"], ["pods"], ["*"]), _asks("get", group="apps"), True),
        (_rule(["get"], ["pods"], ["apps", ""]), _asks("get"), True),
        (_rule(["get"], ["pods"]), _asks("get", subresource="log"), False),
        (_rule(["get"], ["pods/log"]), _asks("get", subresource="log"), True),
        (_rule(["get"], ["pods/log"]), _asks("get"), False),
        (_rule(["get"], ["*"]), _asks("get", subresource="log"), True),
        (_rule(["get"], ["*/scale"]), _asks("get", subresource="scale"), True),
        (_rule(["get"], ["*/scale"]), _asks("get"), False),
        (_rule(["get"], ["*/scale"]), _asks("get", subresource="status"), False),
        (_rule(["get"], ["pods/*"]), _asks("get", subresource="log"), False),
        (_rule(["get"], ["pods"], names=["a", "b"]), _asks("get", name="b"), True),
        (_rule(["get"], ["pods"], names=["a", "b"]), _asks("get", name="c"), False),
        (_rule(["list"], ["pods"], names=["a"]), _asks("list"), False),
        (_rule(["create"], ["pods"], names=["a"]), _asks("create", name="a"), True),
        (_rule(["get"], urls=["/healthz"]), _asks("get"), False),
    ],
)
def test_rules_for_resources(rule, asked, allowed):
    """Verb, group, resource with subresource, and name have to be named, or all of them."""
    assert rule_allows(rule, asked) is allowed


@pytest.mark.parametrize(
    ("urls", "path", "allowed"),
    [
        (["/healthz"], "/healthz", True),
        (["/healthz"], "/healthz/", False),
        (["/healthz"], "/healthz/ping", False),
        (["/healthz/*"], "/healthz/ping", True),
        (["/healthz/*"], "/healthz", False),
        (["/healthz*"], "/healthz", True),
        (["*"], "/anything", True),
        (["/a*/b"], "/abc/b", False),
        (["/a", "/b"], "/b", True),
        (["b"], "/b", False),
        ([], "/b", False),
    ],
)
def test_rules_for_paths(urls, path, allowed):
    """A path is named exactly, or by what it starts with."""
    assert rule_allows(_rule(["get"], urls=urls), _visits("get", path)) is allowed
    assert not rule_allows(_rule(["get"], urls=urls), _visits("post", path))
    assert rule_allows(_rule(["*"], urls=urls), _visits("post", path)) is allowed


@pytest.mark.parametrize(
    ("subject", "namespace", "user", "found"),
    [
        (_user("ann"), "", _ANN, True),
        (_user("Ann"), "", _ANN, False),
        (_user("dev"), "", _ANN, False),
        (_group("dev"), "", _ANN, True),
        (_group("ann"), "", _ANN, False),
        (_account("robot", "ns"), "", _ROBOT, True),
        (_account("robot", "other"), "ns", _ROBOT, False),
        (_account("robot"), "ns", _ROBOT, True),
        (_account("robot"), "other", _ROBOT, False),
        (_account("robot"), "", _ROBOT, False),
        (_user("system:serviceaccount:ns:robot"), "", _ROBOT, True),
        ({"kind": "Other", "name": "ann"}, "", _ANN, False),
    ],
)
def test_subjects(subject, namespace, user, found):
    """Users and groups by name, service accounts by namespace and name."""
    binding = _binding("b", "r", _user("nobody"), subject, namespace=namespace)
    assert matching_subject(binding, user) == (subject if found else None)


def test_a_binding_without_subjects():
    """Nobody is bound by a binding that names nobody."""
    binding = _binding("b", "r")
    del binding["subjects"]
    assert matching_subject(binding, _ANN) is None


_PODS = _rule(["get"], ["pods"])


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        (
            [_role("r", _PODS), _binding("b", "r", _group("dev"))],
            'ClusterRoleBinding "b" of ClusterRole "r" to Group "dev"',
        ),
        (
            [_role("r", _PODS, namespace="ns"), _binding("b", "r", _user("ann"), namespace="ns")],
            'RoleBinding "b/ns" of Role "r" to User "ann"',
        ),
        (
            [
                _role("r", _PODS),
                _binding("b", "r", _user("ann"), namespace="ns", kind="ClusterRole"),
            ],
            'RoleBinding "b/ns" of ClusterRole "r" to User "ann"',
        ),
    ],
)
def test_why_something_is_allowed(objects, reason):
    """Binding, role and subject that give the right are told."""
    decision = RBACAuthorizer(_Roles(*objects)).authorize(_asks("get"))
    assert decision.allowed
    assert decision.reason == f"RBAC: allowed by {reason}"


def test_service_accounts_are_told_with_their_namespace():
    """A service account of a RoleBinding may be one of the binding's namespace."""
    roles = _Roles(
        _role("r", _PODS, namespace="ns"), _binding("b", "r", _account("robot"), namespace="ns")
    )
    decision = RBACAuthorizer(roles).authorize(_asks("get", user=_ROBOT))
    assert decision.reason.endswith('to ServiceAccount "robot/ns"')


def test_rights_in_a_namespace():
    """A RoleBinding gives nothing elsewhere, nothing of the cluster, and no paths."""
    rules = (_PODS, _rule(["get"], urls=["/metrics"]))
    authorizer = RBACAuthorizer(
        _Roles(
            _role("r", *rules),
            _binding("b", "r", _user("ann"), namespace="ns", kind="ClusterRole"),
        )
    )
    assert authorizer.authorize(_asks("get")).allowed
    assert not authorizer.authorize(_asks("get", namespace="other")).allowed
    assert not authorizer.authorize(_asks("get", namespace="")).allowed
    decision = authorizer.authorize(_visits("get", "/metrics"))
    assert (decision.allowed, decision.denied, decision.reason) == (False, False, "")


def test_missing_roles():
    """A binding to a role that is not there allows nothing; others count all the same."""
    bindings = [
        _binding("a", "ghost", _user("ann")),
        _binding("b", "phantom", _user("ann"), namespace="ns"),
        _binding("c", "ghost", _user("bob")),
    ]
    decision = RBACAuthorizer(_Roles(*bindings)).authorize(_asks("get"))
    assert not decision.allowed
    assert decision.reason == (
        'RBAC: [clusterrole.rbac.authorization.k8s.io "ghost" not found, '
        'role.rbac.authorization.k8s.io "phantom" not found]'
    )
    authorizer = RBACAuthorizer(_Roles(*bindings[1:]))
    reason = 'RBAC: role.rbac.authorization.k8s.io "phantom" not found'
    assert authorizer.authorize(_asks("get")).reason == reason
    more = [_role("r", _PODS), _binding("z", "r", _user("ann"))]
    assert RBACAuthorizer(_Roles(*bindings, *more)).authorize(_asks("get")).allowed


def test_roles_without_rules():
    """A role may have no rules at all."""
    role = {**_role("r"), "rules": None}
    authorizer = RBACAuthorizer(_Roles(role, _binding("b", "r", _user("ann"))))
    assert not authorizer.authorize(_asks("get")).allowed


def test_the_rules_of_a_user():
    """Rules for the cluster come first, then those of the namespace; paths are told apart."""
    discovery = _rule(["get"], urls=["/api", "/api/*"])
    scale = _rule(["update"], ["deployments/scale"], ["apps"], names=["web"])
    authorizer = RBACAuthorizer(
        _Roles(
            _role("local", scale, namespace="ns"),
            _binding("b", "local", _user("ann"), namespace="ns"),
            _role("r", _PODS, discovery),
            _binding("b", "r", _group("dev")),
            _binding("c", "ghost", _user("ann")),
        )
    )
    rules = authorizer.rules(_ANN, "ns")
    assert rules.resource_rules == [_PODS, scale]
    assert rules.non_resource_rules == [discovery]
    assert not rules.incomplete
    assert rules.error == 'clusterrole.rbac.authorization.k8s.io "ghost" not found'
    assert authorizer.rules(_ANN, "other").resource_rules == [_PODS]
