"""Validation of CustomResourceDefinitions, of new ones and of changes.

What all versions have in common (schema, subresources, printer columns, selectable fields) is
reported above the versions, as in the form in which kube-apiserver judges definitions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.apiextensions.definition.approval import ANNOTATION, approval_problem, is_protected
from kapi.apiextensions.definition.conversion_validation import (
    validate_conversion,
    validate_new_ca_bundle,
)
from kapi.apiextensions.definition.names_validation import require_names, validate_names
from kapi.apiextensions.definition.schema_validation import has_defaults, validate_schema
from kapi.apiextensions.definition.version_validation import (
    validate_columns,
    validate_deprecation_warning,
    validate_selectable_fields,
    validate_subresources,
)
from kapi.apiextensions.definition.versions import is_true
from kapi.apiextensions.schema.go_schema import show_version
from kapi.apimachinery import names

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "hoisted_members",
    "validate_definition",
    "validate_definition_status",
    "validate_definition_update",
]

_SCOPES = ("Cluster", "Namespaced")
_PER_VERSION = ("schema", "subresources", "additionalPrinterColumns", "selectableFields")


class _Place(NamedTuple):
    """Where members stand: in a version or above all; whether status is a subresource there."""

    path: str
    schema_path: str
    has_status: bool
    # Whether the schema was accepted before: its rules may cost what they have cost.
    unchanged: bool


def hoisted_members(versions: list[JSONObject]) -> frozenset[str]:
    """The members that are the same in all versions, and so are reported above them."""
    if not versions:
        return frozenset()
    first = versions[0]
    return frozenset(
        name
        for name in _PER_VERSION
        if all(version.get(name) == first.get(name) for version in versions[1:])
    )


def validate_definition(obj: JSONObject, errors: ErrorList) -> None:
    """Check a new definition; that a name is missing is told elsewhere."""
    meta = obj["metadata"]
    spec = obj.get("spec") or {}
    wanted = f"{(spec.get('names') or {}).get('plural', '')}.{spec.get('group', '')}"
    for member in ("generateName", "name"):
        given = meta.get(member)
        if given and given != wanted:
            errors.invalid(f"metadata.{member}", given, 'must be spec.names.plural+"."+spec.group')
    _validate_spec(spec, errors)
    _validate_status(obj, errors)
    _validate_approval(obj, errors)
    _validate_pruning(spec, {}, errors)


def validate_definition_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Check a changed definition."""
    spec, old_spec = obj.get("spec") or {}, old.get("spec") or {}
    _validate_spec(spec, errors, _unchanged_versions(spec, old_spec))
    established = is_true(old, "Established")
    new_names, old_names = spec.get("names") or {}, old_spec.get("names") or {}
    if established:
        conversions = (spec.get("conversion") or {}, old_spec.get("conversion") or {})
        validate_new_ca_bundle(*conversions, "spec.conversion", errors)
        _immutable(spec, old_spec, "scope", "spec.scope", errors)
        _immutable(new_names, old_names, "kind", "spec.names.kind", errors)
    _immutable(spec, old_spec, "group", "spec.group", errors)
    _immutable(new_names, old_names, "plural", "spec.names.plural", errors)
    _validate_status(obj, errors)
    annotations = obj["metadata"].get("annotations") or {}
    old_annotations = old["metadata"].get("annotations") or {}
    _validate_pruning(spec, old_spec, errors)
    if annotations.get(ANNOTATION) != old_annotations.get(ANNOTATION):
        _validate_approval(obj, errors)


def _unchanged_versions(spec: JSONObject, old: JSONObject) -> frozenset[str]:
    """The names of versions whose schema is what it was."""
    before = {each.get("name"): _schema_of(each) for each in old.get("versions") or ()}
    return frozenset(
        version["name"]
        for version in spec.get("versions") or ()
        if version.get("name") in before and before[version["name"]] == _schema_of(version)
    )


def _immutable(new: JSONObject, old: JSONObject, member: str, path: str, errors: ErrorList) -> None:
    if new.get(member, "") != old.get(member, ""):
        errors.invalid(path, new.get(member, ""), "field is immutable")


def _validate_spec(
    spec: JSONObject, errors: ErrorList, unchanged: frozenset[str] = frozenset()
) -> None:
    """``unchanged`` are the versions whose rules were accepted before."""
    group, scope = spec.get("group") or "", spec.get("scope") or ""
    if not group:
        errors.required("spec.group")
    elif problems := names.dns1123_subdomain(group):
        errors.invalid("spec.group", group, ",".join(problems))
    elif "." not in group:
        errors.invalid("spec.group", group, "should be a domain with at least one dot")
    if not scope:
        errors.required("spec.scope")
    elif scope not in _SCOPES:
        errors.not_supported("spec.scope", scope, _SCOPES)
    versions: list[JSONObject] = spec.get("versions") or []
    hoisted = hoisted_members(versions)
    preserves = bool(spec.get("preserveUnknownFields"))
    if preserves and any(has_defaults(_schema_of(version) or {}) for version in versions):
        why = "must be false in order to use defaults in the schema"
        errors.invalid("spec.preserveUnknownFields", True, why)
    _validate_versions(spec, versions, hoisted, errors, unchanged)
    declared = spec.get("names") or {}
    require_names(declared, "spec.names", errors)
    validate_names(declared, "spec.names", errors)
    if versions:
        common = {name: versions[0].get(name) for name in hoisted}
        any_status = any(_has_status(version) for version in versions)
        same = versions[0].get("name") in unchanged
        place = _Place("spec", "spec.validation", has_status=any_status, unchanged=same)
        _validate_members(common, place, errors)
    conversion = spec.get("conversion") or {}
    if preserves and conversion.get("strategy") != "None":
        why = "must be None if spec.preserveUnknownFields is true"
        errors.invalid("spec.conversion.strategy", conversion.get("strategy") or "", why)
    validate_conversion(conversion, "spec.conversion", errors)


def _validate_versions(
    spec: JSONObject,
    versions: list[JSONObject],
    hoisted: frozenset[str],
    errors: ErrorList,
    unchanged: frozenset[str],
) -> None:
    for index, version in enumerate(versions):
        if _schema_of(version) is None:
            errors.required(f"spec.versions[{index}].schema.openAPIV3Schema")
    for index, version in enumerate(versions):
        path, name = f"spec.versions[{index}]", version.get("name") or ""
        problems = names.dns1035_label(name)
        if problems:
            errors.invalid(f"{path}.name", name, ",".join(problems))
        validate_deprecation_warning(version, f"{path}.deprecationWarning", errors)
        own = {name: version.get(name) for name in _PER_VERSION if name not in hoisted}
        # A name that is there twice has the subresources of its first version.
        first = next(other for other in versions if other.get("name") == version.get("name"))
        status, same = _has_status(first), version.get("name") in unchanged
        place = _Place(path, f"{path}.schema", has_status=status, unchanged=same)
        _validate_members(own, place, errors)
    given = spec.get("versions")
    unique = {version.get("name") for version in versions}
    storing = sum(bool(version.get("storage")) for version in versions)
    if len(unique) != len(versions) or storing != 1:
        shown = None if given is None else [show_version(v, hoisted) for v in versions]
        if len(unique) != len(versions):
            errors.invalid("spec.versions", shown, "must contain unique version names")
        if storing != 1:
            why = "must have exactly one version marked as storage version"
            errors.invalid("spec.versions", shown, why)
    first_name = (versions[0].get("name") or "") if versions else ""
    problems = names.dns1035_label(first_name) if first_name else []
    if problems:
        errors.invalid("spec.version", first_name, ",".join(problems))


def _schema_of(version: JSONObject) -> JSONObject | None:
    schema: JSONObject | None = (version.get("schema") or {}).get("openAPIV3Schema")
    return schema


def _has_status(version: JSONObject) -> bool:
    return (version.get("subresources") or {}).get("status") is not None


def _validate_members(members: JSONObject, place: _Place, errors: ErrorList) -> None:
    """Check what stands in a version, or above all of them."""
    path, schema = place.path, _schema_of(members)
    if schema is not None:
        validate_schema(
            schema,
            f"{place.schema_path}.openAPIV3Schema",
            errors,
            status_subresource=place.has_status,
            unchanged=place.unchanged,
        )
    validate_subresources(members.get("subresources") or {}, f"{path}.subresources", errors)
    columns = members.get("additionalPrinterColumns") or ()
    validate_columns(columns, f"{path}.additionalPrinterColumns", errors)
    fields = members.get("selectableFields") or ()
    if fields and schema is None:
        errors.invalid(f"{path}.selectableFields", "", _without_schema(path))
    elif fields:
        validate_selectable_fields(fields, schema or {}, f"{path}.selectableFields", errors)


def _without_schema(path: str) -> str:
    if path == "spec":
        return "may only be set when validations.schema is included"
    return "may only be set when `version.schema.openAPIV3Schema` is not included"


def validate_definition_status(obj: JSONObject, errors: ErrorList) -> None:
    """Check what holds of the status even where it changes alone."""
    status = obj.get("status") or {}
    validate_names(status.get("acceptedNames") or {}, "status.acceptedNames", errors)


def _validate_status(obj: JSONObject, errors: ErrorList) -> None:
    validate_definition_status(obj, errors)
    stored = (obj.get("status") or {}).get("storedVersions")
    path = "status.storedVersions"
    if not stored:
        errors.invalid(path, stored, "must have at least one stored version")
        return
    # Each name stands for one version, so a second one of that name is not stored.
    left = {name: index for index, name in enumerate(stored)}
    for version in (obj.get("spec") or {}).get("versions") or ():
        name = version.get("name") or ""
        if left.pop(name, None) is None and version.get("storage"):
            errors.invalid(path, stored, f"must have the storage version {name}")
    for name, index in left.items():
        why = (
            f"missing from spec.versions; {name} was previously a storage version, and must "
            "remain in spec.versions until a storage migration ensures no data remains "
            f"persisted in {name} and removes {name} from status.storedVersions"
        )
        errors.invalid(f"{path}[{index}]", name, why)


def _validate_pruning(spec: JSONObject, old_spec: JSONObject, errors: ErrorList) -> None:
    """Objects are always pruned; only schemas say what is kept."""
    if spec.get("preserveUnknownFields") and not old_spec.get("preserveUnknownFields"):
        why = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
            "spec.versions[*].schema instead"
        )
        errors.invalid("spec.preserveUnknownFields", True, why)


def _validate_approval(obj: JSONObject, errors: ErrorList) -> None:
    spec = obj.get("spec") or {}
    if not is_protected(spec.get("group") or ""):
        return
    problem = approval_problem(obj)
    if problem:
        path = f"metadata.annotations[{ANNOTATION}]"
        annotation = (obj["metadata"].get("annotations") or {}).get(ANNOTATION, "")
        if annotation:
            errors.invalid(path, annotation, problem)
        else:
            errors.required(path, problem)
