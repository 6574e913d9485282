"""Declaration: one resource with its versions, as a CustomResourceDefinition.

What can be wrong in a definition is found by the rules for definitions themselves, before a
server starts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from kapi.ext.errors import DeclarationError
from kapi.ext.markers import rules_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.ext.functions import Function
    from kapi.ext.markers import Rule
    from kapi.ext.scalars import Shape

__all__ = [
    "AGE",
    "Column",
    "Declaration",
    "Scale",
    "SubresourceFunction",
    "Version",
]


ColumnType: TypeAlias = Literal["string", "integer", "number", "boolean", "date"]
_VERSION = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of ``kubectl get``: ``Column("Replicas", "integer", ".spec.replicas")``.

    ``priority`` above 0 is shown with ``-o wide`` only.
    """

    name: str
    type: ColumnType
    json_path: str
    description: str = ""
    format: str = ""
    priority: int = 0

    def definition(self) -> JSONObject:
        """The column as a definition has it."""
        found: JSONObject = {"name": self.name, "type": self.type, "jsonPath": self.json_path}
        for name in ("description", "format", "priority"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        return found


# How old an object is: what tables without columns show.
AGE = Column("Age", "date", ".metadata.creationTimestamp")


@dataclass(frozen=True, slots=True)
class Scale:
    """Where ``kubectl scale`` finds its numbers; the selector's path may be left out."""

    spec_replicas: str = ".spec.replicas"
    status_replicas: str = ".status.replicas"
    label_selector: str = ""

    def definition(self) -> JSONObject:
        """The scale subresource as a definition has it."""
        found: JSONObject = {
            "specReplicasPath": self.spec_replicas,
            "statusReplicasPath": self.status_replicas,
        }
        if self.label_selector:
            found["labelSelectorPath"] = self.label_selector
        return found


@dataclass(frozen=True, slots=True)
class SubresourceFunction:
    """A function that answers one method of a subresource.

    ``body`` and ``result`` are the shapes of what is sent and answered, None for any JSON.
    ``changes`` says that the object is stored with what the function did to it.
    """

    function: Function
    changes: bool
    body: Shape | None
    result: Shape | None


@dataclass(slots=True)
class Version:
    """One version of a resource: its classes and what is said about it alone."""

    name: str
    spec_class: type
    status_class: type | None
    spec: Shape
    status: Shape | None
    # The classes refuse values that fit their schemas, so every object is made an instance.
    judges: bool = False
    columns: Sequence[Column] = ()
    rules: Sequence[Rule] = ()
    selectable_fields: Sequence[str] = ()
    description: str = ""
    served: bool = True
    storage: bool | None = None
    deprecated: bool | str = False

    def definition(self, scale: Scale | None, *, storage: bool) -> JSONObject:
        """The version as a definition has it."""
        found: JSONObject = {
            "name": self.name,
            "served": self.served,
            "storage": storage,
            "schema": {"openAPIV3Schema": self._schema()},
        }
        if self.deprecated:
            found["deprecated"] = True
            if isinstance(self.deprecated, str):
                found["deprecationWarning"] = self.deprecated
        subresources: JSONObject = {}
        if self.status is not None:
            subresources["status"] = {}
        if scale is not None:
            subresources["scale"] = scale.definition()
        if subresources:
            found["subresources"] = subresources
        if self.columns:
            found["additionalPrinterColumns"] = [column.definition() for column in self.columns]
        if self.selectable_fields:
            found["selectableFields"] = [{"jsonPath": path} for path in self.selectable_fields]
        return found

    def _schema(self) -> JSONObject:
        spec = self.spec.schema
        schema: JSONObject = {"type": "object"}
        text = self.description or spec.get("description", "")
        if text:
            schema["description"] = text
        if spec.get("required"):
            schema["required"] = ["spec"]
        else:  # the defaults of an object without a spec are those of an empty one
            spec = {**spec, "default": {}}
        schema["properties"] = {"spec": spec}
        if self.status is not None:
            schema["properties"]["status"] = self.status.schema
        if self.rules:
            schema["x-kubernetes-validations"] = rules_schema(self.rules)
        return schema


@dataclass(slots=True)
class Declaration:
    """One resource of an extension, with the functions that belong to it."""

    extension: str
    group: str
    kind: str
    plural: str
    singular: str
    scope: str
    short_names: Sequence[str]
    categories: Sequence[str]
    scale: Scale | None
    versions: dict[str, Version] = field(default_factory=dict)
    validators: list[Function] = field(default_factory=list)
    status_validators: list[Function] = field(default_factory=list)
    mutators: list[Function] = field(default_factory=list)
    # By source class and target class.
    conversions: dict[tuple[type, type], Function] = field(default_factory=dict)
    # By name and HTTP method.
    subresources: dict[str, dict[str, SubresourceFunction]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the definition."""
        return f"{self.plural}.{self.group}"

    @property
    def storage(self) -> Version:
        """The version that objects are stored in and functions see."""
        from kapi.registry.versions import priority  # noqa: PLC0415 - not to declare, to serve

        chosen = [version for version in self.versions.values() if version.storage]
        if len(chosen) > 1:
            names = " and ".join(version.name for version in chosen)
            raise DeclarationError(f"{self.kind}: both {names} say storage=True")
        return chosen[0] if chosen else min(self.versions.values(), key=lambda v: priority(v.name))

    def converted(self) -> bool:
        """Whether versions differ by more than their names."""
        hub = self.storage
        return any(
            (version.spec_class, version.status_class) != (hub.spec_class, hub.status_class)
            for version in self.versions.values()
        )

    def definition(self) -> JSONObject:
        """The CustomResourceDefinition, with all that would be filled in."""
        from kapi.apiextensions.customresource.functions import (  # noqa: PLC0415 - as above
            EXTENSION_ANNOTATION,
        )

        storage = self.storage
        names: JSONObject = {
            "plural": self.plural,
            "singular": self.singular,
            "kind": self.kind,
            "listKind": f"{self.kind}List",
        }
        if self.short_names:
            names["shortNames"] = list(self.short_names)
        if self.categories:
            names["categories"] = list(self.categories)
        versions = [
            version.definition(self.scale, storage=version is storage)
            for version in self.versions.values()
        ]
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": self.name, "annotations": {EXTENSION_ANNOTATION: self.extension}},
            "spec": {
                "group": self.group,
                "scope": self.scope,
                "names": names,
                "versions": versions,
                "conversion": {"strategy": "None"},
            },
        }

    def check(self) -> None:
        """Raise DeclarationError for what no server could serve."""
        self._check_conversions()
        self._check_definition()

    def _check_conversions(self) -> None:
        hub = self.storage
        for version in self.versions.values():
            for source, target in (
                (version.spec_class, hub.spec_class),
                (hub.spec_class, version.spec_class),
                (version.status_class, hub.status_class),
                (hub.status_class, version.status_class),
            ):
                if source is target or (source, target) in self.conversions:
                    continue
                if source is None or target is None:
                    raise DeclarationError(
                        f"{self.kind}: {version.name} and {hub.name} both need a status, or neither"
                    )
                raise DeclarationError(
                    f"{self.kind}: a @convert function from {source.__name__} to "
                    f"{target.__name__} is missing; {hub.name} is what is stored"
                )

    def _check_definition(self) -> None:
        from kapi.apiextensions.definition.validation import (  # noqa: PLC0415 - as above
            validate_definition,
        )
        from kapi.apimachinery.field import ErrorList  # noqa: PLC0415

        definition = self.definition()
        definition["status"] = {"storedVersions": [self.storage.name]}
        errors = ErrorList()
        validate_definition(definition, errors)
        if errors:
            raise DeclarationError(f"{self.kind}: {'; '.join(str(error) for error in errors)}")

    def owner(self, kind: Any, what: str) -> None:
        """Functions see the stored version; raises DeclarationError for another one's class."""
        hub = self.storage
        if kind is not hub.spec_class:
            raise DeclarationError(
                f"{what}: is for {kind.__name__}, but objects are judged as {hub.name} "
                f"({hub.spec_class.__name__}), the stored version; @convert brings others there"
            )
