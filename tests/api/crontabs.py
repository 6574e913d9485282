"""CronTabs in two versions and the work of their conversion webhook."""

from __future__ import annotations

from webhook_server import conversion

__all__ = [
    "DEFINITION",
    "DEFINITIONS",
    "GROUP",
    "NOT_TODAY",
    "V1",
    "V2",
    "answering",
    "asked",
    "broken",
    "change",
    "convert",
    "definition",
    "elsewhere",
    "tab",
]

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "stable.example.com"
DEFINITION = f"{DEFINITIONS}/crontabs.{GROUP}"
V1 = f"/apis/{GROUP}/v1/namespaces/default/crontabs"
V2 = f"/apis/{GROUP}/v2/namespaces/default/crontabs"


def convert(obj, desired):
    """A v1 has ``spec.address`` (host:port), a v2 ``spec.host`` and ``spec.port``.

    And its size is in ``spec.replicas``, that of a v2 in ``spec.size``.
    """
    spec = dict(obj.get("spec") or {})
    if desired.endswith("/v2"):
        if "address" in spec:
            spec["host"], _, spec["port"] = spec.pop("address").partition(":")
        if "replicas" in spec:
            spec["size"] = spec.pop("replicas")
    else:
        if "host" in spec:
            spec["address"] = f"{spec.pop('host')}:{spec.pop('port', '')}"
        if "size" in spec:
            spec["replicas"] = spec.pop("size")
    return {**obj, "spec": spec}


def _version(name, size, *fields, storage=False):
    text, number = {"type": "string"}, {"type": "integer"}
    spec = {**dict.fromkeys((*fields, "note"), text), size: number}
    properties = {
        "spec": {"type": "object", "properties": spec},
        "status": {"type": "object", "properties": {"replicas": number}},
    }
    scale = {"specReplicasPath": f".spec.{size}", "statusReplicasPath": ".status.replicas"}
    return {
        "name": name,
        "served": True,
        "storage": storage,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
        "selectableFields": [{"jsonPath": f".spec.{fields[0]}"}],
        "additionalPrinterColumns": [
            {"name": field, "type": "string", "jsonPath": f".spec.{field}"} for field in fields
        ],
        "subresources": {"status": {}, "scale": scale},
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
                _version("v1", "replicas", "address", storage=storage == "v1"),
                _version("v2", "size", "host", "port", storage=storage == "v2"),
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


def tab(version, name="a", labels=None, **spec):
    """Make a CronTab."""
    meta = {"name": name, **({"labels": labels} if labels else {})}
    return {"apiVersion": f"{GROUP}/{version}", "kind": "CronTab", "metadata": meta, "spec": spec}


def asked(hook):
    """How many objects each call was about, and for which version; forgets the calls."""
    found = [
        (len(request["objects"]), request["desiredAPIVersion"].rpartition("/")[2])
        for _, request in hook.requests
        if "objects" in request
    ]
    hook.requests.clear()
    hook.reviews.clear()
    return found


async def change(cluster, patch):
    """Change the definition."""
    answer = await cluster.patch("merge", DEFINITION, {"spec": patch})
    assert answer.status_code == 200, answer.text


def elsewhere(obj, _desired):
    """A conversion that forgets all but a host of its own."""
    return {**obj, "spec": {"host": "other"}}


def answering(answer):
    """A webhook that always answers the same."""
    return lambda _request: answer


def broken(request):
    """A webhook that refuses to convert anything."""
    return conversion(request, convert, result={"status": "Failure", "message": "not today"})


NOT_TODAY = f"conversion webhook for {GROUP}/v1, Kind=CronTab failed: not today"
