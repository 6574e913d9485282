"""Reading what an earlier server stored: from the version of a stored object to the hub's form.

A resource is stored in one form. Another form is only met in a data directory that was written
before a newer version of the kind became the one that is stored; such objects are converted each
time they are loaded and written in the new form when they change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.types import GroupVersion

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import GroupVersionKind, JSONObject
    from kapi.registry.rules import KindRules

__all__ = ["upgrade"]


def upgrade(rules: KindRules, hub: GroupVersionKind) -> Callable[[JSONObject], JSONObject]:
    """A function that turns a stored object of any version into the hub's form."""

    def convert(obj: JSONObject) -> JSONObject:
        group, version = GroupVersion.parse(obj.get("apiVersion", ""))
        change = rules.to_hub.get(version) if group == hub.group else None
        return obj if change is None or version == hub.version else change(obj)

    return convert
