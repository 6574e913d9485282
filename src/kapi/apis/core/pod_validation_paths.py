"""Paths inside containers and volumes: which may be relative, and that none climbs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList

__all__ = [
    "FILE_MODE_RULE",
    "validate_file_mode",
    "validate_local_descending_path",
    "validate_local_non_reserved_path",
    "validate_no_backsteps",
]

FILE_MODE_RULE = "must be a number between 0 and 0777 (octal), both inclusive"
_BACKSTEPS = "must not contain '..'"


def validate_no_backsteps(value: str, path: str, errors: ErrorList) -> None:
    """Refuse ``..`` as an element of the path."""
    if ".." in value and ".." in value.split("/"):
        errors.invalid(path, value, _BACKSTEPS)


def validate_local_descending_path(value: str, path: str, errors: ErrorList) -> None:
    """A relative path that never goes up."""
    if value.startswith("/"):
        errors.invalid(path, value, "must be a relative path")
    validate_no_backsteps(value, path, errors)


def validate_local_non_reserved_path(value: str, path: str, errors: ErrorList) -> None:
    """A relative path that never goes up and whose first name does not start with ``..``."""
    validate_local_descending_path(value, path, errors)
    # Names like ..data are where kubelet keeps the current version of projected files.
    if value.startswith("..") and ".." not in value.split("/"):
        errors.invalid(path, value, "must not start with '..'")


def validate_file_mode(mode: int | None, path: str, errors: ErrorList) -> None:
    """Permission bits of a file."""
    if mode is not None and not 0 <= mode <= 0o777:
        errors.invalid(path, mode, FILE_MODE_RULE)
