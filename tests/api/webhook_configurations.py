"""Configurations of admission webhooks as tests make them."""

from __future__ import annotations

GROUP = "/apis/admissionregistration.k8s.io/v1"
RULE = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["*"],
    "resources": ["configmaps"],
}


def configuration_maker(cluster, hook):
    """Make a function that creates a configuration of webhooks, by path of the server."""

    async def create(kind, *paths, name="hooks", **more):
        webhooks = [
            {
                "name": f"{path[1:]}.example.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "clientConfig": {"url": hook.url(path), "caBundle": hook.ca_bundle},
                "rules": [RULE],
                "timeoutSeconds": 5,
                **more,
            }
            for path in paths
        ]
        path = f"{GROUP}/{kind}webhookconfigurations"
        return await cluster.create(path, {"metadata": {"name": name}, "webhooks": webhooks})

    return create
