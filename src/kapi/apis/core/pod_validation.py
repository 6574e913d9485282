"""Validation of PodSpec and PodTemplateSpec, the entry points for every owner of a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_pod_spec", "validate_pod_template_spec"]


def validate_pod_template_spec(
    template: JSONObject, path: str, errors: ErrorList, *, old: JSONObject | None = None
) -> None:
    """Validate labels, annotations and spec of a pod template.

    ``old`` is the template stored before; what it already holds against newer rules is let pass.
    """


def validate_pod_spec(
    spec: JSONObject,
    path: str,
    errors: ErrorList,
    *,
    metadata: JSONObject | None = None,
    old: JSONObject | None = None,
) -> None:
    """Validate a PodSpec; ``metadata`` is that of the Pod or of the template."""
