"""Validation of request options: CreateOptions, UpdateOptions, PatchOptions and so on.

Options come as the objects of ``meta.k8s.io/v1`` that a query or a body stands for; a member that
was not given is absent. Broken rules make the request fail with 422.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "FIELD_MANAGER_MAX_BYTES",
    "validate_create_options",
    "validate_delete_options",
    "validate_field_manager",
    "validate_list_options",
    "validate_patch_options",
    "validate_update_options",
]

FIELD_MANAGER_MAX_BYTES: Final = 128
_FIELD_VALIDATION = ("", "Ignore", "Strict", "Warn")
_PROPAGATION_POLICIES = ("Foreground", "Background", "Orphan")
_UNSAFE_DELETE = "ignoreStoreReadErrorWithClusterBreakingPotential"


def validate_field_manager(manager: str, path: str, errors: ErrorList) -> None:
    """Check the name of a field manager; an empty one counts as not given."""
    if len(manager.encode()) > FIELD_MANAGER_MAX_BYTES:
        errors.too_long(path, FIELD_MANAGER_MAX_BYTES)
    if manager.isprintable():
        return
    position = 0
    for char in manager:
        if not char.isprintable():
            rule = f"invalid character U+{ord(char):04X} (at position {position})"
            errors.invalid(path, manager, rule)
        position += len(char.encode())


def validate_create_options(options: JSONObject, errors: ErrorList) -> None:
    """Check CreateOptions."""
    manager = options.get("fieldManager")
    if manager:
        validate_field_manager(manager, "fieldManager", errors)
    _validate_dry_run(options, errors)
    if options.get("fieldValidation", "") not in _FIELD_VALIDATION:
        errors.not_supported("fieldValidation", options["fieldValidation"], _FIELD_VALIDATION)


def validate_update_options(options: JSONObject, errors: ErrorList) -> None:
    """Check UpdateOptions: the rules of CreateOptions."""
    validate_create_options(options, errors)


def validate_patch_options(options: JSONObject, errors: ErrorList, *, apply: bool = False) -> None:
    """Check PatchOptions; an apply patch needs a manager, other patches may not be forced."""
    if not apply:
        if options.get("force") is not None:
            errors.forbidden("force", "may not be specified for non-apply patch")
    elif not options.get("fieldManager"):
        errors.required("fieldManager", "is required for apply patch")
    validate_create_options(options, errors)


def validate_delete_options(options: JSONObject, errors: ErrorList) -> None:
    """Check DeleteOptions."""
    policy = options.get("propagationPolicy")
    if policy is not None:
        if options.get("orphanDependents") is not None:
            rule = "orphanDependents and deletionPropagation cannot be both set"
            errors.invalid("propagationPolicy", policy, rule)
        if policy not in _PROPAGATION_POLICIES:
            errors.not_supported("propagationPolicy", policy, (*_PROPAGATION_POLICIES, "nil"))
    _validate_dry_run(options, errors)
    if options.get(_UNSAFE_DELETE):
        for member in (
            "dryRun",
            "propagationPolicy",
            "orphanDependents",
            "gracePeriodSeconds",
            "preconditions",
        ):
            if options.get(member) not in (None, []):
                errors.invalid(_UNSAFE_DELETE, True, f"cannot be set together with .{member}")


def _validate_dry_run(options: JSONObject, errors: ErrorList) -> None:
    dry_run = options.get("dryRun")
    if dry_run and any(value != "All" for value in dry_run):
        errors.not_supported("dryRun", dry_run, ("All",))


def validate_list_options(options: JSONObject, errors: ErrorList) -> None:
    """Check ListOptions of a list, or (with ``watch``) of a watch."""
    match = options.get("resourceVersionMatch", "")
    if options.get("watch"):
        _validate_watch_options(options, match, errors)
        return
    if match:
        version = options.get("resourceVersion", "")
        path = "resourceVersionMatch"
        if not version:
            rule = "resourceVersionMatch is forbidden unless resourceVersion is provided"
            errors.forbidden(path, rule)
        if options.get("continue"):
            errors.forbidden(path, "resourceVersionMatch is forbidden when continue is provided")
        if match not in ("Exact", "NotOlderThan"):
            errors.not_supported(path, match, ("Exact", "NotOlderThan", ""))
        if match == "Exact" and version == "0":
            rule = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
            errors.forbidden(path, rule)
    if options.get("sendInitialEvents") is not None:
        errors.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")


def _validate_watch_options(options: JSONObject, match: str, errors: ErrorList) -> None:
    path = "resourceVersionMatch"
    initial = options.get("sendInitialEvents") is not None
    if initial and match != "NotOlderThan":
        rule = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        errors.forbidden(path, rule)
    if not match:
        return
    if not initial:
        rule = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        errors.forbidden(path, rule)
    if match != "NotOlderThan":
        errors.not_supported(path, match, ("NotOlderThan",))
    if options.get("continue"):
        errors.forbidden(path, "resourceVersionMatch is forbidden when continue is provided")
