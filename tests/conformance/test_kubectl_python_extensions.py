"""The example extension as users of kubectl meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kubectl import Kubectl

from etcd_cluster import EtcdCluster
from kapi.testing import Server

EXAMPLES = Path(__file__).parents[2] / "examples"
EXAMPLE = str(EXAMPLES / "shop.py")
PATH = "/apis/shop.example.com/v1/namespaces/default/shops/corner"


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """Kubectl at a server that was started with the example."""
    with Server("--controllers=none", extensions=[EXAMPLE]) as server:
        kubectl = Kubectl(server.kubeconfig, "default", tmp_path_factory.mktemp("home"))
        kubectl("apply", "-f", str(EXAMPLES / "shop.yaml"))
        yield kubectl


def test_objects_are_applied_shown_and_found(shops):
    """Names, columns and categories of the declaration are those that kubectl knows."""
    shops("apply", "-f", str(EXAMPLES / "shop.yaml"))
    header, row = shops("get", "sh").splitlines()
    assert header.split() == ["NAME", "STREET", "REPLICAS", "AGE"]
    assert row.split()[:4] == ["corner", "Main", "Street", "1"]
    assert "TIER" in shops("get", "shops", "-o", "wide")
    assert shops("get", "all", "-o", "name") == (
        "service/kubernetes\nshop.shop.example.com/corner\n"
    )
    assert "shops.shop.example.com" in shops("get", "crds", "-o", "name")
    shown = shops("api-resources", "--api-group=shop.example.com", "--no-headers")
    assert shown.split() == ["shops", "sh", "shop.example.com/v1", "true", "Shop"]


def test_explain_has_the_docstrings(shops):
    """Kubectl explain tells types, defaults and the texts of the Python classes."""
    text = shops("explain", "shop.spec")
    assert "A shop in a street." in text
    assert "street\t<string> -required-" in text
    assert "Where it is." in text
    assert "enum: basic, premium" in text
    assert "How many pieces fit." in shops("explain", "shop.spec.shelves.size")


def test_rules_are_errors_and_warnings(shops):
    """What a function refuses kubectl shows as any other invalid field."""
    refused = shops.fails(
        "patch", "shop", "corner", "--type=merge", "-p", '{"spec":{"street":"x"}}'
    )
    assert refused.startswith(
        'The Shop "corner" is invalid: spec.street: Forbidden: a shop does not move'
    )
    object_ = {
        "apiVersion": "shop.example.com/v1",
        "kind": "Shop",
        "metadata": {"name": "bare"},
        "spec": {"street": "x"},
    }
    code, _, warning = shops.run("create", "-f", "-", stdin=json.dumps(object_))
    assert (code, warning) == (0, "Warning: a shop without shelves sells nothing\n")
    shops("delete", "shop", "bare")


def test_scale_and_status(shops):
    """Kubectl scale and --subresource=status reach the object."""
    shops("scale", "shop", "corner", "--replicas=3")
    assert shops.get("shop/corner")["spec"]["replicas"] == 3
    status = '{"status":{"stock":{"milk":2}}}'
    shops("patch", "shop", "corner", "--subresource=status", "--type=merge", "-p", status)
    assert shops.get("shop/corner")["status"]["stock"] == {"milk": 2}
    refused = shops.fails("scale", "shop", "corner", "--replicas=6")
    assert "more than 5 need the tier premium" in refused


def test_versions(shops):
    """The older version shows the same object in its form, with a warning."""
    code, output, warning = shops.run(
        "get", "shops.v1beta1.shop.example.com", "corner", "-o", "json"
    )
    assert code == 0
    assert json.loads(output)["spec"]["hours"] == "Mo-Fr 8-18"
    assert "v1beta1 Shop is deprecated; use shop.example.com/v1 Shop" in warning


def test_functions_behind_subresources(shops):
    """Kubectl --raw calls the functions of subresources."""
    body = str(EXAMPLES / "restock.json")
    receipt = json.loads(shops("create", "--raw", f"{PATH}/restock", "-f", body))
    assert receipt == {"shelf": "bread", "stock": 12, "free": 8}
    assert json.loads(shops("get", "--raw", f"{PATH}/inventory"))["shop"] == "corner"
    refused = shops.fails("create", "--raw", f"{PATH}/restock", "-f", body)
    assert refused == "Error from server (Conflict): 12 pieces do not fit on bread\n"


def test_the_definition_cannot_be_deleted(shops):
    """Whoever has the code has the definition."""
    refused = shops.fails("delete", "crd", "shops.shop.example.com")
    assert "it is declared by the Python extension shop.example.com" in refused


def test_an_extension_that_cannot_be_loaded_is_told_in_one_line(kapi_once, tmp_path):
    """Exit code 2 and what is wrong with which name."""
    broken = tmp_path / "broken.py"
    broken.write_text("from kapi import ext\nshop = ext.Extension('shop.example.com')\n")
    data = f"--data-dir={tmp_path}"
    for name, why in (
        ("missing_module:x", "--extension: missing_module:x cannot be imported: "),
        ("./nothing.py", "--extension: ./nothing.py: there is no such file"),
        (str(broken), "extension shop.example.com: extension shop.example.com declares no "),
    ):
        code, _, errors = kapi_once("up", "--ephemeral", "--port=0", data, f"--extension={name}")
        assert code == 2
        assert why in errors
        assert errors.count("\n") == 1


def test_kapi_run_takes_extensions(kapi_once, tmp_path, home):
    """A server for one command can have them, too; a module is found in the current directory."""
    words = ("run", "--extension=shop:shops", "--", "kubectl", "get", "crd", "-o", "name")
    program = Kubectl("unused", "default", home).program
    code, output, errors = kapi_once(*words[:3], program, *words[4:], cwd=EXAMPLES)
    assert (code, output) == (
        0,
        "customresourcedefinition.apiextensions.k8s.io/shops.shop.example.com\n",
    ), errors


def test_an_extension_object_runs_in_a_thread():
    """kapi.testing takes what a test has declared itself, where it shares the interpreter."""
    from kapi.ext.modules import load_extensions  # noqa: PLC0415 - this test's own

    extensions = load_extensions(EXAMPLE)
    with Server("--controllers=none", thread=True, extensions=extensions) as server:
        assert server.url.startswith("https://")
    with pytest.raises(ValueError, match="a process loads extensions by name"):
        Server(extensions=extensions)


def test_servers_over_one_etcd(tmp_path):
    """All that have the code run it; one without it shows objects and refuses to write them."""
    with EtcdCluster() as etcd:
        shared = ("--controllers=none", f"--etcd-servers={etcd.urls[0]}")
        with (
            Server(*shared, "--workers=2", data_dir=tmp_path / "a", extensions=[EXAMPLE]) as one,
            Server(*shared, data_dir=tmp_path / "b") as two,
        ):
            with_code = Kubectl(one.kubeconfig, "default", tmp_path)
            without = Kubectl(two.kubeconfig, "default", tmp_path)
            with_code("apply", "-f", str(EXAMPLES / "shop.yaml"))
            body = str(EXAMPLES / "restock.json")
            with_code("create", "--raw", f"{PATH}/restock", "-f", body)
            for _ in range(4):  # whichever of the workers answers
                inventory = json.loads(with_code("get", "--raw", f"{PATH}/inventory"))
                assert inventory == {"shop": "corner", "pieces": 12}
            assert without.get("shop/corner")["status"]["stock"] == {"bread": 12}
            refused = without.fails("label", "shop", "corner", "a=b")
            assert "without which this server was started (--extension)" in refused
            with_code("label", "shop", "corner", "a=b")
            assert without.get("shop/corner")["metadata"]["labels"] == {"a": "b"}
