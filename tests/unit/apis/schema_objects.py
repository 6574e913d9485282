"""Objects that the schema of a kind allows, made from a seed: a hypothesis strategy that is quick.

Drawing every member would cost seconds for kinds of hundreds of members.
"""

from __future__ import annotations

import base64
import random

from hypothesis import strategies as st

_LETTERS = "abcxyz-./"
_SELECTOR = {"matchLabels": {"a": "b"}}
_TARGETS = [
    {"type": "Utilization", "averageUtilization": 30},
    {"type": "AverageValue", "averageValue": "500m"},
]
_AMOUNTS = [{"type": "Value", "value": "2k"}, {"type": "AverageValue", "averageValue": "3"}]
_METRIC = {"name": "queue", "selector": _SELECTOR}
_OBJECT = {"apiVersion": "v1", "kind": "Service", "name": "s"}
_METRICS = [
    *(
        {"type": "Resource", "resource": {"name": n, "target": t}}
        for n in ("cpu", "memory")
        for t in _TARGETS
    ),
    *(
        {
            "type": "ContainerResource",
            "containerResource": {"name": "cpu", "container": "c", "target": target},
        }
        for target in _TARGETS
    ),
    {"type": "Pods", "pods": {"metric": _METRIC, "target": _TARGETS[1]}},
    *(
        {"type": "Object", "object": {"metric": _METRIC, "describedObject": _OBJECT, "target": t}}
        for t in _AMOUNTS
    ),
    *({"type": "External", "external": {"metric": _METRIC, "target": t}} for t in _AMOUNTS),
]
_CURRENT = [
    {
        "type": "Resource",
        "resource": {"name": "cpu", "current": {"averageUtilization": 3, "averageValue": "1"}},
    },
    {"type": "Pods", "pods": {"metric": _METRIC, "current": {"averageValue": "5"}}},
]
# Structs whose members depend on one another.
_VALID = {"MetricSpec": _METRICS, "MetricStatus": _CURRENT}
# Below this depth only what is required stays.
_DEPTH = 9


class _Maker:
    """Makes values of Types from one source of chance."""

    def __init__(self, seed):
        self._chance = random.Random(seed)

    def text(self):
        return "".join(self._chance.choices(_LETTERS, k=self._chance.randint(1, 6)))

    def scalar(self, kind):
        chance = self._chance
        made = {
            "string": self.text,
            "boolean": lambda: chance.random() < 0.5,
            "int32": lambda: chance.randint(-(2**31), 2**31 - 1),
            "int64": lambda: chance.randint(-(2**53), 2**53),
            "double": lambda: float(chance.randint(-1000, 1000)),
            "bytes": lambda: base64.b64encode(chance.randbytes(3)).decode(),
            "time": lambda: "2026-01-02T03:04:05Z",
            "microtime": lambda: "2026-01-02T03:04:05.000006Z",
            "duration": lambda: "30s",
            "quantity": lambda: chance.choice(["1", "500m", "2Gi", "100k"]),
            "int-or-string": lambda: chance.choice([3, "25%"]),
            "any": lambda: {"a": self.text()},
        }
        return made.get(kind, made["boolean"])()

    def value(self, kind, depth=_DEPTH):
        """A value of a Type; structs may lack any member that is not required."""
        count = self._chance.randint(1, 2)
        if kind.kind == "list":
            return [self.value(kind.element, depth - 1) for _ in range(count)]
        if kind.kind == "map":
            return {self.text(): self.value(kind.element, depth - 1) for _ in range(count)}
        if kind.kind == "struct":
            return self._struct(kind, depth)
        return self.scalar(kind.kind)

    def _struct(self, kind, depth):
        if kind.go_name in _VALID:
            return self._chance.choice(_VALID[kind.go_name])
        fields = kind.fields
        # A DeviceRequest says what it wants in one of two ways.
        if kind.go_name == "DeviceRequest" and self._chance.random() < 0.5:
            if "firstAvailable" in fields:
                alternatives = self.value(fields["firstAvailable"].type, depth - 1)
                return {"name": self.text(), "firstAvailable": alternatives}
        elif kind.go_name == "DeviceRequest":
            fields = {k: v for k, v in fields.items() if k != "firstAvailable"}
            if "exactly" in fields:
                return {"name": self.text(), "exactly": self.value(fields["exactly"].type, depth)}
        return {
            name: self.value(field.type, depth - 1)
            for name, field in fields.items()
            if depth > -_DEPTH and (field.required or (depth > 0 and self._chance.random() < 0.4))
        }


def _object(resource, seed):
    maker = _Maker(seed)
    body = {
        name: maker.value(field.type)
        for name, field in resource.type.fields.items()
        if name not in {"apiVersion", "kind", "metadata"}
    }
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": "a", "annotations": {"mine": "kept"}},
        **body,
    }


def objects(resource):
    """Objects of a kind, metadata apart as chance has it."""
    return st.integers(0, 2**32).map(lambda seed: _object(resource, seed))
