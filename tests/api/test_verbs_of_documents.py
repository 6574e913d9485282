"""Which verbs documents answer, and in which form errors come."""

from __future__ import annotations

import pytest

TABLE = "as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize("path", ["/apis", "/apis/apps", "/openapi/v2", "/healthz", "/readyz/ping"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "OPTIONS"])
async def test_documents_for_any_verb(cluster, method: str, path: str) -> None:
    """These paths do not look at the verb."""
    assert (await cluster.http.request(method, path)).status_code == 200


@pytest.mark.parametrize(
    ("path", "code"), [("/api", 405), ("/api/v1", 405), ("/apis/apps/v1", 405), ("/version", 405)]
)
async def test_documents_for_get_only(cluster, path: str, code: int) -> None:
    """These do."""
    assert (await cluster.http.post(path)).status_code == code


async def test_unknown_versions_come_before_verbs(cluster) -> None:
    """A version that is not there is not there for any verb."""
    assert (await cluster.http.post("/apis/apps/v2")).status_code == 404


async def test_errors_have_no_other_kind(cluster) -> None:
    """A Status is never a Table: where nothing else is accepted it is JSON."""
    path = "/api/v1/namespaces/default/configmaps/none"
    for accept, content_type in (
        (f"application/yaml;{TABLE}", "application/json"),
        (f"application/yaml;{TABLE},application/yaml", "application/yaml"),
        ("application/yaml", "application/yaml"),
    ):
        answer = await cluster.get(path, {"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (404, content_type)


async def test_discovery_has_no_other_kind(cluster) -> None:
    """Discovery cannot be had as a Table."""
    answer = await cluster.get("/apis/apps/v1", {"Accept": f"application/json;{TABLE}"})
    assert answer.status_code == 406


async def test_verbs_that_are_refused_bring_no_deprecation(cluster) -> None:
    """A warning of a deprecated version comes with what the version serves."""
    path = "/api/v1/namespaces/default/endpoints"
    assert "deprecated" in (await cluster.get(path)).headers["warning"]
    refused = await cluster.http.request("PATCH", path)
    assert (refused.status_code, "warning" in refused.headers) == (405, False)


async def test_timeouts_that_are_none(cluster) -> None:
    """A timeout in the query must be a duration; watches do not look at it."""
    for path in ("/api/v1/namespaces", "/apis/apps", "/healthz"):
        answer = await cluster.get(path, timeout="5")
        assert answer.status_code == 400
        assert answer.json()["message"] == (
            'invalid timeout specified in the request URL - time: missing unit in duration "5"'
        )
        assert (await cluster.get(path, timeout="5s")).status_code == 200


async def test_groups_that_no_type_can_show(cluster) -> None:
    """Lists of groups are written by another part than other discovery, with words of its own."""
    accept = {"Accept": "text/html"}
    groups = (await cluster.get("/apis/apps", accept)).json()
    assert groups["message"].startswith("only the following media types are accepted: ")
    resources = (await cluster.get("/apis/apps/v1", accept)).json()
    assert resources["message"].startswith("406: Not Acceptable")
