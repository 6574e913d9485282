"""From an established definition to what the catalogue serves: one Resource for each version."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from kapi.apiextensions.customresource.codec import CustomResourceCodec
from kapi.apiextensions.customresource.columns import printer_columns
from kapi.apiextensions.customresource.scale import CustomScale, ScalePaths
from kapi.apiextensions.customresource.strategy import (
    CustomResourceStatusStrategy,
    CustomResourceStrategy,
    CustomResourceWithStatusStrategy,
)
from kapi.apiextensions.definition.versions import served_versions, storage_version
from kapi.apiextensions.schema.structural import StructuralSchema
from kapi.apiextensions.validations.check import compile_rule_check
from kapi.apimachinery.errors import StatusError
from kapi.apimachinery.scheme import Type
from kapi.apimachinery.types import GroupResource, GroupVersionKind
from kapi.registry.catalogue import Resource, Subresource
from kapi.registry.rules import KindRules
from kapi.registry.versions import priority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kapi.apiextensions.schema.reading import ReadMetadata
    from kapi.apiextensions.schema.structural import CompileRules
    from kapi.apimachinery.scheme import Scheme
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.strategy import Strategy

__all__ = ["custom_resources", "structural_schemas"]

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


def custom_resources(
    scheme: Scheme, definition: JSONObject, schemas: Mapping[str, StructuralSchema]
) -> tuple[list[Resource], Resource]:
    """The resources of all served versions of a definition, and the one that stands for all."""
    builder = _Builder(scheme, definition, schemas)
    return builder.served(), builder.storage()


class _Builder:
    def __init__(
        self, scheme: Scheme, definition: JSONObject, schemas: Mapping[str, StructuralSchema]
    ) -> None:
        self._scheme = scheme
        self._spec = definition["spec"]
        self._names = definition["status"]["acceptedNames"]
        self._stored = definition["status"].get("storedVersions") or ()
        self._schemas = schemas
        self._group = self._spec["group"]
        self._hub = GroupVersionKind(
            self._group, storage_version(self._spec) or "", self._names["kind"]
        )
        versions = {version["name"]: version for version in self._spec["versions"]}
        self._selectable = _selectable(list(versions.values()))
        scales = {
            name: ScalePaths.of(version["subresources"]["scale"])
            for name, version in versions.items()
            if (version.get("subresources") or {}).get("scale")
        }
        self._scales = scales

    def served(self) -> list[Resource]:
        return [self._resource(version) for version in served_versions(self._spec)]

    def storage(self) -> Resource:
        """The resource at the storage version, whether that is served or not."""
        versions = (v for v in self._spec["versions"] if v["name"] == self._hub.version)
        return self._resource(next(versions))

    def _resource(self, version: JSONObject) -> Resource:
        names, gvk = self._names, GroupVersionKind(self._group, version["name"], self._hub.kind)
        plural = names["plural"]
        hash_text = f"{self._group}/{self._hub.version}/{self._hub.kind}"
        digest = hashlib.sha256(hash_text.encode()).digest()[:8]
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
            subresources=_subresources(version, gvk),
            type=_UNTYPED,
            codec=CustomResourceCodec(self._scheme, self._schemas[gvk.version], gvk),
            hub=self._hub,
            storage=GroupResource(self._group, plural),
            rules=self._rules(version),
            storage_version_hash=base64.b64encode(digest).decode(),
            list_kind=names.get("listKind", ""),
            deprecation=self._deprecation(version, gvk),
            custom=True,
            stored_in_many=len(self._stored) > 1,
        )

    def _rules(self, version: JSONObject) -> KindRules:
        has_status = (version.get("subresources") or {}).get("status") is not None
        kind = CustomResourceWithStatusStrategy if has_status else CustomResourceStrategy
        schemas = self._schemas.__getitem__
        strategy = kind(schemas, self._scales.get, self._selectable)
        subresources: dict[str, Strategy] = {}
        if has_status:
            subresources["status"] = CustomResourceStatusStrategy(schemas, self._scales.get)
        own = _selectable([version])
        convert = (
            {} if len(self._schemas) == 1 else {version["name"]: self._convert(version["name"])}
        )
        to_hub = {version["name"]: self._convert(self._hub.version)} if convert else {}
        return KindRules(
            strategy=strategy,
            to_hub=to_hub,
            from_hub=convert,
            subresources=subresources,
            scale=self._scale_view(version["name"]),
            columns=printer_columns(version.get("additionalPrinterColumns") or []),
            # All versions share the positions of the values; only its own fields have a name.
            selectable_fields=tuple(
                path.removeprefix(".") if path in own else "" for path in self._selectable
            ),
        )

    def _convert(self, version: str) -> Callable[[JSONObject], JSONObject]:
        """Conversion by nothing: the same object, as far as the version knows it."""
        schema = self._schemas[version]
        if (self._spec.get("conversion") or {}).get("strategy") == "Webhook":
            return self._refuse_webhook(version)

        def convert(obj: JSONObject) -> JSONObject:
            converted: JSONObject = schema.prune(obj)
            return converted

        return convert

    def _refuse_webhook(self, version: str) -> Callable[[JSONObject], JSONObject]:
        """Objects of a definition with a conversion webhook exist in one form only."""
        to = f"{self._group}/{version}, Kind={self._hub.kind}"

        def convert(obj: JSONObject) -> JSONObject:
            if obj.get("apiVersion", self._hub.api_version) == f"{self._group}/{version}":
                return obj
            why = "this server does not call conversion webhooks"
            raise StatusError(f"conversion webhook for {to} failed: {why}", code=500)

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
