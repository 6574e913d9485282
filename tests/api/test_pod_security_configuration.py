"""PodSecurity as a file configures it: policies of namespaces without labels, and exemptions."""

from __future__ import annotations

import json

import pytest

PREFIX = "pod-security.kubernetes.io/"
NAMESPACES = "/api/v1/namespaces"


@pytest.fixture
async def configured(start_cluster, tmp_path):
    """A server whose default is baseline, with exemptions."""
    configuration = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": {"enforce": "baseline", "warn": "restricted", "warn-version": "v1.30"},
        "exemptions": {
            "usernames": ["ann"],
            "runtimeClasses": ["gvisor"],
            "namespaces": ["default"],
        },
    }
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{"name": "PodSecurity", "configuration": configuration}],
    }
    path = tmp_path / "admission.yaml"
    path.write_text(json.dumps(document))
    tokens = tmp_path / "tokens.csv"
    tokens.write_text("anns,ann,1,system:masters\n")
    cluster = await start_cluster(
        admission_control_config_file=path,
        token_auth_file=tokens,
        disabled_admission_plugins=("ServiceAccount", "RuntimeClass"),
    )
    await cluster.create(NAMESPACES, {"metadata": {"name": "team"}})
    return cluster


def pods(namespace):
    return f"{NAMESPACES}/{namespace}/pods"


async def test_defaults(configured, pod, fails):
    """They hold where a namespace has no labels; labels go before them."""
    status = fails(await configured.post(pods("team"), pod("p", hostPID=True)), 403, "Forbidden")
    assert 'violates PodSecurity "baseline:latest": host namespaces' in status["message"]
    answer = await configured.post(pods("team"), pod("p"))
    assert answer.status_code == 201
    assert 'would violate PodSecurity \\"restricted:v1.30\\"' in answer.headers["warning"]
    labels = {f"{PREFIX}enforce": "privileged", f"{PREFIX}warn": "privileged"}
    await configured.create(NAMESPACES, {"metadata": {"name": "free", "labels": labels}})
    answer = await configured.post(pods("free"), pod("p", hostPID=True))
    assert answer.status_code == 201
    assert "warning" not in answer.headers


async def test_exemptions(configured, pod):
    """Namespaces, runtime classes and users are let through without a word."""
    for namespace, more, headers in [
        ("default", {}, {}),
        ("team", {"runtimeClassName": "gvisor"}, {}),
        ("team", {}, {"Authorization": "Bearer anns"}),
    ]:
        body = pod(f"p{len(more)}{len(headers)}", hostPID=True, **more)
        answer = await configured.http.post(pods(namespace), json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        assert "warning" not in answer.headers


async def test_labels_of_an_exempt_namespace(configured):
    """They are accepted, and do nothing, as a warning says."""
    body = {"metadata": {"labels": {f"{PREFIX}enforce": "restricted"}}}
    answer = await configured.patch("merge", f"{NAMESPACES}/default", body)
    assert answer.status_code == 200
    assert answer.headers["warning"] == (
        '299 - "namespace \\"default\\" is exempt from Pod Security, and the policy '
        '(enforce=restricted:latest) will be ignored"'
    )
