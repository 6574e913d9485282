"""Templates of the claims that generic ephemeral volumes create."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.metav1 import validate_annotations, validate_labels
from kapi.apis.core.persistent_volume_claim_validation import validate_claim_spec

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_volume_claim_template"]

# Metadata that the owner of the claim decides, in the order of the fields.
_FORBIDDEN_METADATA = (
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
    "finalizers",
    "managedFields",
)


def validate_volume_claim_template(template: JSONObject, path: str, errors: ErrorList) -> None:
    """Validate labels, annotations and spec of the claim; other metadata may not be set."""
    metadata = template.get("metadata") or {}
    validate_annotations(metadata.get("annotations"), f"{path}.metadata.annotations", errors)
    validate_labels(metadata.get("labels"), f"{path}.metadata.labels", errors)
    for name in _FORBIDDEN_METADATA:
        if metadata.get(name) is not None:
            errors.forbidden(f"{path}.metadata.{name}", "cannot be set")
    validate_claim_spec(template.get("spec") or {}, f"{path}.spec", errors)
