"""Conversion webhooks: what they are sent, which answers are taken, and who sees their work."""

from __future__ import annotations

import pytest

from webhook_server import conversion

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "stable.example.com"
V1 = f"/apis/{GROUP}/v1/namespaces/default/crontabs"
V2 = f"/apis/{GROUP}/v2/namespaces/default/crontabs"


def convert(obj, desired):
    """A v1 has ``spec.address`` (host:port), a v2 ``spec.host`` and ``spec.port``."""
    spec = dict(obj.get("spec") or {})
    if desired.endswith("/v2") and "address" in spec:
        spec["host"], _, spec["port"] = spec.pop("address").partition(":")
    elif desired.endswith("/v1") and "host" in spec:
        spec["address"] = f"{spec.pop('host')}:{spec.pop('port', '')}"
    return {**obj, "spec": spec}


def _schema(*names):
    text = {"type": "string"}
    fields = dict.fromkeys((*names, "note"), text)
    properties = {
        "spec": {"type": "object", "properties": {**fields, "replicas": {"type": "integer"}}},
        "status": {"type": "object", "properties": {"replicas": {"type": "integer"}}},
    }
    return {"openAPIV3Schema": {"type": "object", "properties": properties}}


def _version(name, *fields, storage=False):
    return {
        "name": name,
        "served": True,
        "storage": storage,
        "schema": _schema(*fields),
        "selectableFields": [{"jsonPath": f".spec.{fields[0]}"}],
        "additionalPrinterColumns": [
            {"name": field, "type": "string", "jsonPath": f".spec.{field}"} for field in fields
        ],
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
            },
        },
    }


def definition(hook, path="/convert", *, storage="v1", **webhook):
    """The definition of CronTabs, converted by a path of the webhook server."""
    names = {"plural": "crontabs", "singular": "crontab", "kind": "CronTab"}
    config = {"url": hook.url(path), "caBundle": hook.ca_bundle}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"crontabs.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": names,
            "versions": [
                _version("v1", "address", storage=storage == "v1"),
                _version("v2", "host", "port", storage=storage == "v2"),
            ],
            "conversion": {
                "strategy": "Webhook",
                "webhook": {
                    "clientConfig": config,
                    "conversionReviewVersions": ["v1"],
                    **webhook,
                },
            },
        },
    }


@pytest.fixture
async def crontabs(cluster, hook):
    """A server with CronTabs that are stored as v1, and their webhook."""
    hook.handlers["/convert"] = lambda request: conversion(request, convert)
    await cluster.create(DEFINITIONS, definition(hook))
    return cluster


def tab(version, name="a", labels=None, **spec):
    """Make a CronTab."""
    meta = {"name": name, **({"labels": labels} if labels else {})}
    return {"apiVersion": f"{GROUP}/{version}", "kind": "CronTab", "metadata": meta, "spec": spec}


def asked(hook):
    """How many objects each call was about, and for which version; forgets the calls."""
    found = [
        (len(request["objects"]), request["desiredAPIVersion"].rpartition("/")[2])
        for _, request in hook.requests
    ]
    hook.requests.clear()
    hook.reviews.clear()
    return found


async def test_what_a_webhook_is_sent(crontabs, hook):
    """A review has the whole objects at their version, a uid and the version that is wanted."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    assert hook.requests == []
    shown = await crontabs.read(f"{V2}/a")
    assert shown["apiVersion"] == f"{GROUP}/v2"
    assert shown["spec"] == {"host": "h", "port": "1"}
    (review,) = hook.reviews
    assert (review["apiVersion"], review["kind"]) == ("apiextensions.k8s.io/v1", "ConversionReview")
    (sent,) = review["request"]["objects"]
    assert (sent["apiVersion"], sent["kind"]) == (f"{GROUP}/v1", "CronTab")
    assert sent["spec"] == {"address": "h:1"}
    assert sent["metadata"]["uid"] == shown["metadata"]["uid"]
    assert review["request"]["desiredAPIVersion"] == f"{GROUP}/v2"
    assert review["request"]["uid"]
