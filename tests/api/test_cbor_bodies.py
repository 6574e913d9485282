"""CBOR behind its gate."""

from __future__ import annotations

from kapi.apimachinery.serializer import cbor

PATH = "/api/v1/namespaces/default/configmaps"
CBOR = {"Accept": "application/cbor", "Content-Type": "application/cbor"}
BODY = {"metadata": {"name": "a"}, "data": {"k": "v"}}


async def test_objects_lists_and_status(start_cluster):
    """With the gate open objects come and go as CBOR, and so do lists and errors."""
    cluster = await start_cluster(feature_gates=frozenset({"CBORServingAndStorage"}))
    answer = await cluster.http.post(PATH, content=cbor.dumps(BODY), headers=CBOR)
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/cbor")
    assert cbor.load(answer.content)["data"] == {"k": "v"}
    answer = await cluster.http.get(PATH, headers=CBOR)
    assert [item["metadata"]["name"] for item in cbor.load(answer.content)["items"]] == ["a"]
    answer = await cluster.http.get(f"{PATH}/none", headers=CBOR)
    assert cbor.load(answer.content)["reason"] == "NotFound"
    answer = await cluster.http.post(PATH, content=b"\xff", headers=CBOR)
    assert answer.status_code == 400


async def test_off_by_default(cluster):
    """Without the gate CBOR is neither served nor read."""
    answer = await cluster.http.post(PATH, content=cbor.dumps(BODY), headers=CBOR)
    assert answer.status_code in {406, 415}
    answer = await cluster.http.get(PATH, headers={"Accept": "application/cbor"})
    assert answer.status_code == 406
