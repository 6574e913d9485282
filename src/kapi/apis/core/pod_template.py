"""PodTemplate: defaults, strategy and Table."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apis.core.pod_defaults import default_pod_spec
from kapi.apis.core.pod_validation import validate_pod_template_spec
from kapi.apis.core.pod_warnings import warn_about_pod_template
from kapi.apis.core.replication_controller import template_cells
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import NAME
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = ["COLUMNS", "PodTemplateStrategy", "default_pod_template"]


def default_pod_template(obj: JSONObject) -> None:
    """Default the pod that the template describes."""
    default_pod_spec(obj.setdefault("template", {}).setdefault("spec", {}))


class PodTemplateStrategy(Strategy):
    """Pod templates."""

    metadata_rules = (CHANGE,)
    has_generation: ClassVar[bool] = True
    generation_fields: ClassVar[tuple[str, ...]] = ("template",)
    delete_returns_object: ClassVar[bool] = True

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Validate the template."""
        validate_pod_template_spec(obj["template"], "template", errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Everything may change, within the same rules."""
        validate_pod_template_spec(obj["template"], "template", errors, old=old.get("template"))

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Warn of what the pods would be warned of."""
        warn_about_pod_template(context, obj["template"], "template")

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Warn when the template changed."""
        if obj["metadata"].get("generation") != old["metadata"].get("generation"):
            warn_about_pod_template(context, obj["template"], "template")


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    template = obj.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    return [
        obj["metadata"].get("name", ""),
        *template_cells(template),
        ",".join(f"{key}={labels[key]}" for key in sorted(labels)) or "<none>",
    ]


COLUMNS = Columns(
    (
        NAME,
        Column("Containers", description="Names of each container in the template."),
        Column("Images", description="Images referenced by each container in the template."),
        Column("Pod Labels", description="The labels for the pod template."),
    ),
    _cells,
)
