"""ConversionWebhook: asks the webhook of one definition to convert objects.

Implements "Webhook conversion" of "Versions in CustomResourceDefinitions". One definition as it is
now has one ConversionWebhook; a change of the definition makes a new one, so nothing that the
former one answered is used any more.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson

from kapi.apiextensions.conversion.review import (
    REVIEW_VERSIONS,
    ConversionFailed,
    UnusableAnswer,
    accept_objects,
    conversion_failed,
    kind_text,
    read_review,
    write_review,
)
from kapi.registry.webhook.client import CallFailed

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.webhook.client import WebhookClient
    from kapi.util.ids import IDSource

__all__ = ["OBJECTS_PER_REVIEW", "ConversionWebhook", "ConversionWebhooks"]

# As long as kube-apiserver waits; the definition cannot change it.
_TIMEOUT_SECONDS = 30
# One review is bounded by objects and bytes, so that neither side has to hold a whole collection
# as one text.
OBJECTS_PER_REVIEW = 500
_BYTES_PER_REVIEW = 4 * 1024 * 1024


class ConversionWebhook:
    """The webhook of ``spec.conversion.webhook``, defaults filled in."""

    def __init__(self, client: WebhookClient, ids: IDSource, webhook: JSONObject) -> None:
        self._client = client
        self._ids = ids
        self._config: JSONObject = webhook["clientConfig"]
        self._review_version = next(
            (v for v in webhook.get("conversionReviewVersions") or () if v in REVIEW_VERSIONS), ""
        )

    async def convert(self, objects: Sequence[JSONObject], api_version: str) -> list[JSONObject]:
        """The objects at an API version, in their order; those that have it stay as they are.

        All are objects of one kind with ``apiVersion``, ``kind`` and ``metadata``. They are sent
        in as few reviews as possible. Raises ConversionFailed.
        """
        result = list(objects)
        wanted = [index for index, obj in enumerate(objects) if obj["apiVersion"] != api_version]
        for batch, sent in _batches(wanted, objects):
            originals = [objects[index] for index in batch]
            converted = await self._review(originals, sent, api_version)
            for index, obj in zip(batch, converted, strict=True):
                result[index] = obj
        return result

    async def _review(
        self, originals: list[JSONObject], sent: list[orjson.Fragment], api_version: str
    ) -> list[JSONObject]:
        version = self._review_version
        if not version:
            raise ConversionFailed("no supported conversion review versions")
        source, uid = kind_text(originals[0]), self._ids.uid()
        review = write_review(version, uid, api_version, sent)
        try:
            answer = await self._client.call(self._config, review, _TIMEOUT_SECONDS)
            converted = read_review(answer, version, uid)
        except CallFailed as error:
            raise conversion_failed(source, error.why) from error
        except UnusableAnswer as error:
            raise conversion_failed(source, str(error)) from error
        return accept_objects(source, originals, converted, api_version)


def _batches(
    wanted: list[int], objects: Sequence[JSONObject]
) -> Iterator[tuple[list[int], list[orjson.Fragment]]]:
    """The objects of each review: where they are, and as JSON."""
    batch: list[int] = []
    sent: list[orjson.Fragment] = []
    size = 0
    for index in wanted:
        text = orjson.dumps(objects[index])
        full = len(batch) >= OBJECTS_PER_REVIEW or size + len(text) > _BYTES_PER_REVIEW
        if batch and full:
            yield batch, sent
            batch, sent, size = [], [], 0
        batch.append(index)
        sent.append(orjson.Fragment(text))
        size += len(text)
    if batch:
        yield batch, sent


class ConversionWebhooks:
    """The conversion webhooks of one server, and the calls that nobody may break off.

    A call serves everybody who waits for the same objects, so it goes on when the first of them
    goes away; it ends with its timeout, or with the server.
    """

    def __init__(self, client: WebhookClient, ids: IDSource) -> None:
        self._client = client
        self._ids = ids
        self._calls: set[asyncio.Task[None]] = set()

    def of(self, webhook: JSONObject) -> ConversionWebhook:
        """The webhook that a definition's ``spec.conversion.webhook`` describes."""
        return ConversionWebhook(self._client, self._ids, webhook)

    def start(self, call: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run a call to its end."""
        task = asyncio.create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits is told; there may be nobody left

    async def close(self) -> None:
        """End the calls that are under way."""
        calls = list(self._calls)
        for task in calls:
            task.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
