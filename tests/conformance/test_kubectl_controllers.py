"""Kubectl and a server as it is started by default, with its controllers."""

from __future__ import annotations

import json

import pytest
from kubectl import Kubectl

from kapi.testing import Server


@pytest.fixture(scope="module")
def kubectl(home):
    """Kubectl in the namespace default of a server with default flags."""
    with Server() as running:
        yield Kubectl(running.kubeconfig, "default", home)


def owned(owner, name):
    """A ConfigMap that belongs to a Deployment, as JSON."""
    reference = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "blockOwnerDeletion": True,
    }
    meta = {"name": name, "ownerReferences": [reference]}
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})


def make_owner(kubectl, name):
    """A Deployment that owns a ConfigMap of the same name."""
    kubectl("create", "deployment", name, "--image=nginx")
    kubectl("create", "-f", "-", stdin=owned(kubectl.get(f"deployment/{name}"), name))


def test_namespace_has_what_pods_need(kubectl):
    """A new namespace soon has a service account and the certificate authority."""
    kubectl("create", "namespace", "ready")
    for what in ("serviceaccount/default", "configmap/kube-root-ca.crt"):
        kubectl("-n", "ready", "wait", "--for=create", what, "--timeout=20s")
    assert kubectl("-n", "ready", "run", "p", "--image=nginx") == "pod/p created\n"
    volumes = kubectl("-n", "ready", "get", "pod", "p", "-o=jsonpath={.spec.volumes[*].name}")
    assert volumes.startswith("kube-api-access-")


def test_namespace_is_deleted_with_its_contents(kubectl):
    """``kubectl delete namespace`` waits until all is gone."""
    kubectl("create", "namespace", "full")
    kubectl("-n", "full", "create", "configmap", "a")
    kubectl("-n", "full", "create", "deployment", "d", "--image=nginx")
    code, output, _ = kubectl.run("delete", "namespace", "full", "--timeout=30s")
    assert (code, output) == (0, 'namespace "full" deleted\n')
    assert "NotFound" in kubectl.fails("get", "namespace", "full")
    left = kubectl("-n", "full", "get", "configmap,deployment", "-o", "name")
    assert left == ""


@pytest.mark.parametrize("cascade", ["background", "foreground"])
def test_dependents_are_deleted(kubectl, cascade):
    """What a deleted object owned is deleted as well."""
    make_owner(kubectl, cascade)
    kubectl("delete", "deployment", cascade, f"--cascade={cascade}", "--timeout=30s")
    kubectl("wait", "--for=delete", f"configmap/{cascade}", "--timeout=30s")


def test_dependents_are_left(kubectl):
    """With --cascade=orphan they stay and belong to nobody."""
    make_owner(kubectl, "orphan")
    kubectl("delete", "deployment", "orphan", "--cascade=orphan", "--timeout=30s")
    assert "ownerReferences" not in kubectl.get("configmap/orphan")["metadata"]


def test_service_account_token(kubectl):
    """``kubectl create token`` makes a credential of the service account."""
    token = kubectl("create", "token", "default").strip()
    address = kubectl("config", "view", "--minify", "-o=jsonpath={.clusters[0].cluster.server}")
    access = [f"--server={address}", f"--token={token}", "--insecure-skip-tls-verify"]
    who = kubectl("auth", "whoami", "-o", "json", *access, KUBECONFIG="/dev/null")
    user = json.loads(who)["status"]["userInfo"]
    assert user["username"] == "system:serviceaccount:default:default"
    assert "system:serviceaccounts:default" in user["groups"]
