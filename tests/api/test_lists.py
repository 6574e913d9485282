"""Lists: order, selectors, pages that hold one version, expired tokens, versions."""

from __future__ import annotations

import base64
import json

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
ALL_MAPS = "/api/v1/configmaps"


def names(listed):
    return [item["metadata"]["name"] for item in listed["items"]]


@pytest.fixture
async def colors(cluster, config_map):
    """Five ConfigMaps with labels."""
    labels = {
        "a": {"color": "red", "n": "1"},
        "b": {"color": "blue", "n": "2"},
        "c": {"color": "green"},
        "d": {"n": "x"},
        "e": None,
    }
    for name, given in labels.items():
        await cluster.create(MAPS, config_map(name, given))
    return cluster


async def test_empty_list_has_items(cluster):
    """Its items are [], not null, and the list has the version of the store."""
    listed = await cluster.read(MAPS)
    assert (listed["kind"], listed["apiVersion"], listed["items"]) == ("ConfigMapList", "v1", [])
    assert int(listed["metadata"]["resourceVersion"]) > 0


async def test_order_is_namespace_then_name(cluster, config_map):
    """Bytewise by key: digits, then letters; - before digits."""
    await cluster.create("/api/v1/namespaces", {"metadata": {"name": "a"}})
    for name in ("b", "a-b", "a1", "a", "10", "9"):
        await cluster.create(MAPS, config_map(name))
    await cluster.create("/api/v1/namespaces/a/configmaps", config_map("z"))
    listed = await cluster.read(ALL_MAPS)
    own = [item for item in listed["items"] if item["metadata"]["namespace"] != "kube-system"]
    assert [item["metadata"]["name"] for item in own] == ["z", "10", "9", "a", "a-b", "a1", "b"]
    assert listed["items"][: len(own)] == own
    assert not {"kind", "apiVersion"} & listed["items"][0].keys()


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("color", "abc"),
        ("!color", "de"),
        ("color=red", "a"),
        ("color==red", "a"),
        ("color!=red", "bcde"),
        ("color in (red,blue)", "ab"),
        ("color notin (red, blue)", "cde"),
        ("color,n", "ab"),
        ("color,n!=1", "bc"),
        ("n>1", "b"),
        ("n<2", "a"),
        (" color = red , n = 1 ", "a"),
        ("color=", ""),
        ("color in ()", ""),
        ("", "abcde"),
    ],
)
async def test_label_selectors(colors, selector, selected):
    """All operators; a missing label satisfies the negative ones."""
    assert names(await colors.read(MAPS, labelSelector=selector)) == [*selected]


@pytest.mark.parametrize("selector", ["a b", "a=b=c", "a in b", "=", "a>x", "!", "a in (b", "a,"])
async def test_label_selectors_that_are_none(cluster, fails, selector):
    """400, told as a selector that cannot be parsed."""
    status = fails(await cluster.get(MAPS, labelSelector=selector), 400, "BadRequest")
    assert "details" not in status


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("metadata.name=a", "a"),
        ("metadata.name!=a", "bcde"),
        ("metadata.namespace=default,metadata.name=b", "b"),
        ("metadata.namespace=other", ""),
    ],
)
async def test_field_selectors(colors, selector, selected):
    """Name and namespace are selectable everywhere."""
    assert names(await colors.read(MAPS, fieldSelector=selector)) == [*selected]


async def test_field_selectors_of_kinds(cluster, pod, fails):
    """Pods are selected by phase and node; fields that are not selectable are refused."""
    pods = "/api/v1/namespaces/default/pods"
    await cluster.create(pods, pod("bound", nodeName="n"))
    await cluster.create(pods, pod("waiting"))
    assert names(await cluster.read(pods, fieldSelector="spec.nodeName=n")) == ["bound"]
    pending = await cluster.read(pods, fieldSelector="status.phase=Pending,spec.nodeName!=n")
    assert names(pending) == ["waiting"]
    fails(
        await cluster.get(pods, fieldSelector="spec.dnsPolicy=x"),
        400,
        "BadRequest",
        "field label not supported: spec.dnsPolicy",
    )


async def test_pages_are_one_version(colors, config_map):
    """Whatever is written between them, pages add up to the list as it was at the first."""
    before = await colors.read(MAPS)
    first = await colors.read(MAPS, limit="2")
    assert names(first) == ["a", "b"]
    assert first["metadata"]["remainingItemCount"] == 3
    await colors.delete(f"{MAPS}/d")
    await colors.put(f"{MAPS}/c", config_map("c", data={"changed": "yes"}))
    await colors.create(MAPS, config_map("cc"))
    second = await colors.read(MAPS, limit="2", **{"continue": first["metadata"]["continue"]})
    third = await colors.read(MAPS, limit="2", **{"continue": second["metadata"]["continue"]})
    assert first["items"] + second["items"] + third["items"] == before["items"]
    pages = (before, first, second, third)
    assert len({page["metadata"]["resourceVersion"] for page in pages}) == 1
    assert second["metadata"]["remainingItemCount"] == 1
    assert third["metadata"].keys() == {"resourceVersion"}


async def test_pages_of_a_selection_do_not_count_the_rest(colors):
    """With a selector remainingItemCount would be wrong and is left out."""
    page = await colors.read(MAPS, limit="1", labelSelector="n")
    assert names(page) == ["a"]
    assert "remainingItemCount" not in page["metadata"]
    seen = names(page)
    while token := page["metadata"].get("continue"):
        page = await colors.read(MAPS, limit="1", labelSelector="n", **{"continue": token})
        seen += names(page)
    assert seen == ["a", "b", "d"]


async def test_page_that_is_not_full_is_the_last(colors):
    """A limit that everything fits into needs no continue token."""
    page = await colors.read(MAPS, limit="5")
    assert page["metadata"].keys() == {"resourceVersion"}


async def test_expired_token_comes_with_one_that_goes_on(colors, config_map):
    """410 Expired; the token in the answer continues at the newest version."""
    engine = colors.server._engine
    await engine.compact(await engine.current_revision())
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": 1, "start": "default/b\0"})
    old = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    answer = await colors.get(MAPS, limit="2", **{"continue": old})
    status = answer.json()
    assert (answer.status_code, status["reason"]) == (410, "Expired")
    await colors.create(MAPS, config_map("bb"))
    page = await colors.read(MAPS, limit="9", **{"continue": status["metadata"]["continue"]})
    assert names(page) == ["bb", "c", "d", "e"]


@pytest.mark.parametrize("token", ["x", "bm90IGpzb24", "e30"])
async def test_tokens_that_are_none(cluster, fails, token):
    """A token that this server never wrote is 400."""
    fails(await cluster.get(MAPS, limit="1", **{"continue": token}), 400, "BadRequest")


async def test_token_goes_with_no_version(colors, fails):
    """The token has the version already."""
    token = (await colors.read(MAPS, limit="2"))["metadata"]["continue"]
    answer = await colors.get(MAPS, resourceVersion="3", **{"continue": token})
    fails(
        answer,
        400,
        "BadRequest",
        "specifying resource version is not allowed when using continue",
    )


async def test_list_of_a_past_version(colors, config_map):
    """Exact brings the list as it was; NotOlderThan and none bring the newest."""
    past = await colors.read(MAPS)
    version = past["metadata"]["resourceVersion"]
    await colors.delete(f"{MAPS}/a")
    exact = await colors.read(MAPS, resourceVersion=version, resourceVersionMatch="Exact")
    assert exact == past
    newer = await colors.read(MAPS, resourceVersion=version, resourceVersionMatch="NotOlderThan")
    assert names(newer) == ["b", "c", "d", "e"]
    assert names(await colors.read(MAPS, resourceVersion=version)) == ["b", "c", "d", "e"]


async def test_version_zero_ignores_the_limit(colors):
    """A list from the cache is whole."""
    listed = await colors.read(MAPS, resourceVersion="0", limit="1")
    assert names(listed) == ["a", "b", "c", "d", "e"]
    assert "continue" not in listed["metadata"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"resourceVersionMatch": "Exact"},
        {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
        {"resourceVersionMatch": "Newest", "resourceVersion": "5"},
        {"sendInitialEvents": "true"},
    ],
)
async def test_options_that_contradict_each_other(cluster, fails, parameters):
    """422 for ListOptions."""
    status = fails(await cluster.get(MAPS, **parameters), 422, "Invalid")
    assert status["details"]["kind"] == "ListOptions"


@pytest.mark.parametrize("name", ["limit", "timeoutSeconds"])
async def test_numbers_that_are_none(cluster, fails, name):
    """A query parameter that is no number is 400."""
    status = fails(await cluster.get(MAPS, **{name: "abc"}), 400, "BadRequest")
    assert 'strconv.ParseInt: parsing "abc": invalid syntax' in status["message"]


async def test_version_from_the_future(cluster, fails):
    """A list or get waits a moment for a version that is not there yet, then gives up."""
    status = fails(await cluster.get(MAPS, resourceVersion="1000000"), 504, "Timeout")
    assert status["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"
    assert status["details"]["retryAfterSeconds"] == 1


async def test_missing_namespace(cluster, config_map, fails):
    """Nothing is in it, nothing can be created in it."""
    path = "/api/v1/namespaces/missing/configmaps"
    assert (await cluster.read(path))["items"] == []
    status = fails(
        await cluster.post(path, config_map("a")),
        404,
        "NotFound",
        'namespaces "missing" not found',
    )
    assert status["details"] == {"name": "missing", "kind": "namespaces"}
