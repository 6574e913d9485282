"""ParamAccessCheck: nobody lets a policy read parameters that they may not read themselves.

Implements what "Parameter resources" of the documentation of ValidatingAdmissionPolicy demands of
whoever writes policies and bindings. What cannot be found out needs the right to everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from kapi.admission.chain import Plugin
from kapi.apimachinery.errors import Invalid
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.types import GroupVersion
from kapi.apimachinery.user import PRIVILEGED_GROUP
from kapi.authorization.attributes import AuthorizationAttributes
from kapi.authorization.authorizer import decide

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.apimachinery.types import JSONObject
    from kapi.apimachinery.user import UserInfo
    from kapi.authorization.authorizer import Authorizer
    from kapi.registry.admission import Attributes
    from kapi.registry.catalogue import Catalogue

__all__ = ["ParamAccessCheck"]

_GROUP = "admissionregistration.k8s.io"
_POLICIES_OF_BINDINGS = {
    "validatingadmissionpolicybindings": "validatingadmissionpolicies",
    "mutatingadmissionpolicybindings": "mutatingadmissionpolicies",
}


class _Kind(NamedTuple):
    """The parameters of a policy; everything where that is not known."""

    group: str = "*"
    version: str = "*"
    resource: str = "*"


class ParamAccessCheck(Plugin):
    """See the module."""

    name: ClassVar[str] = "ParamAccessCheck"
    operations: ClassVar[frozenset[str]] = frozenset({"CREATE", "UPDATE"})
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset(
        (_GROUP, resource) for pair in _POLICIES_OF_BINDINGS.items() for resource in pair
    )

    def __init__(self, authorizer: Authorizer, lookup: Lookup, catalogue: Catalogue) -> None:
        self._authorizer = authorizer
        self._lookup = lookup
        self._catalogue = catalogue

    async def validate(self, attributes: Attributes) -> None:
        """Raise Invalid when the user lacks the right; a paramKind that stays needs none."""
        user, obj = attributes.context.user, attributes.obj
        if obj is None or attributes.subresource or PRIVILEGED_GROUP in user.groups:
            return
        spec, old = obj.get("spec") or {}, (attributes.old or {}).get("spec") or {}
        errors = ErrorList()
        policies = _POLICIES_OF_BINDINGS.get(attributes.resource.resource)
        if policies is None:
            if spec.get("paramKind") and spec["paramKind"] != old.get("paramKind"):
                await self._check_policy(user, spec["paramKind"], errors)
        elif spec.get("paramRef"):
            await self._check_binding(user, spec, policies, errors)
        if errors:
            kind, name = attributes.resource.kind, obj["metadata"].get("name", "")
            raise Invalid.kind(_GROUP, kind, name, errors)

    async def _check_policy(
        self, user: UserInfo, param_kind: JSONObject, errors: ErrorList
    ) -> None:
        if not await self._may(user, "get", self._kind(param_kind) or _Kind()):
            shown = f"kind={param_kind.get('kind')}, apiVersion={param_kind.get('apiVersion')}"
            wanted = 'must have "get" permission on all objects of the referenced paramKind'
            errors.forbidden("spec.paramKind", f"user {_shown(user)} {wanted} ({shown})")

    async def _check_binding(
        self, user: UserInfo, spec: JSONObject, policies: str, errors: ErrorList
    ) -> None:
        ref: JSONObject = spec["paramRef"]
        name, namespace = ref.get("name") or "*", ref.get("namespace") or "*"
        verb = "get" if ref.get("name") else "list"
        kind, unknown = await self._kind_of_policy(spec.get("policyName") or "", policies)
        if await self._may(user, verb, kind, namespace, name):
            return
        who = _shown(user)
        if unknown:
            text = (
                f"{unknown} to determine minimum required permissions and user {who} does not have "
                f'"{verb}" permission for all groups, versions and resources'
            )
        else:
            # Of mutating policies clients know the text with verb and user interchanged.
            who, what = (who, verb) if policies.startswith("validating") else (verb, who)
            wanted = f'"{what}" permission on the object referenced by paramRef'
            text = f"user {who} does not have {wanted}"
        errors.forbidden("spec.paramRef", text)

    async def _kind_of_policy(self, name: str, policies: str) -> tuple[_Kind, str]:
        """The kind of a policy's parameters, and why it is not known."""
        policy = await self._lookup.get(_GROUP, policies, "", name)
        if policy is None:
            return _Kind(), f"unable to get policy {name}"
        param_kind = (policy.get("spec") or {}).get("paramKind")
        if param_kind is None:
            return _Kind(), ""
        kind = self._kind(param_kind)
        if kind is None:
            shown = f"&{{{param_kind.get('apiVersion')} {param_kind.get('kind')}}}"
            return _Kind(), f"unable to resolve paramKind {shown}"
        return kind, ""

    def _kind(self, param_kind: JSONObject) -> _Kind | None:
        group, _, version = (param_kind.get("apiVersion") or "").rpartition("/")
        found = self._catalogue.for_kind(GroupVersion(group, version), param_kind.get("kind") or "")
        return None if found is None else _Kind(found.group, found.version, found.resource)

    async def _may(
        self, user: UserInfo, verb: str, kind: _Kind, namespace: str = "*", name: str = "*"
    ) -> bool:
        question = AuthorizationAttributes(
            user,
            verb,
            group=kind.group,
            version=kind.version,
            resource=kind.resource,
            namespace=namespace,
            name=name,
        )
        return (await decide(self._authorizer, question)).allowed


def _shown(user: UserInfo) -> str:
    extra = " ".join(f"{key}:[{' '.join(user.extra[key])}]" for key in sorted(user.extra))
    return f"&{{{user.name} {user.uid} [{' '.join(user.groups)}] map[{extra}]}}"
