"""Validation of what all kinds share: ObjectMeta, LabelSelector, Condition and request options.

Implements the rules of ``meta.k8s.io/v1``. Errors are added to the caller's list in the order in
which Kubernetes reports them. Kind-specific rules (which names, which finalizers) are arguments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

from kapi.apimachinery import names
from kapi.apimachinery.field import quote
from kapi.apimachinery.metav1_options import (
    FIELD_MANAGER_MAX_BYTES,
    validate_create_options,
    validate_delete_options,
    validate_field_manager,
    validate_list_options,
    validate_patch_options,
    validate_update_options,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "ValidateName",
    "validate_annotations",
    "validate_conditions",
    "validate_create_options",
    "validate_delete_options",
    "validate_domain_prefixed_path",
    "validate_field_manager",
    "validate_finalizers",
    "validate_immutable_field",
    "validate_label_selector",
    "validate_labels",
    "validate_list_options",
    "validate_managed_fields",
    "validate_object_meta",
    "validate_object_meta_update",
    "validate_owner_references",
    "validate_patch_options",
    "validate_standard_finalizers",
    "validate_update_options",
]

ANNOTATIONS_MAX_BYTES: Final = 256 * 1024  # keys and values of one object together
_SUBRESOURCE_MAX_BYTES = 256
_REASON_MAX_BYTES = 1024
_MESSAGE_MAX_BYTES = 32 * 1024

_STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
_IMMUTABLE_META = (
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
_CONDITION_REASON = r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_CONDITION_REASON_MESSAGE = (
    "a condition reason must start with alphabetic character, optionally followed by a string of "
    "alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' "
    "(e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', "
    f"regex used for validation is '{_CONDITION_REASON}')"
)
_is_condition_reason = re.compile(_CONDITION_REASON).fullmatch


class ValidateName(Protocol):
    """The check of a kind's names: messages for ``name``, or for the prefix of generated ones."""

    def __call__(self, name: str, *, prefix: bool) -> list[str]:
        """What is wrong with the name."""
        ...


def validate_object_meta(
    meta: JSONObject,
    namespaced: bool,
    validate_name: ValidateName,
    path: str,
    errors: ErrorList,
    *,
    standard_finalizers: bool = True,
) -> None:
    """Check the metadata of an object that is to be stored.

    ``standard_finalizers`` is false for kinds that take any well-formed finalizer without a
    domain: custom resources and the kinds of apiextensions and apiregistration.
    """
    generate_name = meta.get("generateName")
    if generate_name:
        messages = validate_name(generate_name, prefix=True)
        errors.invalid_each(f"{path}.generateName", generate_name, messages)
    name = meta.get("name")
    if not name:
        errors.required(f"{path}.name", "name or generateName is required")
    else:
        messages = validate_name(name, prefix=False)
        if messages:
            errors.invalid_each(f"{path}.name", name, messages)
    namespace = meta.get("namespace")
    if namespaced:
        if not namespace:
            errors.required(f"{path}.namespace")
        else:
            messages = names.dns1123_label(namespace)
            if messages:
                errors.invalid_each(f"{path}.namespace", namespace, messages)
    elif namespace:
        errors.forbidden(f"{path}.namespace", "not allowed on this type")
    if meta.get("generation", 0) < 0:
        rule = "must be greater than or equal to 0"
        errors.invalid(f"{path}.generation", meta["generation"], rule)
    _validate_members(meta, path, errors)
    finalizers = meta.get("finalizers")
    if finalizers:
        validate_finalizers(finalizers, f"{path}.finalizers", errors)
    if "managedFields" in meta:
        validate_managed_fields(meta["managedFields"], f"{path}.managedFields", errors)
    if finalizers and standard_finalizers:
        validate_standard_finalizers(finalizers, f"{path}.finalizers", errors)


def validate_object_meta_update(
    new_meta: JSONObject, old_meta: JSONObject, path: str, errors: ErrorList
) -> None:
    """Check what may change in the metadata of a stored object, and its labels and so on again."""
    if old_meta.get("deletionTimestamp") is not None:
        added = set(new_meta.get("finalizers") or ()).difference(old_meta.get("finalizers") or ())
        if added:
            shown = ", ".join(map(quote, sorted(added)))
            errors.forbidden(
                f"{path}.finalizers",
                "no new finalizers can be added if the object is being deleted, "
                f"found new finalizers []string{{{shown}}}",
            )
    if new_meta.get("generation", 0) < old_meta.get("generation", 0):
        rule = "must not be decremented"
        errors.invalid(f"{path}.generation", new_meta.get("generation", 0), rule)
    for member in _IMMUTABLE_META:
        validate_immutable_field(new_meta, old_meta, member, path, errors)
    _validate_members(new_meta, path, errors)
    if "managedFields" in new_meta:
        validate_managed_fields(new_meta["managedFields"], f"{path}.managedFields", errors)


def validate_immutable_field(
    new: JSONObject, old: JSONObject, member: str, path: str, errors: ErrorList
) -> None:
    """Check that a member is the same in both objects."""
    if new.get(member) != old.get(member):
        errors.invalid(f"{path}.{member}", new.get(member), "field is immutable")


def _validate_members(meta: JSONObject, path: str, errors: ErrorList) -> None:
    """Labels, annotations and owner references: checked alike in creation and update."""
    labels = meta.get("labels")
    if labels:
        validate_labels(labels, f"{path}.labels", errors)
    annotations = meta.get("annotations")
    if annotations:
        validate_annotations(annotations, f"{path}.annotations", errors)
    owners = meta.get("ownerReferences")
    if owners:
        validate_owner_references(owners, f"{path}.ownerReferences", errors)


def validate_labels(labels: Mapping[str, str] | None, path: str, errors: ErrorList) -> None:
    """Check the keys and values of a label map."""
    for key, value in (labels or {}).items():
        messages = names.qualified_name(key)
        if messages:
            errors.invalid_each(path, key, messages)
        messages = names.label_value(value)
        if messages:
            errors.invalid_each(path, value, messages)


def validate_annotations(
    annotations: Mapping[str, str] | None, path: str, errors: ErrorList
) -> None:
    """Check the keys of annotations and their size together."""
    size = 0
    for key, value in (annotations or {}).items():
        messages = names.annotation_key(key)
        if messages:
            errors.invalid_each(path, key, messages)
        size += len(key) + (len(value) if value.isascii() else len(value.encode()))
    if size > ANNOTATIONS_MAX_BYTES:
        errors.too_long(path, ANNOTATIONS_MAX_BYTES)


def validate_owner_references(owners: Sequence[JSONObject], path: str, errors: ErrorList) -> None:
    """Check each owner, and that at most one of them controls the object."""
    controller = ""
    for owner in owners:
        _validate_owner_reference(owner, path, errors)
        if owner.get("controller"):
            name = f"{owner.get('kind', '')}/{owner.get('name', '')}"
            if controller:
                errors.invalid(
                    path,
                    [_shown_owner(each) for each in owners],
                    "Only one reference can have Controller set to true. "
                    f'Found "true" in references for {controller} and {name}',
                )
            else:
                controller = name


def _shown_owner(owner: JSONObject) -> JSONObject:
    """An owner reference with its members in the order of their declaration."""
    shown: JSONObject = {key: owner.get(key, "") for key in ("apiVersion", "kind", "name", "uid")}
    for key in ("controller", "blockOwnerDeletion"):
        if owner.get(key) is not None:
            shown[key] = owner[key]
    return shown


def _validate_owner_reference(owner: JSONObject, path: str, errors: ErrorList) -> None:
    api_version = owner.get("apiVersion", "")
    version = "" if api_version.count("/") > 1 else api_version.rpartition("/")[2]
    if not version:
        errors.invalid(f"{path}.apiVersion", api_version, "version must not be empty")
    for member in ("kind", "name", "uid"):
        if not owner.get(member):
            errors.invalid(f"{path}.{member}", "", "must not be empty")
    if api_version == "v1" and owner.get("kind") == "Event":
        rule = "/v1, Kind=Event is disallowed from being an owner"
        errors.invalid(path, _shown_owner(owner), rule)


def validate_finalizers(finalizers: Sequence[str], path: str, errors: ErrorList) -> None:
    """Check the form of finalizers, and that the two ways of deleting dependents exclude."""
    for finalizer in finalizers:
        messages = names.finalizer_name(finalizer)
        if messages:
            errors.invalid_each(path, finalizer, messages)
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        rule = "finalizer orphan and foregroundDeletion cannot be both set"
        errors.invalid(path, list(finalizers), rule)


def validate_standard_finalizers(finalizers: Sequence[str], path: str, errors: ErrorList) -> None:
    """Check that finalizers without a domain are those that Kubernetes knows."""
    for index, finalizer in enumerate(finalizers):
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            rule = "name is neither a standard finalizer name nor is it fully qualified"
            errors.invalid(f"{path}[{index}]", finalizer, rule)


def validate_managed_fields(
    entries: Iterable[JSONObject] | None, path: str, errors: ErrorList
) -> None:
    """Check the entries of managedFields."""
    for index, entry in enumerate(entries or ()):
        if entry.get("operation") not in ("Apply", "Update"):
            where = f"{path}[{index}].operation"
            errors.invalid(where, entry.get("operation", ""), "must be `Apply` or `Update`")
        if entry.get("fieldsType") not in ("FieldsV1", None, ""):
            where = f"{path}[{index}].fieldsType"
            errors.invalid(where, entry["fieldsType"], "must be `FieldsV1`")
        manager = entry.get("manager", "")
        if len(manager) > FIELD_MANAGER_MAX_BYTES or not _is_plain(manager):
            validate_field_manager(manager, f"{path}[{index}].manager", errors)
        subresource = entry.get("subresource")
        if subresource and len(subresource.encode()) > _SUBRESOURCE_MAX_BYTES:
            errors.too_long(f"{path}[{index}].subresource", _SUBRESOURCE_MAX_BYTES)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def validate_label_selector(
    selector: JSONObject | None,
    path: str,
    errors: ErrorList,
    *,
    allow_invalid_values: bool = False,
) -> None:
    """Check a LabelSelector; ``allow_invalid_values`` is for objects that were stored with them."""
    if not selector:
        return
    validate_labels(selector.get("matchLabels"), f"{path}.matchLabels", errors)
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        where = f"{path}.matchExpressions[{index}]"
        operator = expression.get("operator", "")
        values = expression.get("values") or ()
        if operator in ("In", "NotIn"):
            if not values:
                rule = "must be specified when `operator` is 'In' or 'NotIn'"
                errors.required(f"{where}.values", rule)
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                rule = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                errors.forbidden(f"{where}.values", rule)
        else:
            errors.invalid(f"{where}.operator", operator, "not a valid selector operator")
        key = expression.get("key", "")
        errors.invalid_each(f"{where}.key", key, names.qualified_name(key))
        if not allow_invalid_values:
            for position, value in enumerate(values):
                messages = names.label_value(value)
                errors.invalid_each(f"{where}.values[{position}]", value, messages)


def validate_domain_prefixed_path(value: str, path: str, errors: ErrorList) -> None:
    """Check a name like ``acme.io/foo``."""
    if not value:
        errors.required(path)
        return
    for part, message in names.domain_prefixed_path(value):
        errors.invalid(path, part, message)


def validate_conditions(
    conditions: Iterable[JSONObject] | None, path: str, errors: ErrorList
) -> None:
    """Check a list of ``metav1.Condition``: each type once, all members set."""
    seen = set()
    for index, condition in enumerate(conditions or ()):
        where = f"{path}[{index}]"
        kind = condition.get("type", "")
        if kind in seen:
            errors.duplicate(f"{where}.type", kind)
        seen.add(kind)
        _validate_condition(condition, where, errors)


def _validate_condition(condition: JSONObject, path: str, errors: ErrorList) -> None:
    kind = condition.get("type", "")
    errors.invalid_each(f"{path}.type", kind, names.qualified_name(kind))
    status = condition.get("status", "")
    if status not in ("True", "False", "Unknown"):
        errors.not_supported(f"{path}.status", status, ("False", "True", "Unknown"))
    generation = condition.get("observedGeneration", 0)
    if generation < 0:
        rule = "must be greater than or equal to zero"
        errors.invalid(f"{path}.observedGeneration", generation, rule)
    if not condition.get("lastTransitionTime"):
        errors.required(f"{path}.lastTransitionTime", "must be set")
    reason = condition.get("reason", "")
    if not reason:
        errors.required(f"{path}.reason", "must be set")
    else:
        if not _is_condition_reason(reason):
            errors.invalid(f"{path}.reason", reason, _CONDITION_REASON_MESSAGE)
        if len(reason.encode()) > _REASON_MAX_BYTES:
            errors.too_long(f"{path}.reason", _REASON_MAX_BYTES)
    if len(condition.get("message", "").encode()) > _MESSAGE_MAX_BYTES:
        errors.too_long(f"{path}.message", _MESSAGE_MAX_BYTES)
