"""EscalationCheck: nobody gives away rights that they do not have.

Implements "Restrictions on role creation or update" and "Restrictions on role binding creation or
update" of the RBAC documentation. It stands behind the mutating plugins, so that what they add is
judged too, and before validation, as in kube-apiserver; it cannot be switched off but by a mode of
authorization without RBAC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.apimachinery.errors import BadRequest, Forbidden, NotFound, StatusError
from kapi.apimachinery.field import quote
from kapi.apimachinery.user import PRIVILEGED_GROUP
from kapi.authorization.attributes import AuthorizationAttributes
from kapi.authorization.escalation import FULL_AUTHORITY, escalation_message, missing_rules
from kapi.authorization.rbac import RoleMissing, granted_rules, referenced_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.authorization.authorizer import Authorizer
    from kapi.authorization.rbac import RoleGetter
    from kapi.registry.admission import Attributes

__all__ = ["EscalationCheck"]

_GROUP = "rbac.authorization.k8s.io"
_ROLES = frozenset({"roles", "clusterroles"})
_RESOURCES_OF_KINDS = {"Role": "roles", "ClusterRole": "clusterroles"}
_BINDINGS = frozenset({"rolebindings", "clusterrolebindings"})
# What the garbage collector changes.
_COLLECTED = ("ownerReferences", "finalizers", "managedFields", "resourceVersion")


class EscalationCheck(Plugin):
    """See the module."""

    name: ClassVar[str] = "EscalationCheck"
    operations: ClassVar[frozenset[str]] = frozenset({"CREATE", "UPDATE"})
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset(
        (_GROUP, resource) for resource in _ROLES | _BINDINGS
    )

    def __init__(self, authorizer: Authorizer, roles: RoleGetter) -> None:
        self._authorizer = authorizer
        self._roles = roles

    async def mutate(self, attributes: Attributes) -> None:
        """Raise Forbidden, or another StatusError for a binding to what is not there or no role."""
        obj, old = attributes.obj, attributes.old
        if obj is None or PRIVILEGED_GROUP in attributes.context.user.groups:
            return
        if old is not None and _is_only_collected(obj, old):
            return
        if attributes.resource.resource in _ROLES:
            self._check_role(attributes, obj, old or {})
        else:
            self._check_binding(attributes, obj)

    def _check_role(self, attributes: Attributes, role: JSONObject, old: JSONObject) -> None:
        # The right to escalate one role by its name is none to make it, as for other verbs.
        name = attributes.context.path_name
        if self._may(attributes, "escalate", attributes.resource.resource, name):
            return
        self._confirm(attributes, role.get("rules") or ())
        if not (_is_aggregated(role) or _is_aggregated(old)):
            return
        if missing_rules(self._held(attributes)[0], FULL_AUTHORITY):
            why = "must have cluster-admin privileges to use the aggregationRule"
            raise _refused(attributes, why)

    def _check_binding(self, attributes: Attributes, binding: JSONObject) -> None:
        ref = binding.get("roleRef") or {}
        name, kind = ref.get("name") or "", ref.get("kind") or ""
        resource = _RESOURCES_OF_KINDS.get(kind)
        if resource is None:
            raise StatusError(f"unsupported role reference kind: {quote(kind)}")
        if self._may(attributes, "bind", resource, name):
            return
        if kind == "Role" and not attributes.context.namespace:
            raise BadRequest("Namespace parameter required.")
        try:
            rules = referenced_rules(self._roles, binding)
        except RoleMissing:
            raise NotFound.resource(_GROUP, attributes.resource.resource, name) from None
        self._confirm(attributes, rules)

    def _may(self, attributes: Attributes, verb: str, resource: str, name: str) -> bool:
        question = AuthorizationAttributes(
            attributes.context.user,
            verb,
            group=_GROUP,
            version="*",
            namespace=attributes.context.namespace,
            resource=resource,
            name=name,
        )
        return self._authorizer.authorize(question).allowed

    def _confirm(self, attributes: Attributes, rules: Sequence[JSONObject]) -> None:
        held, errors = self._held(attributes)
        missing = missing_rules(held, rules)
        if missing:
            raise _refused(attributes, escalation_message(attributes.context.user, missing, errors))

    def _held(self, attributes: Attributes) -> tuple[list[JSONObject], list[str]]:
        """The user's rules where the object is, and what could not be found out about them."""
        context = attributes.context
        missed: list[RoleMissing] = []
        rules = granted_rules(self._roles, context.user, context.namespace, missed.append)
        return [granted.rule for granted in rules], [str(error) for error in missed]


def _is_only_collected(obj: JSONObject, old: JSONObject) -> bool:
    """Whether nothing changes, or only what the garbage collector changes."""

    def rest(value: JSONObject) -> JSONObject:
        meta = {k: v for k, v in value["metadata"].items() if k not in _COLLECTED}
        return {**value, "metadata": meta}

    return rest(obj) == rest(old)


def _is_aggregated(role: JSONObject) -> bool:
    return bool((role.get("aggregationRule") or {}).get("clusterRoleSelectors"))


def _refused(attributes: Attributes, why: str) -> Forbidden:
    name = (attributes.obj or {}).get("metadata", {}).get("name") or attributes.context.name
    return Forbidden.resource(_GROUP, attributes.resource.resource, name, why)
