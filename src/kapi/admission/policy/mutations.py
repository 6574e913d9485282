"""Mutations: what the value of an expression makes of an object.

Implements ``applyConfiguration`` (the value is merged as server-side apply merges, but owns
nothing and may not replace anything as a whole) and ``jsonPatch`` of MutatingAdmissionPolicy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapi.admission.policy.applied import marked, settled
from kapi.apimachinery.errors import InternalError
from kapi.apimachinery.patch.json import PatchError, TestFailed, patched
from kapi.cel.patches import as_json, wrong_type_names
from kapi.cel.values import CelError, ObjectValue
from kapi.structuredmerge.atomics import atomic_paths
from kapi.structuredmerge.duplicates import may_have_duplicates
from kapi.structuredmerge.validation import message

if TYPE_CHECKING:
    from kapi.admission.policy.compiled import Expression
    from kapi.apimachinery.types import JSONObject
    from kapi.structuredmerge.typed import TypedSchema

__all__ = ["Mutation", "MutationError", "apply_configuration", "apply_json_patch"]

_NO_PATCH_OBJECT = "failed to convert patch object to typed object"
_ATOMIC = "may not mutate atomic arrays, maps or structs"


class MutationError(Exception):
    """The object cannot be changed like this; the text says why."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mutation of a policy; ``patches`` says whether its value is a JSON patch."""

    expression: Expression
    patches: bool

    def mutate(self, value: Any, obj: JSONObject, typed: TypedSchema | None) -> JSONObject:
        """The object as the value of the expression wants it; the given one stays as it is.

        ``typed`` is None for what is never stored and has no schema. Raises MutationError.
        """
        if self.patches:
            return apply_json_patch(value, obj)
        if typed is None:
            group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
            kind = f"{group}/{version}, Kind={obj.get('kind', '')}"
            raise _failed(_NO_PATCH_OBJECT, f"no corresponding type for {kind}")
        return apply_configuration(value, obj, typed)


def apply_configuration(value: Any, obj: JSONObject, typed: TypedSchema) -> JSONObject:
    """The object with all that an ``Object`` names; raises MutationError."""
    if not isinstance(value, ObjectValue):
        raise MutationError("unsupported return type from ApplyConfiguration expression")
    value = settled(value)
    _check_type_names(value, "Object")
    kind: JSONObject = {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind")}
    try:
        problems = typed.validate({**marked(value), **kind})
        config: JSONObject = {**as_json(value), **kind}
    except CelError as error:
        raise MutationError(f"error applying patch: {error}") from error
    if problems:
        raise _failed(_NO_PATCH_OBJECT, message(problems))
    atomic = atomic_paths(typed.schema, config)
    if atomic:
        raise _failed("invalid ApplyConfiguration", f"{_ATOMIC}: {', '.join(atomic)}")
    # Objects of built-in kinds always fit their schema but for this.
    if typed.strict or may_have_duplicates(typed.schema, obj):
        problems = typed.validate(obj)
        if problems:
            raise _failed("failed to convert original object to typed object", message(problems))
    return typed.merge(obj, config)


def _failed(what: str, why: str) -> MutationError:
    return MutationError(f"error applying patch: {what}: {why}")


def _check_type_names(value: Any, path: str) -> None:
    problems = wrong_type_names(value, path)
    if problems:
        raise MutationError("type mismatch: " + "\n".join(problems))


def apply_json_patch(value: Any, obj: JSONObject) -> JSONObject:
    """The object after the operations of a list of ``JSONPatch``; raises MutationError.

    When a ``test`` fails, nothing is changed.
    """
    if not isinstance(value, list):
        raise MutationError("type mismatch: JSONPatchType.expression should evaluate to array")
    operations = [_operation(item) for item in value]
    try:
        changed = patched(obj, operations)
    except TestFailed:
        return obj
    except PatchError as error:
        raise MutationError(f"JSON Patch: {error}") from error
    if not isinstance(changed, dict):
        raise InternalError("a JSON patch must leave an object")
    return changed


def _operation(item: JSONObject) -> JSONObject:
    operation: JSONObject = {"op": item.get("op", ""), "path": item.get("path", "")}
    if item.get("from"):
        operation["from"] = item["from"]
    if "value" in item:
        value = item["value"]
        if isinstance(value, ObjectValue):
            _check_type_names(value, value.type_name)
        try:
            operation["value"] = as_json(value)
        except CelError as error:
            text = "JSONPath valueExpression evaluated to a type that could not marshal to JSON"
            raise MutationError(f"{text}: {error}") from error
    return operation
