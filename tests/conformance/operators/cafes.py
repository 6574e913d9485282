"""An operator in the manner of kopf's examples: each Cafe has a ConfigMap with its menu.

Run by ``kopf run``; KOPF_NAME tells several of them apart.
"""

from __future__ import annotations

import asyncio
import os

import kopf
import kubernetes

NAME = os.environ.get("KOPF_NAME", "one")


@kopf.on.startup()
def configure(settings, **_):
    settings.watching.server_timeout = 60
    settings.networking.error_backoffs = [0.1, 0.2, 0.5, 1, 1, 1, 1, 1]
    settings.watching.reconnect_backoff = 0.2
    settings.posting.loggers = True


def menu(spec):
    return {"tables": str(spec.get("tables", 0)), "by": NAME}


@kopf.on.create("cafes.example.com")
def open_cafe(spec, name, namespace, **_):
    if spec.get("tables", 0) > 50:
        raise kopf.PermanentError("too large a cafe")
    child = {"apiVersion": "v1", "kind": "ConfigMap", "data": menu(spec)}
    child["metadata"] = {"name": f"{name}-menu"}
    kopf.adopt(child)
    made = kubernetes.client.CoreV1Api().create_namespaced_config_map(namespace, child)
    return {"menu": made.metadata.name}


@kopf.on.update("cafes.example.com", field="spec.tables")
def resize(old, new, spec, body, name, namespace, patch, **_):
    core = kubernetes.client.CoreV1Api()
    core.patch_namespaced_config_map(f"{name}-menu", namespace, {"data": menu(spec)})
    patch.status["tables"] = new
    kopf.info(body, reason="Resized", message=f"{new} tables")
    return {"from": old, "to": new}


@kopf.on.resume("cafes.example.com")
def reopen(patch, **_):
    patch.status["resumedBy"] = NAME


@kopf.on.delete("cafes.example.com")
def close(name, namespace, **_):
    body = {"metadata": {"name": f"{name}-closed"}}
    kubernetes.client.CoreV1Api().create_namespaced_config_map(namespace, body)


@kopf.timer("cafes.example.com", interval=0.3, when=lambda spec, **_: spec.get("music"))
def play(status, patch, **_):
    patch.status["songs"] = status.get("songs", 0) + 1


@kopf.daemon("cafes.example.com", cancellation_backoff=5, when=lambda spec, **_: spec.get("cook"))
async def cook(stopped, name, namespace, patch, **_):
    core = kubernetes.client.CoreV1Api()
    core.create_namespaced_config_map(namespace, {"metadata": {"name": f"{name}-kitchen"}})
    while not stopped:
        await asyncio.sleep(0.1)
    core.delete_namespaced_config_map(f"{name}-kitchen", namespace)


@kopf.index("cafes.example.com")
def streets(spec, name, **_):
    return {spec.get("street", ""): name}


@kopf.on.field("cafes.example.com", field="spec.street")
def move(streets, new, patch, **_):
    patch.status["neighbours"] = sorted(streets.get(new, ()))
