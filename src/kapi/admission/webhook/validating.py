"""ValidatingAdmissionWebhook: webhooks that judge what is about to be stored, all at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.admission.webhook.configurations import Configurations
from kapi.admission.webhook.dispatcher import Dispatcher
from kapi.admission.webhook.matching import Matching
from kapi.admission.webhook.mutating import is_reviewed

if TYPE_CHECKING:
    from kapi.admission.webhook.mutating import WebhookAccess
    from kapi.registry.admission import Attributes

__all__ = ["ValidatingAdmissionWebhook"]

_FAILED_OPEN = "failed-open.validating.webhook.admission.k8s.io/round_0_index_"


class ValidatingAdmissionWebhook(Plugin):
    """Implements the plugin of that name of "Admission control in Kubernetes"."""

    name: ClassVar[str] = "ValidatingAdmissionWebhook"

    def __init__(self, access: WebhookAccess) -> None:
        self._access = access
        self._configurations = Configurations(
            access.lookup, "validatingwebhookconfigurations", access.compile_condition
        )
        self._dispatcher = Dispatcher(access.client, access.ids, mutating=False)

    def handles(self, attributes: Attributes) -> bool:
        """Everything but what configures admission itself."""
        return is_reviewed(attributes)

    async def validate(self, attributes: Attributes) -> None:
        """Call all webhooks that are meant; the first refusal in their order counts."""
        webhooks = await self._configurations.webhooks()
        if not webhooks or attributes.context.admitted:
            return
        matching = Matching(attributes, self._access.lookup, self._access.versions)
        called = []
        for webhook in webhooks:
            invocation = await matching.match(webhook)
            if invocation is not None:
                called.append(invocation)
        context, objects, call = attributes.context, matching.objects, self._dispatcher.call
        if len(called) == 1:
            await call(context, called[0], objects, f"{_FAILED_OPEN}0")
            return
        calls = [
            call(context, invocation, objects, f"{_FAILED_OPEN}{index}")
            for index, invocation in enumerate(called)
        ]
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
