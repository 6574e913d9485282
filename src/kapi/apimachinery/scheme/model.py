"""Type and Field: the schema of a kind as data.

A Type describes one JSON value of the API: a scalar, a list, a map or a struct. All functions on
objects (decode and prune, strategic merge, server-side apply, protobuf, OpenAPI) are compiled
from these, lazily; nothing is generated into files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONValue

__all__ = ["Field", "Scalar", "Type", "TypeKind"]

Scalar: TypeAlias = Literal[
    "string",
    "boolean",
    "int32",
    "int64",
    "double",
    "bytes",  # base64 text
    "time",
    "microtime",
    "duration",
    "quantity",
    "int-or-string",
    "any",  # any JSON, kept as it is (RawExtension, JSON, FieldsV1)
    "schema-or-bool",  # JSONSchemaProps or a boolean
    "schema-or-array",  # JSONSchemaProps or a list of them
    "schema-or-strings",  # JSONSchemaProps or a list of strings
]
TypeKind: TypeAlias = Literal["struct", "map", "list"] | Scalar


@dataclass(slots=True, eq=False)
class Type:
    """One node of a schema. Structs are shared and may refer to themselves.

    ``name`` is the definition name (``io.k8s.api.core.v1.Pod``) for structs and named scalars,
    ``go_name`` the last part (``Pod``). ``fields`` belongs to structs, ``element`` to lists and
    maps (and names JSONSchemaProps in the three schema unions). ``list_type``/``map_type`` say
    how server-side apply treats the value (atomic, set, map / granular), ``list_map_keys`` the
    keys of a ``map`` list.
    """

    kind: TypeKind
    name: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
    element: Type | None = None
    list_type: str = ""
    list_map_keys: tuple[str, ...] = ()
    map_type: str = ""

    @property
    def go_name(self) -> str:
        """The Go type's name: the last part of the definition name."""
        return self.name.rpartition(".")[2]


@dataclass(slots=True, eq=False)
class Field:
    """One member of a struct.

    ``pointer``, ``omitempty`` (false: always written) and ``inline`` are the Go declaration's
    presence rules. ``patch_strategy`` and ``patch_merge_key`` rule strategic merge, ``default``
    is the schema's default (used for list-map keys), ``number`` the protobuf field number.
    """

    name: str
    type: Type
    pointer: bool = False
    omitempty: bool = True
    omitzero: bool = False
    required: bool = False
    patch_strategy: str = ""
    patch_merge_key: str = ""
    default: JSONValue = None
    number: int = 0
    # Part of the schema and behind a feature gate that this version has off: read and dropped.
    gated: bool = False
    # "atomic" when server-side apply treats the whole member as one value although its struct
    # type is shared with members that are not.
    map_type: str = ""
