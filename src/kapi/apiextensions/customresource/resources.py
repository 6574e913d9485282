"""From an established definition to what the catalogue serves: one Resource for each version."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, NamedTuple

from kapi.apiextensions.conversion.versions import ConvertedKind, WebhookConversion
from kapi.apiextensions.customresource.codec import CustomResourceCodec
from kapi.apiextensions.customresource.columns import printer_columns
from kapi.apiextensions.customresource.scale import CustomScale, ScalePaths
from kapi.apiextensions.customresource.strategy import (
    CustomResourceFunctionStrategy,
    CustomResourceStatusStrategy,
    CustomResourceStrategy,
    CustomResourceWithStatusStrategy,
)
from kapi.apiextensions.definition.versions import served_versions, storage_version
from kapi.apiextensions.schema.structural import StructuralSchema
from kapi.apiextensions.validations.check import compile_rule_check
from kapi.apimachinery.errors import InternalError, Invalid
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.scheme import Type
from kapi.apimachinery.types import GroupResource, GroupVersionKind
from kapi.registry.catalogue import Resource, Subresource
from kapi.registry.rules import KindRules
from kapi.registry.versions import priority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kapi.apiextensions.conversion.webhook import ConversionWebhooks
    from kapi.apiextensions.customresource.functions import ResourceFunctions
    from kapi.apiextensions.schema.reading import ReadMetadata
    from kapi.apiextensions.schema.structural import CompileRules
    from kapi.apimachinery.scheme import Scheme
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.rules import Convert
    from kapi.registry.strategy import Strategy

__all__ = ["CustomResourceVersions", "custom_resources", "structural_schemas"]

_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_SUBRESOURCE_VERBS = ("get", "patch", "update")
_SCALE = GroupVersionKind("autoscaling", "v1", "Scale")
# No struct describes custom resources; strategic merge patch and protobuf do not know them.
_UNTYPED = Type("any")


def structural_schemas(
    load: Callable[[], JSONObject],
    spec: JSONObject,
    read_metadata: ReadMetadata,
    compile_rules: CompileRules | None = compile_rule_check,
) -> dict[str, StructuralSchema]:
    """The schema of each version; ``load`` gives the definition's spec when one is needed.

    ``compile_rules`` makes the check of ``x-kubernetes-validations`` out of a schema.
    """

    def schema_of(name: str) -> JSONObject:
        for version in load().get("versions") or ():
            if version.get("name") == name:
                schema: JSONObject = (version.get("schema") or {}).get("openAPIV3Schema") or {}
                return schema
        return {}

    return {
        version["name"]: StructuralSchema(
            lambda name=version["name"]: schema_of(name),  # type: ignore[misc]
            read_metadata,
            compile_rules,
        )
        for version in spec.get("versions") or ()
    }


class CustomResourceVersions(NamedTuple):
    """What the catalogue and the store need of a definition.

    ``served`` are the resources of all served versions, ``storage`` is the one that stands for
    all. ``stored_versions`` are the API versions that stored objects may have, by how their
    values begin; None where they are brought to the storage version as they are read.
    """

    served: list[Resource]
    storage: Resource
    stored_versions: Mapping[bytes, str] | None


def custom_resources(
    scheme: Scheme,
    definition: JSONObject,
    schemas: Mapping[str, StructuralSchema],
    webhooks: ConversionWebhooks,
    functions: ResourceFunctions | None = None,
) -> CustomResourceVersions:
    """The resources that an established definition makes, with the functions of an extension."""
    builder = _Builder(scheme, definition, schemas, webhooks, functions)
    converted = builder.converted
    stored_versions = None if converted is None else converted.stored_versions()
    return CustomResourceVersions(builder.served(), builder.storage(), stored_versions)


class _Builder:
    def __init__(
        self,
        scheme: Scheme,
        definition: JSONObject,
        schemas: Mapping[str, StructuralSchema],
        webhooks: ConversionWebhooks,
        functions: ResourceFunctions | None,
    ) -> None:
        self._functions = functions
        self._scheme = scheme
        # Without its schemas, which are read when they are needed and not kept before.
        versions = [
            {name: part for name, part in version.items() if name != "schema"}
            for version in definition["spec"]["versions"]
        ]
        self._spec = {**definition["spec"], "versions": versions}
        self._names = definition["status"]["acceptedNames"]
        self._stored = definition["status"].get("storedVersions") or ()
        self._schemas = schemas
        self._group = self._spec["group"]
        self._hub = GroupVersionKind(
            self._group, storage_version(self._spec) or "", self._names["kind"]
        )
        self._versions = {version["name"]: version for version in versions}
        self._selectable = _selectable(versions)
        scales = {
            name: ScalePaths.of(version["subresources"]["scale"])
            for name, version in self._versions.items()
            if (version.get("subresources") or {}).get("scale")
        }
        self._scales = scales
        self._at_rest: dict[str, Resource] = {}
        self.converted = self._converted(webhooks)

    def _converted(self, webhooks: ConversionWebhooks) -> ConvertedKind | None:
        """How a webhook converts objects; None where nobody is asked."""
        conversion = self._spec.get("conversion") or {}
        if conversion.get("strategy") != "Webhook" or len(self._schemas) == 1:
            return None
        schemas, scales = self._schemas.__getitem__, self._scales.get
        strategy = CustomResourceStrategy(schemas, scales, self._selectable)
        return ConvertedKind(
            webhooks,
            webhooks.of(conversion["webhook"]),
            self._hub,
            self._schemas,
            lambda obj: tuple(strategy.field_labels(obj).values()),
            self.at_rest,
        )

    def served(self) -> list[Resource]:
        return [self._resource(version) for version in served_versions(self._spec)]

    def storage(self) -> Resource:
        """The resource at the storage version, whether that is served or not."""
        return self._resource(self._versions[self._hub.version])

    def at_rest(self, name: str) -> Resource:
        """The resource at a version in which its objects also stay when they are written."""
        found = self._at_rest.get(name)
        if found is None:
            found = self._at_rest[name] = self._resource(self._versions[name], stores=name)
        return found

    def _resource(self, version: JSONObject, stores: str = "") -> Resource:
        names, gvk = self._names, GroupVersionKind(self._group, version["name"], self._hub.kind)
        plural = names["plural"]
        hash_text = f"{self._group}/{self._hub.version}/{self._hub.kind}"
        digest = hashlib.sha256(hash_text.encode()).digest()[:8]
        conversion = None
        if self.converted is not None:
            conversion = WebhookConversion(self.converted, gvk.version, stores or self._hub.version)
        return Resource(
            group=self._group,
            version=gvk.version,
            resource=plural,
            kind=gvk.kind,
            singular=names.get("singular", ""),
            namespaced=self._spec.get("scope") == "Namespaced",
            verbs=_VERBS,
            short_names=tuple(names.get("shortNames") or ()),
            categories=tuple(names.get("categories") or ()),
            subresources=self._subresources(version, gvk),
            type=_UNTYPED,
            codec=CustomResourceCodec(self._scheme, self._schemas[gvk.version], gvk),
            hub=self._hub if conversion is None else gvk,
            storage=GroupResource(self._group, plural),
            rules=self._rules(version),
            storage_version_hash=base64.b64encode(digest).decode(),
            list_kind=names.get("listKind", ""),
            deprecation=self._deprecation(version, gvk),
            custom=True,
            stored_in_many=conversion is None and len(self._stored) > 1,
            conversion=conversion,
        )

    def _subresources(self, version: JSONObject, gvk: GroupVersionKind) -> dict[str, Subresource]:
        found = _subresources(version, gvk)
        if self._functions is not None:
            found.update({sub.name: sub for sub in self._functions.subresources(gvk)})
        return found

    def _rules(self, version: JSONObject) -> KindRules:
        has_status = (version.get("subresources") or {}).get("status") is not None
        kind = CustomResourceWithStatusStrategy if has_status else CustomResourceStrategy
        schemas, functions, hub = self._schemas.__getitem__, self._functions, self._hub.version
        strategy = kind(schemas, self._scales.get, self._selectable, functions, hub)
        subresources: dict[str, Strategy] = {}
        if has_status:
            subresources["status"] = CustomResourceStatusStrategy(
                schemas, self._scales.get, functions, hub
            )
        if functions is not None:
            changing = CustomResourceFunctionStrategy(
                schemas, self._scales.get, self._selectable, functions, hub
            )
            subresources.update({sub.name: changing for sub in functions.subresources(self._hub)})
        own = _selectable([version])
        to_hub, convert = self._conversions(version["name"])
        return KindRules(
            strategy=strategy,
            to_hub=to_hub,
            from_hub=convert,
            converts=functions is not None and functions.converts,
            subresources=subresources,
            scale=self._scale_view(version["name"]),
            columns=printer_columns(version.get("additionalPrinterColumns") or []),
            # All versions share the positions of the values; only its own fields have a name.
            selectable_fields=tuple(
                path.removeprefix(".") if path in own else "" for path in self._selectable
            ),
        )

    def _conversions(self, version: str) -> tuple[Mapping[str, Convert], Mapping[str, Convert]]:
        """How objects of a version become what is stored, and back."""
        if len(self._schemas) == 1 or self.converted is not None:
            return {}, {}
        hub, functions = self._hub.version, self._functions
        if functions is None or not functions.converts:
            return {version: self._convert(hub)}, {version: self._convert(version)}
        if version == hub:
            return {}, {}
        convert = functions.convert

        def to_hub(obj: JSONObject) -> JSONObject:
            self._check(obj, version)  # functions are given what fits
            return convert(obj, version, hub)

        def from_hub(obj: JSONObject) -> JSONObject:
            try:
                converted = convert(obj, hub, version)
            except InternalError:
                self._check(obj, hub)  # which says more about an object that is not stored yet
                raise
            pruned: JSONObject = self._schemas[version].prune(converted)
            return pruned

        return {version: to_hub}, {version: from_hub}

    def _check(self, obj: JSONObject, version: str) -> None:
        """Raise Invalid for an object that does not fit the schema of a version."""
        errors = ErrorList()
        self._schemas[version].validate(obj, None, errors)
        self._schemas[version].validate_rules(obj, None, errors, lambda _: None)
        if errors:
            name = obj["metadata"].get("name") or ""
            raise Invalid.kind(self._group, self._hub.kind, name, errors)

    def _convert(self, version: str) -> Callable[[JSONObject], JSONObject]:
        """Conversion by nothing: the same object, as far as the version knows it."""
        schema = self._schemas[version]

        def convert(obj: JSONObject) -> JSONObject:
            converted: JSONObject = schema.prune(obj)
            return converted

        return convert

    def _scale_view(self, version: str) -> CustomScale | None:
        paths = self._scales.get(version)
        if paths is None:
            return None
        owned = {
            f"{self._group}/{name}": scale.spec_replicas for name, scale in self._scales.items()
        }
        return CustomScale(paths, owned)

    def _deprecation(self, version: JSONObject, gvk: GroupVersionKind) -> str:
        if not version.get("deprecated"):
            return ""
        given = version.get("deprecationWarning")
        if given is not None:
            text: str = given
            return text
        warning = f"{gvk.api_version} {gvk.kind} is deprecated"
        return f"{warning}; use {self._newer(gvk)} {gvk.kind}" if self._newer(gvk) else warning

    def _newer(self, gvk: GroupVersionKind) -> str:
        """The preferred version that is served and not deprecated, if it precedes this one."""
        usable = [v["name"] for v in served_versions(self._spec) if not v.get("deprecated")]
        usable.sort(key=priority)
        if not usable or priority(usable[0]) > priority(gvk.version):
            return ""
        return f"{gvk.group}/{usable[0]}"


def _selectable(versions: list[JSONObject]) -> tuple[str, ...]:
    paths: dict[str, None] = {}
    for version in versions:
        for field in version.get("selectableFields") or ():
            paths[field["jsonPath"]] = None
    return tuple(paths)


def _subresources(version: JSONObject, gvk: GroupVersionKind) -> dict[str, Subresource]:
    found: dict[str, Subresource] = {}
    declared = version.get("subresources") or {}
    if declared.get("status") is not None:
        found["status"] = Subresource("status", gvk, _SUBRESOURCE_VERBS)
    if declared.get("scale") is not None:
        found["scale"] = Subresource("scale", _SCALE, _SUBRESOURCE_VERBS)
    return found
