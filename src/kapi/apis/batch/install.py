"""Registers the rules of the ``batch`` group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.batch import columns, defaults, strategy
from kapi.registry.rules import KindRules

if TYPE_CHECKING:
    from kapi.registry.rules import Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Add every kind of the group."""
    rules.add(
        "batch",
        "jobs",
        KindRules(
            strategy=strategy.JobStrategy(),
            subresources={"status": strategy.JobStatusStrategy()},
            defaults={"v1": defaults.default_job},
            columns=columns.JOB,
            selectable_fields=("status.successful",),
        ),
    )
    rules.add(
        "batch",
        "cronjobs",
        KindRules(
            strategy=strategy.CronJobStrategy(),
            subresources={"status": strategy.CronJobStatusStrategy()},
            defaults={"v1": defaults.default_cron_job},
            columns=columns.CRON_JOB,
        ),
    )
