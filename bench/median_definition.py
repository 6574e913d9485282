"""A CustomResourceDefinition like the median of those that large projects publish.

Measured on 80 versions of 47 definitions (Gateway API, Istio, Tekton, prometheus-operator, SPIRE):
50 properties, 7 levels of them, 5 rules in CEL, 20 KB of JSON a version, 29 KB a definition; and
on 355 published objects of theirs: 12 fields, 360 bytes.
"""

from __future__ import annotations

from typing import Any

__all__ = ["FULL", "GROUP", "TYPICAL", "definition", "instance"]

GROUP = "bench.example.com"
# Descriptions are most of the bytes of published definitions.
_DESCRIPTION = (
    "Which of the listeners of the gateway this applies to, when it does, and what happens when "
    "there is none that matches. More than one may match; the order in which they are looked at "
    "is not fixed, and nobody should rely on it. An empty value means the same as a missing one. "
    "Support: core. This field must not be set together with one that contradicts it. "
)
_NAME = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": _DESCRIPTION, **schema}


def _text(**more: Any) -> dict[str, Any]:
    return _described({"type": "string", "maxLength": 253, **more})


def _number(**more: Any) -> dict[str, Any]:
    return _described({"type": "integer", "format": "int32", "minimum": 0, **more})


def _struct(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return _described({"type": "object", "properties": properties, **more})


def _list(items: dict[str, Any], *keys: str) -> dict[str, Any]:
    schema = {"type": "array", "maxItems": 16, "items": items}
    if keys:
        schema |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [*keys]}
    return _described(schema)


def _rule(rule: str, message: str) -> dict[str, str]:
    return {"rule": rule, "message": message}


def _reference() -> dict[str, Any]:
    properties = {
        "group": _text(default="", maxLength=63),
        "kind": _text(default="Service", minLength=1),
        "name": _text(minLength=1, pattern=_NAME),
        "port": _number(maximum=65535),
    }
    rule = _rule("size(self.group) == 0 && self.kind == 'Service' ? has(self.port) : true", "port")
    return _struct(properties, required=["name"], **{"x-kubernetes-validations": [rule]})


def _retry() -> dict[str, Any]:
    codes = _list(_number(maximum=599))
    times = {"base": _text(), "most": _text(), "jitter": _number(maximum=100)}
    policy = _struct({"attempts": _number(), "codes": codes, **times})
    return _struct({"policy": policy, "enabled": {"type": "boolean"}})


def _route() -> dict[str, Any]:
    match = _struct(
        {
            "path": _text(default="/", maxLength=1024),
            "method": _text(enum=["GET", "PUT", "POST"]),
            "headers": _described({"type": "object", "additionalProperties": _text()}),
        },
        **{"x-kubernetes-validations": [_rule("self.path.startsWith('/')", "absolute path")]},
    )
    properties = {
        "name": _text(pattern=_NAME),
        "matches": _list(match),
        "backends": _list(_reference()),
        "weight": _number(default=1, maximum=1000),
        "timeout": _text(pattern="^([0-9]{1,5}(h|m|s|ms)){1,4}$"),
        "retry": _retry(),
    }
    rules = [_rule("!has(self.timeout) || self.timeout.matches('^[0-9]+.*$')", "a duration")]
    return _struct(properties, required=["name"], **{"x-kubernetes-validations": rules})


def _schema() -> dict[str, Any]:
    rules = [
        _rule("self.least <= self.most", "least is above most"),
        _rule("self.routes.all(r, self.routes.exists_one(o, o.name == r.name))", "names differ"),
    ]
    spec = _struct(
        {
            "least": _number(default=1),
            "most": _number(default=10),
            "host": _text(),
            "paused": {"type": "boolean", "default": False},
            "className": _text(pattern=_NAME),
            "priority": _number(maximum=1000),
            "tier": _text(enum=["front", "back"]),
            "zone": _text(),
            "region": _text(maxLength=63),
            "addresses": _list(_text()),
            "certificate": _struct({"name": _text(pattern=_NAME), "key": _text()}),
            "labels": _described({"type": "object", "additionalProperties": _text(maxLength=63)}),
            "address": _described({"x-kubernetes-int-or-string": True}),
            "routes": _list(_route(), "name"),
        },
        required=["routes"],
        **{"x-kubernetes-validations": rules},
    )
    condition = _struct(
        {
            "type": _text(maxLength=316),
            "status": _text(enum=["True", "False", "Unknown"]),
            "reason": _text(),
            "message": _text(maxLength=32768),
            "observedGeneration": {"type": "integer", "format": "int64", "minimum": 0},
            "lastTransitionTime": {"type": "string", "format": "date-time"},
        },
        required=["type", "status"],
    )
    counts = {"ready": _number(), "routes": _number()}
    status = _struct({"conditions": _list(condition, "type"), **counts})
    meta = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
    }
    return _struct({**meta, "spec": spec, "status": status})


def definition(number: int = 0) -> dict[str, Any]:
    """A definition; its number is part of all names."""
    plural = f"gateways{number}"
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": _schema()},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": f"Gateway{number}"},
            "versions": [version],
        },
    }


# As large as the median of published objects; all five rules are evaluated.
TYPICAL: dict[str, Any] = {
    "least": 1,
    "host": "web.example.com",
    "labels": {"app": "web"},
    "routes": [
        {
            "name": "all",
            "timeout": "10s",
            "matches": [{"path": "/app"}],
            "backends": [{"name": "web", "port": 8080}],
        }
    ],
}
# With every property of the schema.
FULL: dict[str, Any] = {
    **TYPICAL,
    "most": 5,
    "paused": True,
    "className": "fast",
    "priority": 100,
    "tier": "front",
    "zone": "a",
    "region": "north",
    "addresses": ["10.0.0.1", "10.0.0.2"],
    "certificate": {"name": "web", "key": "tls.crt"},
    "labels": {"app": "web", "tier": "front"},
    "address": "10.0.0.1",
    "routes": [
        {
            "name": name,
            "timeout": "10s",
            "weight": 5,
            "matches": [
                {"path": "/app", "method": "GET", "headers": {"x-a": "1"}},
                {"path": "/api", "method": "PUT"},
            ],
            "backends": [
                {"group": "", "kind": "Service", "name": "web", "port": 8080},
                {"group": "example.com", "kind": "Bucket", "name": "files"},
            ],
            "retry": {
                "enabled": True,
                "policy": {
                    "attempts": 3,
                    "codes": [500, 503],
                    "base": "1s",
                    "most": "30s",
                    "jitter": 10,
                },
            },
        }
        for name in ("one", "two", "three")
    ],
}


def instance(spec: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """An object of :func:`definition` with a name made by the server."""
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": f"Gateway{number}",
        "metadata": {"generateName": "web-"},
        "spec": spec,
    }
