"""MutatingAdmissionWebhook: webhooks that change what is about to be stored, one after the other.

Implements "Reinvocation policy" of the documentation, too: when a webhook has changed the object,
all mutating plugins run once more, and of the webhooks those that ask for it and were called
before the last change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import orjson

from kapi.admission.chain import Plugin
from kapi.admission.rounds import Rounds
from kapi.admission.webhook.configurations import Configurations
from kapi.admission.webhook.dispatcher import Dispatcher
from kapi.admission.webhook.matching import Matching
from kapi.admission.webhook.rules import is_exempt
from kapi.admission.webhook.versions import reviewed_kind
from kapi.apimachinery.errors import InternalError
from kapi.apimachinery.field import quote
from kapi.apimachinery.patch import json as json_patch
from kapi.registry.admission import Reinvocation
from kapi.registry.webhook.client import no_object

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.admission.webhook.configurations import Webhook
    from kapi.admission.webhook.match_conditions import CompileCondition
    from kapi.admission.webhook.matching import Invocation
    from kapi.admission.webhook.versions import ReviewedObjects, Versions
    from kapi.apimachinery.types import JSONObject
    from kapi.authorization.authorizer import Authorizer
    from kapi.registry.admission import Attributes
    from kapi.registry.webhook.client import WebhookClient
    from kapi.util.ids import IDSource

__all__ = ["MutatingAdmissionWebhook", "WebhookAccess", "is_reviewed"]

_ROUND = "mutation.webhook.admission.k8s.io/round_"


@dataclass(frozen=True, slots=True)
class WebhookAccess:
    """What the plugins that ask webhooks or policies need of the server."""

    lookup: Lookup
    client: WebhookClient
    ids: IDSource
    versions: Versions
    compile_condition: CompileCondition
    authorizer: Authorizer


def is_reviewed(attributes: Attributes) -> bool:
    """Whether webhooks may see an operation.

    An update through a subresource whose objects are of another kind (but for Scale) is a step of
    the server's own, after the request itself was admitted.
    """
    resource, subresource = attributes.resource, attributes.subresource
    if is_exempt(resource.group, resource.resource):
        return False
    if attributes.operation != "UPDATE" or subresource == "scale":
        return True
    return reviewed_kind(resource, subresource) == resource.gvk


class MutatingAdmissionWebhook(Plugin):
    """Implements the plugin of that name of "Admission control in Kubernetes"."""

    name: ClassVar[str] = "MutatingAdmissionWebhook"

    def __init__(self, access: WebhookAccess) -> None:
        self._access = access
        self._configurations = Configurations(
            access.lookup, "mutatingwebhookconfigurations", access.compile_condition
        )
        self._dispatcher = Dispatcher(access.client, access.ids, mutating=True)

    def handles(self, attributes: Attributes) -> bool:
        """Everything but what configures admission itself."""
        return is_reviewed(attributes)

    async def mutate(self, attributes: Attributes) -> None:
        """Call the webhooks that are meant, each with what those before it have made."""
        webhooks = await self._configurations.webhooks()
        if not webhooks or attributes.context.admitted:
            return
        reinvocation = attributes.reinvocation
        if reinvocation is None:
            reinvocation = attributes.reinvocation = Reinvocation()
        rounds = reinvocation.states.setdefault(self.name, Rounds())
        assert isinstance(rounds, Rounds)
        rounds.begin(reinvocation, attributes.obj)
        await self._call_all(attributes, webhooks, reinvocation, rounds)
        rounds.end(attributes.obj)

    async def _call_all(
        self,
        attributes: Attributes,
        webhooks: list[Webhook],
        reinvocation: Reinvocation,
        rounds: Rounds,
    ) -> None:
        matching = Matching(attributes, self._access.lookup, self._access.versions)
        for index, webhook in enumerate(webhooks):
            invocation = await matching.match(webhook)
            # A webhook that was not called in the first round is not called in the second.
            if invocation is None or (reinvocation.again and webhook.uid not in rounds.due):
                continue
            key = f"{_ROUND}{int(reinvocation.again)}_index_{index}"
            if await self._call(attributes, invocation, matching.objects, key):
                rounds.changed()
                reinvocation.wanted = True
            if webhook.reinvocable:
                rounds.called.add(webhook.uid)

    async def _call(
        self, attributes: Attributes, invocation: Invocation, objects: ReviewedObjects, key: str
    ) -> bool:
        """Whether the webhook changed the object."""
        context = attributes.context
        operations = await self._dispatcher.call(context, invocation, objects, f"failed-open.{key}")
        if operations is None:
            return False
        changed = bool(operations) and await _apply(invocation, objects, operations)
        webhook = invocation.webhook
        noted = {
            "configuration": webhook.configuration,
            "webhook": webhook.name,
            "mutated": changed,
        }
        context.annotate(key, orjson.dumps(noted).decode())
        return changed


async def _apply(
    invocation: Invocation, objects: ReviewedObjects, operations: list[JSONObject]
) -> bool:
    """Change the object by the patch; raises InternalError."""
    obj, _ = objects.new(invocation.resource)
    if obj is None:
        raise InternalError(
            f"admission webhook {quote(invocation.webhook.name)} attempted to modify the "
            "object, which is not supported for this operation"
        )
    try:
        changed = json_patch.patched(obj, operations)
    except json_patch.PatchError as error:
        raise InternalError(str(error)) from error
    if not isinstance(changed, dict):
        raise InternalError(no_object(changed))
    return await objects.accept(invocation.resource, changed)
