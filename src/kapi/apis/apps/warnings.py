"""Warnings that the owners of pods share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["content_changed", "warn_about_name"]


def warn_about_name(context: RequestContext, obj: JSONObject) -> None:
    """Point out a name that is fine for the object and unwise as the name of pods."""
    problems = names.dns1123_label(obj["metadata"].get("name", ""))
    if problems:
        context.warn(
            "metadata.name: this is used in Pod names and hostnames, which can result in "
            f"surprising behavior; a DNS label is recommended: [{' '.join(problems)}]"
        )


def content_changed(obj: JSONObject, old: JSONObject) -> bool:
    """Whether an update changes what the generation counts; only then are warnings repeated."""
    new_generation: int = obj["metadata"].get("generation", 0)
    old_generation: int = old["metadata"].get("generation", 0)
    return new_generation != old_generation
