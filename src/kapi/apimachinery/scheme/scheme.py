"""Scheme: the types of one Kubernetes version, found by kind and compiled on first use."""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING, NamedTuple

import orjson

from kapi.apimachinery.scheme.build import TypeBuilder
from kapi.apimachinery.scheme.declaration_order import DeclarationOrder
from kapi.apimachinery.scheme.decode import DecodeError, DecoderCompiler
from kapi.apimachinery.scheme.definitions import Presence, load_definitions
from kapi.apimachinery.scheme.diagnose import type_error, unknown_fields
from kapi.apimachinery.scheme.go_names import GoNames
from kapi.apimachinery.scheme.protobuf import ProtobufCodec
from kapi.apimachinery.scheme.restoring import Restorer
from kapi.apimachinery.types import GroupVersionKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kapi.apimachinery.scheme.model import Type
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["Decoded", "Scheme"]


class Decoded(NamedTuple):
    """A decoded object and the paths of the members that were dropped as unknown."""

    obj: JSONObject
    unknown: list[str]


class Scheme:
    """All types of Kubernetes 1.``minor``.

    Types and decoders are built when first asked for; a Scheme may be shared by any number of
    servers that serve the same version.
    """

    def __init__(
        self,
        minor: int,
        definitions: Mapping[str, JSONObject],
        presence: Presence,
        defaults: Mapping[str, JSONValue],
        gated: Collection[str] = (),
    ) -> None:
        self.minor = minor
        self.definitions = definitions
        self.presence = presence
        self._builder = TypeBuilder(definitions, presence, defaults, gated)
        self.compiler = DecoderCompiler()
        self._names = _definition_names(definitions)
        self._go_names = GoNames(presence)
        self._order = DeclarationOrder(presence)
        self._protobuf: ProtobufCodec | None = None

    @classmethod
    def load(cls, minor: int) -> Scheme:
        """Read the definitions of one version.

        Raises FileNotFoundError when the type data does not have it.
        """
        facts = importlib.resources.files("kapi.facts")
        defaults = orjson.loads(facts.joinpath("defaults.json").read_bytes())
        # Members and the minor version in which their feature gate came to be on by default.
        gates: dict[str, int] = orjson.loads(facts.joinpath("gates.json").read_bytes())
        gated = frozenset(name for name, since in gates.items() if minor < since)
        return cls(minor, load_definitions(minor), Presence(), defaults, gated)

    def definition_name(self, gvk: GroupVersionKind) -> str | None:
        """The definition that describes a kind (``io.k8s.api.core.v1.Pod``)."""
        return self._names.get(gvk)

    def named(self, name: str) -> Type:
        """The Type of a definition; KeyError when there is none."""
        return self._builder.named(name)

    def type(self, gvk: GroupVersionKind) -> Type | None:
        """The Type of a kind, or None when this version has no such kind."""
        name = self._names.get(gvk)
        return None if name is None else self._builder.named(name)

    def kinds(self) -> Mapping[GroupVersionKind, str]:
        """Every kind with its definition name."""
        return self._names

    @property
    def protobuf(self) -> ProtobufCodec:
        """The protobuf form of the kinds."""
        if self._protobuf is None:
            self._protobuf = ProtobufCodec(self)
        return self._protobuf

    def decode(self, kind: Type, value: JSONValue) -> Decoded:
        """Decode and prune one value of a struct Type.

        Raises DecodeError, with the message that Go's decoder gives, when a member has a wrong
        type.
        """
        unknown: list[str] = []
        try:
            obj = self.compiler.decoder(kind)(value, unknown)
        except DecodeError as error:
            found = type_error(self.compiler, self._go_names, kind, value)
            raise DecodeError(found or error.detail) from None
        return Decoded(obj, list(unknown_fields(kind, value)) if unknown else unknown)

    def in_declared_order(self, kind: Type, value: JSONValue) -> JSONValue:
        """The value with its members in the order in which Go writes them."""
        return self._order.ordered(kind, value)

    def restore(self, kind: Type, value: JSONValue) -> JSONValue:
        """An untyped value as ``decode`` takes it, numbers converted to those of the fields.

        Raises DecodeError, with the message of Go's converter, when it does not fit.
        """
        return Restorer(self.compiler, self._go_names, self._order).restore(kind, value)


def _definition_names(definitions: Mapping[str, JSONObject]) -> dict[GroupVersionKind, str]:
    """Kinds by group, version and kind; option kinds that stand in every group are left out."""
    names: dict[GroupVersionKind, str] = {}
    for name, definition in definitions.items():
        kinds = definition.get("x-kubernetes-group-version-kind")
        if kinds is None or len(kinds) != 1:
            continue
        kind = kinds[0]
        names[GroupVersionKind(kind["group"], kind["version"], kind["kind"])] = name
    return names
