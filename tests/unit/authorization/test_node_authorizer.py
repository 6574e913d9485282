"""What kubelets may do."""

from __future__ import annotations

import pytest

from kapi.apimachinery.types import GroupResource
from kapi.apimachinery.user import UserInfo
from kapi.authorization.always import AlwaysAllow, AlwaysDeny
from kapi.authorization.attributes import AuthorizationAttributes
from kapi.authorization.authorizer import Decision, decide
from kapi.authorization.node import NodeAuthorizer
from kapi.authorization.union import Union
from kapi.server.bootstrap_policy import cluster_role_rules

_NODE = UserInfo("system:node:n1", groups=("system:nodes", "system:authenticated"))
_UNRELATED = "no relationship found between node 'n1' and this object"
_DRA = "resource.k8s.io"


class _Graph:
    """What belongs to which node, as listed."""

    def __init__(self, *known, is_loaded=True):
        self.is_loaded = is_loaded
        self._known = {(n, GroupResource(g, r), ns, name) for n, g, r, ns, name in known}

    async def load(self):
        self.is_loaded = True

    def reaches(self, node, resource, namespace, name):
        return (node, resource, namespace, name) in self._known


_GRAPH = _Graph(
    ("n1", "", "secrets", "ns", "s"),
    ("n1", "", "configmaps", "ns", "c"),
    ("n1", "", "persistentvolumeclaims", "ns", "d"),
    ("n1", "", "persistentvolumes", "", "v"),
    ("n1", "", "serviceaccounts", "ns", "robot"),
    ("n1", "", "pods", "ns", "p"),
    ("n1", _DRA, "resourceclaims", "ns", "r"),
    ("n1", _DRA, "resourceslices", "", "slice"),
    ("n1", "storage.k8s.io", "volumeattachments", "", "a"),
    ("n2", "", "secrets", "ns", "other"),
)
_RULES = cluster_role_rules("system:node")


def _ask(verb, resource, name="", namespace="ns", group="", selector="", user=_NODE, **options):
    resource, _, subresource = resource.partition("/")
    attributes = AuthorizationAttributes(
        user,
        verb,
        group=group,
        namespace=namespace,
        resource=resource,
        subresource=subresource,
        name=name,
        field_selector=selector,
    )
    return NodeAuthorizer(_GRAPH, _RULES, **options).authorize(attributes)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (("get", "secrets", "s"), None),
        (("watch", "secrets", "s"), None),
        (("get", "secrets", "other"), _UNRELATED),
        (("get", "secrets", "s", "elsewhere"), _UNRELATED),
        (("list", "secrets"), "No Object name found"),
        (("list", "secrets", "s", ""), "can only read namespaced object of this type"),
        (("get", "secrets/x", "s"), "cannot read subresource"),
        (("delete", "secrets", "s"), "can only read resources of this type"),
        (("create", "configmaps"), "can only read resources of this type"),
        (("get", "configmaps", "c"), None),
        (("get", "persistentvolumeclaims", "d"), None),
        (("list", "persistentvolumeclaims", "d"), "can only get individual resources of this type"),
        (("get", "persistentvolumeclaims/x", "d"), "cannot get subresource"),
        (("patch", "persistentvolumeclaims/status", "d"), None),
        (("update", "persistentvolumeclaims/status", "e"), _UNRELATED),
        (("get", "persistentvolumeclaims/status", "d"), "can only get/update/patch this type"),
        (("get", "persistentvolumes", "v", ""), None),
        (("get", "persistentvolumes", "w", ""), _UNRELATED),
        (("get", "serviceaccounts", "robot"), None),
        (("create", "serviceaccounts/token", "robot"), None),
        (("create", "serviceaccounts/token", "x"), _UNRELATED),
        (
            ("list", "serviceaccounts", "robot"),
            "can only create tokens for individual service accounts",
        ),
        (("get", "resourceclaims", "r", "ns", _DRA), None),
        (("get", "volumeattachments", "a", "", "storage.k8s.io"), None),
        (("get", "volumeattachments", "b", "", "storage.k8s.io"), _UNRELATED),
    ],
)
def test_what_pods_refer_to(asked, reason):
    """A kubelet reads what its pods refer to, by name; else it is told why not."""
    assert _ask(*asked) == Decision(allowed=reason is None, reason=reason or "")


_LEASES = ("kube-node-lease", "coordination.k8s.io")
_STORAGE = ("", "storage.k8s.io")
_SLICES = ("", _DRA)
_UNSELECTED = "can only list/watch/deletecollection resourceslices with nodeName field selector"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (("update", "leases", "n1", *_LEASES), None),
        (("create", "leases", "", *_LEASES), None),
        (
            ("get", "leases", "n2", *_LEASES),
            "can only access node lease with the same name as the requesting node",
        ),
        (
            ("list", "leases", "", *_LEASES),
            "can only get, create, update, patch, or delete a node lease",
        ),
        (
            ("create", "leases", "", "ns", "coordination.k8s.io"),
            'can only access leases in the "kube-node-lease" system namespace',
        ),
        (("patch", "csinodes", "n1", *_STORAGE), None),
        (
            ("get", "csinodes", "n2", *_STORAGE),
            "can only access CSINode with the same name as the requesting node",
        ),
        (("get", "csinodes/x", "n1", *_STORAGE), "cannot authorize CSINode subresources"),
        (
            ("list", "csinodes", "", *_STORAGE),
            "can only get, create, update, patch, or delete a CSINode",
        ),
        (("get", "nodes", "n1", ""), None),
        (("list", "nodes", "n1", ""), None),
        (("patch", "nodes", "n2", ""), None),
        (("patch", "nodes/status", "n1", ""), None),
        (("delete", "nodes", "n1", ""), ""),
        (("get", "nodes/proxy", "n1", ""), ""),
        (("get", "nodes", "n2", ""), "node 'n1' cannot read 'n2', only its own Node object"),
        (("list", "nodes", "", ""), "node 'n1' cannot read all nodes, only its own Node object"),
        (("get", "pods", "p"), None),
        (("get", "pods", "q"), _UNRELATED),
        (("get", "pods/log", "p"), ""),
        (("delete", "pods", "q"), None),
        (("list", "pods", "p"), None),
        (("list", "pods", "", "", "", "spec.nodeName=n1"), None),
        (
            ("watch", "pods", "", "ns", "", "spec.nodeName=n2"),
            "can only list/watch pods with spec.nodeName field selector",
        ),
        (
            ("list", "pods", "", "ns", "", "spec.nodeName!=n1"),
            "can only list/watch pods with spec.nodeName field selector",
        ),
        (
            ("list", "pods", "", "ns", "", "((("),
            "can only list/watch pods with spec.nodeName field selector",
        ),
        (("create", "resourceslices", "", *_SLICES), None),
        (("patch", "resourceslices", "slice", *_SLICES), None),
        (("delete", "resourceslices", "x", *_SLICES), _UNRELATED),
        (("deletecollection", "resourceslices", "", *_SLICES, "spec.nodeName=n1"), None),
        (("list", "resourceslices", "", *_SLICES), _UNSELECTED),
        (
            ("get", "resourceslices/x", "slice", *_SLICES),
            "cannot authorize ResourceSlice subresources",
        ),
        (("list", "services", "", ""), None),
        (("create", "events"), None),
        (("list", "limitranges"), ""),
    ],
)
def test_what_is_of_the_node(asked, reason):
    """A kubelet has its own objects, by name or by the node they name, and the role's rights."""
    assert _ask(*asked) == Decision(allowed=reason is None, reason=reason or "")


def test_before_selectors():
    """Before 1.32 kubelets read every node and pod, and list slices without a selector."""
    for asked in (("get", "nodes", "n2", ""), ("list", "pods"), ("get", "pods", "q")):
        assert _ask(*asked, with_selectors=False).allowed
    assert _ask("list", "resourceslices", "", *_SLICES, with_selectors=False).allowed
    assert not _ask("get", "secrets", "other", with_selectors=False).allowed


def test_who_is_a_kubelet():
    """Both the name and the group make one; a node without a name is told so."""
    for user in (
        UserInfo("system:node:n1", groups=("x",)),
        UserInfo("bob", groups=("system:nodes",)),
    ):
        assert _ask("get", "secrets", "s", user=user) == Decision(allowed=False)
        assert not NodeAuthorizer(_GRAPH, _RULES).rules(user, "ns").incomplete
    nameless = UserInfo("system:node:", groups=("system:nodes",))
    reason = 'unknown node for user "system:node:"'
    assert _ask("list", "services", user=nameless) == Decision(allowed=False, reason=reason)
    rules = NodeAuthorizer(_GRAPH, _RULES).rules(nameless, "ns")
    assert rules.incomplete
    assert rules.error == "node authorizer does not support user rule resolution"


async def test_a_graph_that_is_not_loaded():
    """Nothing is decided before it is, but for what others allow."""
    graph = _Graph(("n1", "", "secrets", "ns", "s"), is_loaded=False)
    nodes = NodeAuthorizer(graph, _RULES)
    attributes = AuthorizationAttributes(_NODE, "get", namespace="ns", resource="secrets", name="s")
    assert Union([nodes, AlwaysAllow()]).authorize(attributes) == Decision(allowed=True)
    union = Union([nodes, AlwaysDeny()])
    assert union.authorize(attributes) == Decision(allowed=False, prepare=graph.load)
    assert not graph.is_loaded
    assert await decide(union, attributes) == Decision(allowed=True)
    attributes.user = UserInfo("ann")
    graph.is_loaded = False
    assert (await decide(Union([nodes]), attributes)) == Decision(allowed=False)
    assert not graph.is_loaded
