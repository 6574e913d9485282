"""API: what the handlers of one server share."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kapi.apimachinery.managedfields import FieldManager, OtherVersion
from kapi.apimachinery.types import GroupVersion
from kapi.endpoints.conversion import from_hub, to_hub
from kapi.endpoints.field_ownership import FetchedForms
from kapi.registry.context import RequestContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kapi.apimachinery.managedfields import TypeConverter
    from kapi.apimachinery.scheme import Scheme
    from kapi.apimachinery.types import GroupResource, JSONObject
    from kapi.authorization.authorizer import Authorizer
    from kapi.endpoints.negotiation import Negotiator
    from kapi.endpoints.request import Request
    from kapi.endpoints.table import TableWriter
    from kapi.endpoints.writer import ObjectWriter
    from kapi.registry.admission import Admission
    from kapi.registry.catalogue import Catalogue, Resource
    from kapi.registry.store import ResourceStore
    from kapi.util.clock import Clock
    from kapi.util.ids import IDSource

__all__ = ["API"]


def _as(api_version: str) -> Callable[[JSONObject], JSONObject]:
    """Conversion by nothing but the name of the version."""
    return lambda obj: {**obj, "apiVersion": api_version}


@dataclass(slots=True)
class API:
    """The parts of a server that its handlers use."""

    minor: int
    scheme: Scheme
    catalogue: Catalogue
    stores: dict[GroupResource, ResourceStore]
    admission: Admission
    negotiator: Negotiator
    writer: ObjectWriter
    tables: TableWriter
    clock: Clock
    ids: IDSource
    converter: TypeConverter
    authorizer: Authorizer
    _managers: dict[tuple[object, str], FieldManager] = field(default_factory=dict)
    _forms: dict[Resource, FetchedForms] = field(default_factory=dict)

    def store(self, resource: Resource) -> ResourceStore:
        """Where the objects of a resource are."""
        return self.stores[resource.storage]

    def forget(self, resources: Iterable[Resource]) -> None:
        """Drop what is kept for resources that are served no more."""
        gone = set(resources)
        for key in [key for key in self._managers if key[0] in gone]:
            del self._managers[key]
        for resource in gone:
            self._forms.pop(resource, None)

    def context(self, request: Request, operation: str, *, dry_run: bool) -> RequestContext:
        """The request as rules see it."""
        info = request.info
        return RequestContext(
            user=request.user,
            namespace=info.namespace,
            name=info.name,
            now_seconds=self.clock.now(),
            minor=self.minor,
            version=info.version,
            operation=operation,
            subresource=info.subresource,
            path_name=info.name,
            dry_run=dry_run,
            warnings=request.warnings,
        )

    def field_manager(self, resource: Resource, subresource: str) -> FieldManager:
        """Who keeps managedFields for writes of a resource at its version."""
        key = (resource, subresource)
        found = self._managers.get(key)
        if found is None:
            rules = resource.rules
            strategy = rules.subresources.get(subresource) if subresource else rules.strategy
            reset: list[str] = []
            if strategy is not None:
                reset = [*strategy.reset_fields]
                reset += [f"metadata.{member}" for member in strategy.reset_metadata]
            found = FieldManager(
                resource.codec.typed(self.converter),
                resource.gvk,
                subresource,
                reset,
                self._other_versions(resource),
            )
            self._managers[key] = found
        return found

    def fetched_forms(self, resource: Resource) -> FetchedForms:
        """The forms of other versions that field managers of a resource are given."""
        found = self._forms.get(resource)
        if found is None:
            found = self._forms[resource] = FetchedForms()
        return found

    def _other_versions(self, resource: Resource) -> Callable[[str], OtherVersion | None]:
        """How field managers see fields that were written through another API version."""

        def other(api_version: str) -> OtherVersion | None:
            group, version = GroupVersion.parse(api_version)
            if group != resource.group:
                return None  # events of the other group are another kind to their owners
            found = self.catalogue.get(group, version, resource.resource)
            if found is None or found.storage != resource.storage:
                return None
            if resource.conversion is not None:
                forms = self.fetched_forms(resource)
                typed = found.codec.typed(self.converter)
                return OtherVersion(typed, forms.at(api_version), forms.at(resource.api_version))
            if found.custom and not found.rules.converts:  # managers see other versions unpruned
                typed = found.codec.typed(self.converter)
                return OtherVersion(typed, _as(found.api_version), _as(resource.api_version))

            def convert(obj: JSONObject) -> JSONObject:
                return from_hub(found, to_hub(resource, deepcopy(obj)))

            def revert(obj: JSONObject) -> JSONObject:
                return from_hub(resource, to_hub(found, deepcopy(obj)))

            return OtherVersion(found.codec.typed(self.converter), convert, revert)

        return other

    @staticmethod
    def copy(obj: JSONObject, resource: Resource) -> JSONObject:
        """The object itself where conversion changes nothing, else one that it may change."""
        return obj if resource.is_hub else deepcopy(obj)
