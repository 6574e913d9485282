"""The ValidatingAdmissionPolicy status controller: what type checking says about policies.

Implements "Type checking" of the documentation of ValidatingAdmissionPolicy: for every generation
of a policy ``status.typeChecking`` and ``status.observedGeneration`` are applied. Custom kinds
that come to be later, or change, are looked at when the policy changes again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery.errors import NotFound
from kapi.apimachinery.types import (
    GroupResource,
    GroupVersion,
    GroupVersionKind,
    GroupVersionResource,
)
from kapi.client.apply import apply
from kapi.controllers.work_queue import WorkQueue
from kapi.registry.keys import storage_prefix

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.cel.types import Type
    from kapi.client.inprocess import InProcessClient
    from kapi.controllers.object_keys import ObjectKeys
    from kapi.endpoints.api import API

__all__ = ["ServedKinds", "ValidatingAdmissionPolicyStatusController"]

_POLICIES = GroupResource("admissionregistration.k8s.io", "validatingadmissionpolicies")
_KIND = "ValidatingAdmissionPolicy"


class ValidatingAdmissionPolicyStatusController:
    """See the module."""

    name: ClassVar[str] = "validatingadmissionpolicy-status-controller"
    aliases: ClassVar[tuple[str, ...]] = ("validatingadmissionpolicy-status",)
    prefixes: ClassVar[tuple[str, ...]] = (storage_prefix(_POLICIES),)
    user: ClassVar[str] = "validatingadmissionpolicy-status-controller"

    def __init__(self, api: API, client: InProcessClient, keys: ObjectKeys) -> None:
        self._api = api
        self._client = client
        self._keys = keys
        self.queue: WorkQueue[str] = WorkQueue(self._sync, name=self.name)

    def reset(self) -> None:
        """Wait until all policies are known."""
        self.queue.pause()

    def synced(self) -> None:
        """All policies are known: act."""
        self.queue.start()

    def observe(self, key: str, value: bytes | None) -> None:
        """Follow a policy."""
        if value is not None:
            self.queue.add(key)

    async def _sync(self, key: str) -> None:
        found = self._keys.parse(key)
        if found is None:
            return
        try:
            policy = await self._client.get(found.gvr, "", found.name)
            await self._reconcile(policy, found.gvr)
        except NotFound:
            return

    async def _reconcile(self, policy: JSONObject, gvr: GroupVersionResource) -> None:
        generation = policy["metadata"].get("generation") or 0
        if generation <= ((policy.get("status") or {}).get("observedGeneration") or 0):
            return
        # Only now: a server without policies runs without the expression language.
        from kapi.admission.policy.type_checking import type_warnings  # noqa: PLC0415

        warnings = type_warnings(policy, ServedKinds(self._api))
        checked: JSONObject = {"expressionWarnings": warnings} if warnings else {}
        applied: JSONObject = {
            "apiVersion": str(GroupVersion(gvr.group, gvr.version)),
            "kind": _KIND,
            "metadata": {"name": policy["metadata"]["name"]},
            "status": {"observedGeneration": generation, "typeChecking": checked},
        }
        await apply(self._api, self._client, gvr, applied, self.name, "status")


class ServedKinds:
    """Implements :class:`~kapi.admission.policy.kind_types.KindLookup` for one server.

    Types are made anew for each policy that is checked: schemas of custom kinds change.
    """

    def __init__(self, api: API) -> None:
        self._api = api
        self._types: dict[GroupVersionKind, Type | None] = {}

    def kinds_of(self, group: str, version: str, resource: str) -> list[GroupVersionKind]:
        """The kinds that a rule means; an empty group means the core group and any other."""
        return [
            each.gvk
            for each in self._api.catalogue.all()
            if group in ("", each.group)
            and each.version == version
            and resource in (each.resource, each.singular)
        ]

    def type_of(self, kind: GroupVersionKind) -> Type | None:
        """The type of the objects of a kind, None where nobody describes it."""
        if kind not in self._types:
            self._types[kind] = self._type(kind)
        return self._types[kind]

    def _type(self, kind: GroupVersionKind) -> Type | None:
        from kapi.admission.policy.kind_types import (  # noqa: PLC0415 - loads CEL
            builtin_type,
            custom_type,
        )

        scheme = self._api.scheme
        name = scheme.definition_name(kind)
        if name is not None:
            return builtin_type(scheme.definitions, name, kind.kind)
        resource = self._api.catalogue.for_kind(GroupVersion(kind.group, kind.version), kind.kind)
        schema = resource.codec.schema() if resource is not None else None
        return None if schema is None else custom_type(scheme.definitions, schema, kind.kind)
