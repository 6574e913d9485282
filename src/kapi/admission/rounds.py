"""Rounds: who is asked again when what they saw has changed since.

Implements "Reinvocation policy" of the documentation, for webhooks and for mutating policies: in
the second round those are called that ask for it and were called before the last change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Hashable

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Reinvocation

__all__ = ["Rounds"]


@dataclass(slots=True)
class Rounds:
    """What the second round of one plugin must know of its first.

    ``called`` may be called again if anything changes, ``due`` are.
    """

    called: set[Hashable] = field(default_factory=set)
    due: set[Hashable] = field(default_factory=set)
    _output: bytes = b""

    def begin(self, reinvocation: Reinvocation, obj: JSONObject | None) -> None:
        """Notice in the second round what other plugins have changed."""
        if reinvocation.again and self._output and self._output != orjson.dumps(obj):
            self.changed()

    def changed(self) -> None:
        """The object is not any more what those called so far have seen."""
        self.due |= self.called
        self.called.clear()

    def end(self, obj: JSONObject | None) -> None:
        """Remember the object where it can matter."""
        self._output = orjson.dumps(obj) if self.called else b""
