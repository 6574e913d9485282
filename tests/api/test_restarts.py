"""A server that starts again with what is stored."""

from __future__ import annotations

from kapi.server import custom_resources

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:basic-user"
TRACKING = (
    "/api/v1/namespaces/kube-system/configmaps/kube-apiserver-legacy-service-account-token-tracking"
)
EVERYTHING = {
    "apiGroups": ["*"],
    "apiVersions": ["*"],
    "operations": ["CREATE", "UPDATE"],
    "resources": ["*"],
}


async def test_a_start_without_the_webhook_for_everything(start_cluster, tmp_path):
    """A server starts though a webhook is not there that all its own objects need.

    The webhook may well wait for the server; what is missing then comes with a later start.
    """
    data = tmp_path / "data"
    server = await start_cluster(data_dir=data, ephemeral=False)
    assert (await server.http.delete(ROLE)).status_code == 200
    assert (await server.http.delete(TRACKING)).status_code == 200
    webhook = {
        "name": "all.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [EVERYTHING],
    }
    url = f"{ADMISSION}/validatingwebhookconfigurations"
    await server.post(url, {"metadata": {"name": "all"}, "webhooks": [webhook]})
    await server.server.stop()
    server = await start_cluster(data_dir=data, ephemeral=False)
    assert (await server.get(ROLE)).status_code == 404
    assert (await server.http.delete(f"{url}/all")).status_code == 200
    await server.server.stop()
    server = await start_cluster(data_dir=data, ephemeral=False)
    assert (await server.get(ROLE)).status_code == 200
    assert (await server.get(TRACKING)).status_code == 200


async def test_a_start_with_a_definition_that_cannot_be_served(
    start_cluster, tmp_path, monkeypatch, caplog
):
    """The others are served, and the log says which one is not."""
    data = tmp_path / "data"
    server = await start_cluster(data_dir=data, ephemeral=False)
    for plural in ("apples", "pears"):
        await server.create(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", _definition(plural)
        )
    await server.server.stop()
    serve = custom_resources.structural_schemas

    def serve_all_but_one(load, spec, read):
        if spec["names"]["plural"] == "apples":
            raise ValueError("a schema of its own kind")
        return serve(load, spec, read)

    monkeypatch.setattr(custom_resources, "structural_schemas", serve_all_but_one)
    server = await start_cluster(data_dir=data, ephemeral=False)
    assert (await server.get("/apis/example.com/v1/pears")).status_code == 200
    assert (await server.get("/apis/example.com/v1/apples")).status_code == 404
    assert "the definition apples.example.com cannot be served" in caplog.text
    await server.server.stop()


def _definition(plural):
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object"}},
    }
    names = {"plural": plural, "kind": plural.title()}
    spec = {"group": "example.com", "scope": "Cluster", "names": names, "versions": [version]}
    return {"metadata": {"name": f"{plural}.example.com"}, "spec": spec}
