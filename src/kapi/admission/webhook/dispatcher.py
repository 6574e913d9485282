"""Calling one webhook: review, answer, warnings, annotations, and what failures mean."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kapi.admission.webhook.review import (
    WebhookDenied,
    read_patch,
    read_review,
    write_review,
)
from kapi.apimachinery.errors import BadRequest, InternalError
from kapi.apimachinery.field import quote
from kapi.registry.webhook.client import CallFailed

if TYPE_CHECKING:
    from kapi.admission.webhook.matching import Invocation
    from kapi.admission.webhook.review import AdmissionResponse
    from kapi.admission.webhook.versions import ReviewedObjects
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext
    from kapi.registry.webhook.client import WebhookClient
    from kapi.util.ids import IDSource

__all__ = ["Dispatcher"]

_LOG = logging.getLogger("kapi.admission.webhook")


class Dispatcher:
    """Calls webhooks for one of the two plugins."""

    def __init__(self, client: WebhookClient, ids: IDSource, *, mutating: bool) -> None:
        self._client = client
        self._ids = ids
        self._mutating = mutating
        self._type = "mutating" if mutating else "validating"

    async def call(
        self,
        context: RequestContext,
        invocation: Invocation,
        objects: ReviewedObjects,
        failed_open: str,
    ) -> list[JSONObject] | None:
        """The JSON patch of a webhook that allows the operation, None if its failure is ignored.

        ``failed_open`` is the key of the audit annotation in that case. Raises WebhookDenied,
        InternalError when the call fails, BadRequest for a dry run that it cannot do.
        """
        webhook = invocation.webhook
        if context.dry_run and not webhook.allows_dry_run:
            raise BadRequest(f"admission webhook {quote(webhook.name)} does not support dry run")
        try:
            response = await self._ask(invocation, objects)
            for key, value in response.audit_annotations.items():
                context.annotate(f"{webhook.name}/{key}", value)
            for warning in response.warnings:
                context.warn(warning)
            if not response.allowed:
                raise WebhookDenied(webhook.name, response.result)
            return read_patch(response)
        except CallFailed as error:
            text = f"failed calling webhook {quote(webhook.name)}: {error}"
            if not webhook.ignores_failures:
                raise InternalError(text) from error
            _LOG.warning("%s webhook, failing open: %s", self._type, text)
            context.annotate(failed_open, webhook.name)
            return None

    async def _ask(self, invocation: Invocation, objects: ReviewedObjects) -> AdmissionResponse:
        """What the webhook answers; raises CallFailed."""
        webhook, uid = invocation.webhook, self._ids.uid()
        version = webhook.review_version
        review = write_review(version, uid, invocation.request, objects, invocation.resource)
        answer = await self._client.call(webhook.client_config, review, webhook.timeout_seconds)
        return read_review(answer, version, uid, mutating=self._mutating)
