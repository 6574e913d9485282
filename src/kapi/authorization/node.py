"""NodeAuthorizer: what kubelets may do.

Implements "Using Node Authorization" of the documentation: the user ``system:node:NAME`` in the
group ``system:nodes`` reads what pods bound to its node refer to, its own node, lease, CSINode and
resource slices, and has the other rights of the role ``system:node``. What is bound to a node is
behind :class:`NodeGraph`. Limits of what kubelets write are the plugin NodeRestriction's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from kapi.apimachinery import fields
from kapi.apimachinery.types import GroupResource
from kapi.apimachinery.user import node_of
from kapi.authorization.authorizer import Decision, SubjectRules
from kapi.authorization.rbac import rule_allows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.apimachinery.user import UserInfo
    from kapi.authorization.attributes import AuthorizationAttributes

__all__ = ["NodeAuthorizer", "NodeGraph"]

_CONFIG_MAPS = GroupResource("", "configmaps")
_NODES = GroupResource("", "nodes")
_PERSISTENT_VOLUMES = GroupResource("", "persistentvolumes")
_PERSISTENT_VOLUME_CLAIMS = GroupResource("", "persistentvolumeclaims")
_PODS = GroupResource("", "pods")
_SECRETS = GroupResource("", "secrets")
_SERVICE_ACCOUNTS = GroupResource("", "serviceaccounts")
_LEASES = GroupResource("coordination.k8s.io", "leases")
_RESOURCE_CLAIMS = GroupResource("resource.k8s.io", "resourceclaims")
_RESOURCE_SLICES = GroupResource("resource.k8s.io", "resourceslices")
_CSI_NODES = GroupResource("storage.k8s.io", "csinodes")
_VOLUME_ATTACHMENTS = GroupResource("storage.k8s.io", "volumeattachments")

_READING = frozenset({"get", "list", "watch"})
_CHANGING = frozenset({"update", "patch"})
_OWN_OBJECT = frozenset({"get", "create", "update", "patch", "delete"})
_SELECTING = frozenset({"list", "watch", "deletecollection"})
_LEASE_NAMESPACE = "kube-node-lease"

_ALLOWED = Decision(allowed=True)
_NO_OPINION = Decision(allowed=False)

# A rule for the requests of a node for one resource.
_Rule: TypeAlias = "Callable[[str, AuthorizationAttributes], Decision]"


class NodeGraph(Protocol):
    """What belongs to which node, as it is now; answers from memory once it is loaded."""

    @property
    def is_loaded(self) -> bool:
        """Whether it can be asked; if so it is brought up to date."""
        ...

    async def load(self) -> None:
        """Make it ready to be asked; raises StorageError."""
        ...

    def reaches(self, node: str, resource: GroupResource, namespace: str, name: str) -> bool:
        """Whether an object, which need not exist, belongs to a node.

        Pods, volume attachments and resource slices belong to the node that they name; whatever
        pods refer to belongs to their node, and with a claim the volume behind it and its secrets.
        """
        ...


def _refuse(reason: str) -> Decision:
    return Decision(allowed=False, reason=reason)


class NodeAuthorizer:
    """Implements :class:`~kapi.authorization.authorizer.Authorizer` for kubelets only.

    ``rules`` are those of the role ``system:node``. Before Kubernetes 1.32 (``with_selectors``
    false) kubelets read all nodes and pods.
    """

    def __init__(
        self, graph: NodeGraph, rules: Sequence[JSONObject], *, with_selectors: bool = True
    ) -> None:
        self._graph = graph
        self._role_rules = tuple(rules)
        self._with_selectors = with_selectors
        self._rules: Mapping[GroupResource, _Rule] = {
            _SECRETS: self._read,
            _CONFIG_MAPS: self._read,
            _PERSISTENT_VOLUME_CLAIMS: self._claim,
            _PERSISTENT_VOLUMES: self._get,
            _RESOURCE_CLAIMS: self._get,
            _VOLUME_ATTACHMENTS: self._get,
            _SERVICE_ACCOUNTS: self._service_account,
            _LEASES: self._lease,
            _CSI_NODES: self._csi_node,
            _RESOURCE_SLICES: self._resource_slice,
        }
        if with_selectors:
            self._rules = {**self._rules, _NODES: self._node, _PODS: self._pod}

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """No opinion about others, and about what belongs to other nodes."""
        node = node_of(attributes.user)
        if node is None:
            return _NO_OPINION
        if not node:
            return _refuse(f'unknown node for user "{attributes.user.name}"')
        if not self._graph.is_loaded:
            return Decision(allowed=False, prepare=self._graph.load)
        if attributes.is_resource:
            rule = self._rules.get(GroupResource(attributes.group, attributes.resource))
            if rule is not None:
                return rule(node, attributes)
        return self._by_role(attributes)

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """None: they are not such that a list could tell them."""
        if node_of(user) is None:
            return SubjectRules()
        return SubjectRules(
            incomplete=True, error="node authorizer does not support user rule resolution"
        )

    def _by_role(self, attributes: AuthorizationAttributes) -> Decision:
        if any(rule_allows(rule, attributes) for rule in self._role_rules):
            return _ALLOWED
        return _NO_OPINION

    # -- what pods refer to -------------------------------------------------------------------

    def _reached(self, node: str, attributes: AuthorizationAttributes) -> Decision:
        name = attributes.name
        if not name:
            return _refuse("No Object name found")
        resource = GroupResource(attributes.group, attributes.resource)
        if self._graph.reaches(node, resource, attributes.namespace, name):
            return _ALLOWED
        return _refuse(f"no relationship found between node '{node}' and this object")

    def _read(self, node: str, attributes: AuthorizationAttributes) -> Decision:
        if attributes.verb not in _READING:
            return _refuse("can only read resources of this type")
        if attributes.subresource:
            return _refuse("cannot read subresource")
        if not attributes.namespace:
            return _refuse("can only read namespaced object of this type")
        return self._reached(node, attributes)

    def _get(self, node: str, attributes: AuthorizationAttributes) -> Decision:
        if attributes.verb != "get":
            return _refuse("can only get individual resources of this type")
        if attributes.subresource:
            return _refuse("cannot get subresource")
        return self._reached(node, attributes)

    def _claim(self, node: str, attributes: AuthorizationAttributes) -> Decision:
        if attributes.subresource != "status":
            return self._get(node, attributes)
        if attributes.verb not in _CHANGING:
            return _refuse("can only get/update/patch this type")
        return self._reached(node, attributes)

    def _service_account(self, node: str, attributes: AuthorizationAttributes) -> Decision:
        asked = (attributes.verb, attributes.subresource)
        if asked == ("get", ""):
            return self._read(node, attributes)
        if asked == ("create", "token"):
            return self._reached(node, attributes)
        return _refuse("can only create tokens for individual service accounts")

    # -- what carries the node's name ---------------------------------------------------------

    def _lease(self, node: str, attributes: AuthorizationAttributes) -> Decision:
        verb = attributes.verb
        if verb not in _OWN_OBJECT:
            return _refuse("can only get, create, update, patch, or delete a node lease")
        if attributes.namespace != _LEASE_NAMESPACE:
            return _refuse(f'can only access leases in the "{_LEASE_NAMESPACE}" system namespace')
        # The name of a new one is in its body: NodeRestriction looks at that.
        if verb != "create" and attributes.name != node:
            return _refuse("can only access node lease with the same name as the requesting node")
        return _ALLOWED

    def _csi_node(self, node: str, attributes: AuthorizationAttributes) -> Decision:
        verb = attributes.verb
        if verb not in _OWN_OBJECT:
            return _refuse("can only get, create, update, patch, or delete a CSINode")
        if attributes.subresource:
            return _refuse("cannot authorize CSINode subresources")
        if verb != "create" and attributes.name != node:
            return _refuse("can only access CSINode with the same name as the requesting node")
        return _ALLOWED

    def _node(self, node: str, attributes: AuthorizationAttributes) -> Decision:
        if attributes.verb not in _READING or attributes.subresource or attributes.name == node:
            return self._by_role(attributes)
        what = f"'{attributes.name}'" if attributes.name else "all nodes"
        return _refuse(f"node '{node}' cannot read {what}, only its own Node object")

    # -- what names its node ------------------------------------------------------------------

    def _pod(self, node: str, attributes: AuthorizationAttributes) -> Decision:
        verb = attributes.verb
        if verb not in _READING or attributes.subresource:
            return self._by_role(attributes)
        if verb in _SELECTING:
            if _selects_node(attributes, node):
                return _ALLOWED
            if not attributes.name:
                return _refuse("can only list/watch pods with spec.nodeName field selector")
        return self._reached(node, attributes)

    def _resource_slice(self, node: str, attributes: AuthorizationAttributes) -> Decision:
        verb = attributes.verb
        if attributes.subresource:
            return _refuse("cannot authorize ResourceSlice subresources")
        if verb == "create":
            return _ALLOWED
        if verb in _OWN_OBJECT:
            return self._reached(node, attributes)
        if verb not in _SELECTING:
            return _refuse(
                "only the following verbs are allowed for a ResourceSlice: "
                "get, watch, list, create, update, patch, delete, deletecollection"
            )
        if self._with_selectors and not _selects_node(attributes, node):
            return _refuse(
                "can only list/watch/deletecollection resourceslices with nodeName field selector"
            )
        return _ALLOWED


def _selects_node(attributes: AuthorizationAttributes, node: str) -> bool:
    """Whether only what names the node is asked for."""
    try:
        selector = fields.parse(attributes.field_selector)
    except fields.SelectorError:
        return False
    return any(
        term.field == "spec.nodeName" and term.value == node and not term.negated
        for term in selector.terms
    )
