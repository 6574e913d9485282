"""What clients get back: JSON, YAML, Tables, metadata only, gzip; what they may send."""

from __future__ import annotations

import gzip

import pytest
import yaml

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
METADATA = {"Accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"}
METADATA_LIST = {"Accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}


def columns(table):
    return [column["name"] for column in table["columnDefinitions"] if column["priority"] == 0]


async def test_table_of_pods(cluster, pod):
    """What kubectl get prints comes from the server: columns and cells."""
    await cluster.create(PODS, pod("p"))
    table = (await cluster.get(PODS, headers=TABLE)).json()
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert columns(table) == ["Name", "Ready", "Status", "Restarts", "Age"]
    [row] = table["rows"]
    assert row["cells"][:3] == ["p", "0/1", "Pending"]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["name"] == "p"


async def test_table_of_one_object(cluster, deployment):
    """A single object makes a table of one row with the object's version."""
    created = await cluster.create(DEPLOYMENTS, deployment("web", replicas=3))
    table = (await cluster.get(f"{DEPLOYMENTS}/web", headers=TABLE)).json()
    assert table["metadata"] == {"resourceVersion": created["metadata"]["resourceVersion"]}
    assert [row["cells"][:4] for row in table["rows"]] == [["web", "0/3", 0, 0]]


@pytest.mark.parametrize(
    ("include", "shown"), [("None", None), ("Metadata", "PartialObjectMetadata"), ("Object", "Pod")]
)
async def test_objects_in_tables(cluster, pod, include, shown):
    """The parameter includeObject chooses what stands beside the cells."""
    await cluster.create(PODS, pod("p"))
    table = (await cluster.get(PODS, headers=TABLE, includeObject=include)).json()
    obj = table["rows"][0]["object"]
    assert (obj and obj["kind"]) == shown


async def test_tables_have_pages(cluster, config_map):
    """Pages by limit and continue work as in lists."""
    for name in "abc":
        await cluster.create(MAPS, config_map(name))
    first = (await cluster.get(MAPS, headers=TABLE, limit="2")).json()
    assert [row["cells"][0] for row in first["rows"]] == ["a", "b"]
    token = {"continue": first["metadata"]["continue"]}
    second = (await cluster.get(MAPS, headers=TABLE, limit="2", **token)).json()
    assert [row["cells"][0] for row in second["rows"]] == ["c"]


async def test_errors_are_never_tables(cluster, fails):
    """A client that asks for a Table gets failures as Status."""
    fails(await cluster.get(f"{MAPS}/none", headers=TABLE), 404, "NotFound")


async def test_metadata_only(cluster, config_map):
    """An object and a list without their contents."""
    created = await cluster.create(MAPS, config_map("a", {"l": "1"}, {"k": "v"}))
    one = (await cluster.get(f"{MAPS}/a", headers=METADATA)).json()
    assert one == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": created["metadata"],
    }
    many = (await cluster.get(MAPS, headers=METADATA_LIST)).json()
    assert (many["kind"], many["items"]) == ("PartialObjectMetadataList", [one])


@pytest.mark.parametrize(("path", "headers"), [(MAPS, METADATA), (f"{MAPS}/a", METADATA_LIST)])
async def test_lists_and_objects_are_told_apart(cluster, config_map, fails, path, headers):
    """The list form for an object and the other way round is 406."""
    await cluster.create(MAPS, config_map("a"))
    fails(await cluster.get(path, headers=headers), 406, "NotAcceptable")


async def test_yaml_in_and_out(cluster, config_map):
    """YAML is read and written; it says the same as JSON."""
    text = yaml.safe_dump(config_map("a", data={"k": "yes"}))
    answer = await cluster.http.post(
        MAPS,
        content=text,
        headers={"Content-Type": "application/yaml", "Accept": "application/yaml"},
    )
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(answer.text)["data"] == {"k": "yes"}
    as_json = await cluster.read(f"{MAPS}/a")
    as_yaml = await cluster.get(f"{MAPS}/a", headers={"Accept": "application/yaml"})
    assert yaml.safe_load(as_yaml.text) == as_json


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/json"),
        ("text/html, application/json", "application/json"),
        ("application/json;q=0.1, application/yaml", "application/yaml"),
        ("application/yaml;q=0.1, application/json;q=0.9", "application/json"),
        (
            "application/json;as=Table;v=v2;g=meta.k8s.io, application/yaml",
            "application/yaml",
        ),
    ],
)
async def test_preference_of_the_client(cluster, accept, content_type):
    """The first acceptable form of the highest quality."""
    answer = await cluster.get(MAPS, headers={"Accept": accept})
    assert answer.headers["content-type"] == content_type


@pytest.mark.parametrize("accept", ["text/html", "application/*", "application/xml;q=1"])
async def test_forms_that_are_not_served(cluster, fails, accept):
    """406 NotAcceptable."""
    fails(await cluster.get(MAPS, headers={"Accept": accept}), 406, "NotAcceptable")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "image/png"])
async def test_forms_that_are_not_read(cluster, fails, content_type):
    """415 UnsupportedMediaType."""
    answer = await cluster.http.post(MAPS, content="{}", headers={"Content-Type": content_type})
    fails(answer, 415, "UnsupportedMediaType")


async def raw(cluster, path, encoding):
    """The body as it was sent, with its headers."""
    async with cluster.http.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
        return answer.headers, b"".join([chunk async for chunk in answer.aiter_raw()])


async def test_gzip_of_large_answers(cluster, config_map):
    """From 128 KiB on, for clients that accept it, and it is the same JSON."""
    await cluster.create(MAPS, config_map("small"))
    await cluster.create(MAPS, config_map("large", data={"k": "x" * 200_000}))
    headers, _ = await raw(cluster, f"{MAPS}/small", "gzip")
    assert "content-encoding" not in headers
    headers, packed = await raw(cluster, f"{MAPS}/large", "gzip")
    assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding")
    assert int(headers["content-length"]) == len(packed) < 10_000
    headers, plain = await raw(cluster, f"{MAPS}/large", "identity")
    assert "content-encoding" not in headers
    assert gzip.decompress(packed) == plain


async def test_pretty(cluster, config_map):
    """pretty=true indents."""
    await cluster.create(MAPS, config_map("a"))
    assert '\n  "kind"' in (await cluster.get(f"{MAPS}/a", pretty="true")).text
    assert "\n  " not in (await cluster.get(f"{MAPS}/a")).text


async def test_headers_of_every_answer(cluster):
    """Answers are not cached, and carry the audit id that was given or a new one."""
    answer = await cluster.get(MAPS, headers={"Audit-ID": "mine"})
    assert answer.headers["cache-control"] == "no-cache, private"
    assert answer.headers["audit-id"] == "mine"
    assert (await cluster.get(MAPS)).headers["audit-id"]


async def test_tables_without_rows(cluster):
    """Kinds with columns of their own have an empty list, others nothing."""
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    for path, rows in (("configmaps", []), ("limitranges", None)):
        answer = await cluster.get(f"/api/v1/namespaces/none/{path}", headers={"Accept": accept})
        assert answer.json()["rows"] == rows
