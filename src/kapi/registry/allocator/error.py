"""Why an address or a port cannot be had."""

from __future__ import annotations

__all__ = ["RANGE_IS_FULL", "AllocationError"]

RANGE_IS_FULL = "range is full"


class AllocationError(Exception):
    """The text is the one that stands behind the field in the answer."""
