"""Which webhooks are called for an operation, and in which version they see it.

Implements "Matching requests" of the documentation: rules, namespaceSelector, objectSelector,
matchPolicy and matchConditions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.admission.webhook.match_conditions import ConditionError
from kapi.admission.webhook.review import describe_request
from kapi.admission.webhook.rules import RequestedResource
from kapi.admission.webhook.versions import ReviewedObjects
from kapi.apimachinery.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.admission.lookup import Lookup
    from kapi.admission.webhook.configurations import Webhook
    from kapi.admission.webhook.versions import Versions
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes
    from kapi.registry.catalogue import Resource

__all__ = ["Invocation", "Matching"]

_NAMESPACES = ("", "namespaces")


class Invocation(NamedTuple):
    """A webhook that is called, and the resource whose version it is sent."""

    webhook: Webhook
    resource: Resource
    request: JSONObject  # AdmissionRequest without uid and objects


class Matching:
    """Chooses webhooks for one operation."""

    def __init__(self, attributes: Attributes, lookup: Lookup, versions: Versions) -> None:
        self._attributes = attributes
        self._lookup = lookup
        self._versions = versions
        self.objects = ReviewedObjects(attributes, versions)
        resource = attributes.resource
        self._is_namespace = (resource.group, resource.resource) == _NAMESPACES
        context = attributes.context
        self._namespace = context.namespace if resource.namespaced else ""
        if self._is_namespace:
            self._namespace = context.name
        self._namespace_labels: Mapping[str, str] | None = None
        self._requests: dict[Resource, JSONObject] = {}

    async def match(self, webhook: Webhook) -> Invocation | None:
        """How a webhook is to be called, None if it is not.

        Raises Forbidden for match conditions without a result, NotFound for a namespace that a
        selector needs and that is gone.
        """
        resource = self._means(webhook)
        if (
            resource is None
            or not self._selects_object(webhook)
            or not await self._selects_namespace(webhook)
        ):
            return None
        await self.objects.prepare(resource)
        request = self._requests.get(resource)
        if request is None:
            request = describe_request(self._attributes, resource, self._namespace)
            self._requests[resource] = request
        if webhook.conditions and not self._conditions_hold(webhook, resource, request):
            return None
        return Invocation(webhook, resource, request)

    def _means(self, webhook: Webhook) -> Resource | None:
        """The resource at the version that a rule names."""
        resource = self._attributes.resource
        if webhook.rules.matches(self._requested(resource)):
            return resource
        if webhook.equivalent:
            for other in self._versions.equivalents(resource):
                if webhook.rules.matches(self._requested(other)):
                    return other
        return None

    def _requested(self, resource: Resource) -> RequestedResource:
        attributes = self._attributes
        return RequestedResource(
            resource.group,
            resource.version,
            resource.resource,
            attributes.subresource,
            attributes.operation,
            resource.namespaced and bool(self._namespace),
        )

    def _selects_object(self, webhook: Webhook) -> bool:
        selector = webhook.object_selector
        if selector.empty:
            return True
        attributes = self._attributes
        return any(
            obj is not None and "metadata" in obj and selector.matches(_labels(obj))
            for obj in (attributes.obj, attributes.old)
        )

    async def _selects_namespace(self, webhook: Webhook) -> bool:
        selector = webhook.namespace_selector
        if selector.empty or not self._namespace:
            return True
        if self._namespace_labels is None:
            self._namespace_labels = await self._labels_of_namespace()
        return selector.matches(self._namespace_labels)

    async def _labels_of_namespace(self) -> Mapping[str, str]:
        attributes = self._attributes
        if self._is_namespace and attributes.obj is not None and not attributes.subresource:
            return _labels(attributes.obj)
        namespace = await self._lookup.get("", "namespaces", "", self._namespace)
        if namespace is None:
            raise NotFound.resource("", "namespaces", self._namespace)
        return _labels(namespace)

    def _conditions_hold(self, webhook: Webhook, resource: Resource, request: JSONObject) -> bool:
        attributes = self._attributes
        obj, old = self.objects.new(resource)[0], self.objects.old(resource)[0]
        try:
            return webhook.conditions.matches(attributes.context, request, obj, old)
        except ConditionError as error:
            if webhook.ignores_failures:
                return False
            asked = attributes.resource
            name = attributes.context.name
            raise Forbidden.resource(asked.group, asked.resource, name, str(error)) from error


def _labels(obj: JSONObject) -> Mapping[str, str]:
    labels: Mapping[str, str] = (obj.get("metadata") or {}).get("labels") or {}
    return labels
