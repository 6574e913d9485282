"""Registers events.k8s.io: another version of the events that the core group stores."""

from __future__ import annotations

from kapi.apis.core.event_strategy import EVENT_COLUMNS, NEW_EVENT_LABELS, NewEventStrategy
from kapi.apis.events.conversion import event_from_core, event_to_core
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Register the kind of the group; its hub is Event of core v1."""
    rules.add(
        "events.k8s.io",
        "events",
        KindRules(
            strategy=NewEventStrategy(),
            columns=EVENT_COLUMNS,
            to_hub={"v1": event_to_core},
            from_hub={"v1": event_from_core},
            selectable_fields=NEW_EVENT_LABELS,
        ),
    )
