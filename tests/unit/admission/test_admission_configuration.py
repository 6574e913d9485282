"""Files for --admission-control-config-file."""

from __future__ import annotations

import json

import pytest

from kapi.admission.configuration import (
    AdmissionConfigurationError,
    read_admission_configuration,
)
from kapi.admission.podsecurity.policy import Level

HEAD = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration"}
WEBHOOK = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "WebhookAdmissionConfiguration"}
POD_SECURITY = {
    "apiVersion": "pod-security.admission.config.k8s.io/v1",
    "kind": "PodSecurityConfiguration",
}
QUOTA = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "ResourceQuotaConfiguration"}
PODS = {"resource": "pods", "matchContains": ["cpu"]}
HOOKS = "ValidatingAdmissionWebhook"


@pytest.fixture
def read(tmp_path):
    """Read an AdmissionConfiguration with these plugins, or a text."""

    def write(*plugins, text=None):
        path = tmp_path / "admission.yaml"
        path.write_text(json.dumps({**HEAD, "plugins": plugins}) if text is None else text)
        return read_admission_configuration(path)

    return write


def plugin(name, configuration):
    """A plugin with its configuration beside it."""
    return {"name": name, "configuration": configuration}


def test_webhook_credentials_by_plugin(read, tmp_path):
    """Each webhook plugin has a kubeconfig of its own, in the file or in one that it names."""
    users = [{"name": "*", "user": {"token": "t"}}]
    (tmp_path / "kubeconfig").write_text(json.dumps({"kind": "Config", "users": users}))
    configuration = {**WEBHOOK, "kubeConfigFile": str(tmp_path / "kubeconfig")}
    (tmp_path / "own.json").write_text(json.dumps(configuration))
    found = read(
        {"name": "MutatingAdmissionWebhook", "path": "own.json"}, {"name": HOOKS, "path": ""}
    )
    assert list(found.webhooks) == ["MutatingAdmissionWebhook"]
    credential = found.webhooks["MutatingAdmissionWebhook"].for_server("x.ns.svc:443")
    assert credential.headers() == [(b"authorization", b"Bearer t")]
    assert list(read(plugin(HOOKS, configuration)).webhooks) == [HOOKS]


def test_pod_security(read):
    """Defaults are levels at versions, exemptions are names."""
    found = read(
        plugin(
            "PodSecurity",
            {
                **POD_SECURITY,
                "defaults": {"enforce": "baseline", "warn": "restricted", "warn-version": "v1.25"},
                "exemptions": {"usernames": ["ann"], "namespaces": ["a", "b"]},
            },
        )
    ).pod_security
    assert found.defaults.enforce == Level("baseline")
    assert found.defaults.warn == Level("restricted", "v1.25")
    assert found.defaults.audit == Level()
    assert found.usernames == {"ann"}
    assert found.namespaces == {"a", "b"}
    assert not found.runtime_classes


def test_plugins_that_do_not_run_here(read, caplog):
    """What configures nothing is passed over, and told in the log."""
    assert not read(plugin("ImagePolicyWebhook", {"imagePolicy": {}})).webhooks
    assert "ImagePolicyWebhook" in caplog.text


@pytest.mark.parametrize(
    ("plugins", "message"),
    [
        ([5], "plugins[0]: it must be a mapping"),
        ([{}], "plugins[0]: a name is required"),
        ([{"name": "x", "other": 1}], "plugins[0]: unknown field 'other'"),
        ([{"name": "x", "configuration": 5}], "plugins[0].configuration: it must be a mapping"),
        ([{"name": "x", "path": "gone.yaml"}], "cannot read "),
        ([{"name": "x"}, {"name": "x"}], "plugins[1]: x is configured twice"),
        ([plugin("ResourceQuota", {})], "it is no ResourceQuotaConfiguration"),
        (
            [plugin("ResourceQuota", {**QUOTA, "limitedResources": [{}]})],
            "limitedResources[0]: a resource is required",
        ),
        (
            [
                plugin(
                    "ResourceQuota", {**QUOTA, "limitedResources": [{**PODS, "matchScopes": [5]}]}
                )
            ],
            "limitedResources[0].matchScopes[0]: a scopeName is required",
        ),
        (
            [plugin("ResourceQuota", {**QUOTA, "limitedResources": [{**PODS, "x": 1}]})],
            "limitedResources[0]: unknown field 'x'",
        ),
        ([plugin(HOOKS, {})], "it is no WebhookAdmissionConfiguration"),
        ([plugin(HOOKS, WEBHOOK)], "kubeConfigFile: Invalid value: '': must be an absolute"),
        (
            [plugin(HOOKS, {**WEBHOOK, "kubeConfigFile": "relative"})],
            "kubeConfigFile: Invalid value: 'relative': must be an absolute file path",
        ),
        ([plugin(HOOKS, {**WEBHOOK, "kubeConfigFile": "/gone/x"})], "cannot read /gone/x: No such"),
        ([plugin("PodSecurity", {})], "it is no PodSecurityConfiguration"),
        (
            [plugin("PodSecurity", {**POD_SECURITY, "defaults": {"enforce": "strict"}})],
            "defaults.enforce: 'strict' is none of privileged, baseline, restricted",
        ),
        (
            [plugin("PodSecurity", {**POD_SECURITY, "defaults": {"warn-version": "1.25"}})],
            'defaults.warn-version: \'1.25\' is neither "latest" nor "v1.x"',
        ),
        (
            [plugin("PodSecurity", {**POD_SECURITY, "exemptions": {"users": []}})],
            "exemptions: unknown field 'users'",
        ),
        (
            [plugin("PodSecurity", {**POD_SECURITY, "exemptions": {"namespaces": ["a", "a"]}})],
            "exemptions.namespaces[1]: Duplicate value: 'a'",
        ),
        (
            [plugin("PodSecurity", {**POD_SECURITY, "exemptions": {"usernames": [1]}})],
            "exemptions.usernames[0]: a name is required",
        ),
    ],
)
def test_files_that_cannot_be_used(read, plugins, message):
    """Each is told in one line that names the place."""
    with pytest.raises(AdmissionConfigurationError) as caught:
        read(*plugins)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["a: [", "", "7", '{"kind": "Pod"}', json.dumps([HEAD])])
def test_files_of_another_kind(read, text):
    """What is no AdmissionConfiguration is refused."""
    with pytest.raises(AdmissionConfigurationError, match=r"admission\.yaml: it "):
        read(text=text)
