"""Discovery in its two forms, OpenAPI documents, health and version."""

from __future__ import annotations

import base64
import hashlib

import pytest
import yaml

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


async def test_roots(cluster):
    """/api has v1, /apis has the groups in kube-apiserver's order with their preferred version."""
    assert (await cluster.read("/api"))["versions"] == ["v1"]
    groups = (await cluster.read("/apis"))["groups"]
    names = [group["name"] for group in groups]
    assert names[:3] == ["apiregistration.k8s.io", "apps", "events.k8s.io"]
    [scaling] = [group for group in groups if group["name"] == "autoscaling"]
    assert scaling["preferredVersion"] == {"groupVersion": "autoscaling/v2", "version": "v2"}
    assert [version["version"] for version in scaling["versions"]] == ["v2", "v1"]
    one = await cluster.read("/apis/autoscaling/")
    assert one == {"kind": "APIGroup", "apiVersion": "v1", **scaling}


async def test_resources_of_a_version(cluster):
    """Sorted, with subresources, short names, categories and the hash of the stored version."""
    listed = await cluster.read("/api/v1")
    by_name = {resource["name"]: resource for resource in listed["resources"]}
    assert [*by_name] == sorted(by_name)
    pods = by_name["pods"]
    digest = hashlib.sha256(b"/v1/Pod").digest()[:8]
    assert pods == {
        "name": "pods",
        "singularName": "pod",
        "namespaced": True,
        "kind": "Pod",
        "verbs": [
            "create",
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "update",
            "watch",
        ],
        "shortNames": ["po"],
        "categories": ["all"],
        "storageVersionHash": base64.b64encode(digest).decode(),
    }
    assert by_name["pods/eviction"]["group"] == "policy"
    assert by_name["replicationcontrollers/scale"]["kind"] == "Scale"


async def test_aggregated_form_says_the_same(cluster):
    """Both forms list the same groups, versions, resources and verbs."""
    answer = await cluster.get("/apis", headers={"Accept": AGGREGATED})
    assert answer.headers["content-type"] == AGGREGATED
    for group in answer.json()["items"]:
        for version in group["versions"]:
            path = f"/apis/{group['metadata']['name']}/{version['version']}"
            plain = {
                r["name"]: (r["kind"], r["verbs"], r["singularName"], r["namespaced"])
                for r in (await cluster.read(path))["resources"]
            }
            for resource in version["resources"]:
                assert plain.pop(resource["resource"]) == (
                    resource["responseKind"]["kind"],
                    resource["verbs"],
                    resource["singularResource"],
                    resource["scope"] == "Namespaced",
                )
                for sub in resource.get("subresources", []):
                    name = f"{resource['resource']}/{sub['subresource']}"
                    assert plain.pop(name)[:2] == (sub["responseKind"]["kind"], sub["verbs"])
            assert plain == {}


async def test_aggregated_form_is_cached_by_etag(cluster):
    """The ETag given back is 304 without a body."""
    first = await cluster.get("/api", headers={"Accept": AGGREGATED})
    assert first.headers["vary"] == "Accept"
    etag = first.headers["etag"]
    again = await cluster.get("/api", headers={"Accept": AGGREGATED, "If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    other = await cluster.get("/api", headers={"Accept": AGGREGATED, "If-None-Match": '"x"'})
    assert other.status_code == 200


async def test_clients_choose_the_form(cluster):
    """The first form of Accept that the server has; YAML works too."""
    old = AGGREGATED.replace("v=v2", "v=v2beta1")
    answer = await cluster.get("/apis", headers={"Accept": f"{old},application/json"})
    assert answer.json()["kind"] == "APIGroupList"
    as_yaml = AGGREGATED.replace("json", "yaml")
    answer = await cluster.get("/apis", headers={"Accept": as_yaml})
    assert yaml.safe_load(answer.text)["kind"] == "APIGroupDiscoveryList"


@pytest.mark.parametrize(
    "path", ["/apis/no.such.group", "/apis/no/v1/things", "/nothing", "/apis//v1/pods"]
)
async def test_paths_that_are_nothing(cluster, path):
    """Unknown groups and roots are plain text 404."""
    answer = await cluster.get(path)
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2",
        "/apis/apps/v9",
        "/api/v1/nothings",
        "/apis/apps/v1/namespaces/default/nothings/a",
        "/api/v1/namespaces/default/configmaps/a/scale",
        "/api/v1/namespaces/default/nodes",
    ],
)
async def test_resources_that_are_none(cluster, fails, path):
    """What a known group does not have is a Status without details."""
    status = fails(
        await cluster.get(path), 404, "NotFound", "the server could not find the requested resource"
    )
    assert status["details"] == {}


@pytest.mark.parametrize("minor", [25, 29, 33, 36, 37])
async def test_older_versions(start_cluster, minor):
    """Each Kubernetes version has its own resources and says so."""
    cluster = await start_cluster(kubernetes_minor=minor)
    assert (await cluster.read("/version"))["minor"] == str(minor)
    groups = {group["name"]: group for group in (await cluster.read("/apis"))["groups"]}
    policies = await cluster.read("/apis/admissionregistration.k8s.io/v1")
    kinds = {resource["kind"] for resource in policies["resources"]}
    assert ("ValidatingAdmissionPolicy" in kinds) == (minor >= 30)
    flow = [v["version"] for v in groups["flowcontrol.apiserver.k8s.io"]["versions"]]
    assert ("v1" in flow) == (minor >= 29)
    listed = await cluster.read("/openapi/v3")
    assert "apis/apps/v1" in listed["paths"]


async def test_openapi_v3_index_leads_to_documents(cluster):
    """Every document is served under its hash, to be cached for good."""
    index = (await cluster.read("/openapi/v3"))["paths"]
    assert {"api/v1", "apis/apps/v1", "version"} <= index.keys()
    for name in ("api/v1", "apis/apps/v1"):
        url = index[name]["serverRelativeURL"]
        answer = await cluster.http.get(url)
        assert answer.headers["cache-control"] == "public, immutable"
        assert answer.headers["etag"].strip('"') in url
        assert answer.json()["openapi"].startswith("3.0")
        moved = await cluster.get(f"/openapi/v3/{name}", hash="OLD")
        assert (moved.status_code, moved.headers["location"]) == (301, url)
        again = await cluster.http.get(url, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def references(node):
    """All $ref below a node."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


async def test_openapi_documents_are_whole(cluster):
    """Every reference leads to a schema of the same document."""
    index = (await cluster.read("/openapi/v3"))["paths"]
    for name in index:
        document = await cluster.read(f"/openapi/v3/{name}")
        known = document.get("components", {}).get("schemas", {})
        missing = {ref for ref in references(document) if ref.rpartition("/")[2] not in known}
        assert missing == set(), name


async def test_openapi_describes_what_discovery_lists(cluster):
    """Each resource has its paths with its group, version and kind, and its patch types."""
    document = await cluster.read("/openapi/v3/apis/apps/v1")
    for resource in (await cluster.read("/apis/apps/v1"))["resources"]:
        name, _, sub = resource["name"].partition("/")
        path = f"/apis/apps/v1/namespaces/{{namespace}}/{name}/{{name}}" + (sub and f"/{sub}")
        operations = document["paths"][path]
        assert {"get", "patch"} & operations.keys()
        gvk = operations["get"]["x-kubernetes-group-version-kind"]
        assert gvk["kind"] == resource["kind"]
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "application/apply-patch+yaml" in patch["requestBody"]["content"]


async def test_openapi_v2(cluster):
    """One document with the definitions of all groups, served with an ETag."""
    answer = await cluster.get("/openapi/v2")
    document = answer.json()
    assert document["swagger"] == "2.0"
    pod = document["definitions"]["io.k8s.api.core.v1.Pod"]
    assert pod["x-kubernetes-group-version-kind"] == [{"group": "", "kind": "Pod", "version": "v1"}]
    known = {f"#/definitions/{name}" for name in document["definitions"]}
    assert {ref for ref in references(document) if "/definitions/" in ref} <= known
    again = await cluster.get("/openapi/v2", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
async def test_health(cluster, path):
    """ok; each check by name, and a list of them where asked."""
    assert (await cluster.get(path)).text == "ok"
    verbose = (await cluster.get(path, verbose="")).text
    assert "[+]ping ok\n" in verbose
    assert verbose.endswith(f"{path[1:]} check passed\n")
    assert (await cluster.get(f"{path}/ping")).text == "ok"
    assert (await cluster.get(f"{path}/none")).status_code == 404
    assert (await cluster.http.head(path)).status_code == 200


async def test_version(cluster):
    """The version that clients adapt to."""
    info = await cluster.read("/version")
    assert (info["major"], info["minor"]) == ("1", "37")
    assert info["gitVersion"].startswith("v1.37.")
