"""What pods and volumes refer to."""

from __future__ import annotations

from kapi.apis.core import pod_references as references

_CONTAINER = {
    "env": [
        {"valueFrom": {"secretKeyRef": {"name": "s-{}"}}},
        {"valueFrom": {"configMapKeyRef": {"name": "c-{}"}}},
        {"value": "x"},
    ],
    "envFrom": [{"secretRef": {"name": "sf-{}"}}, {"configMapRef": {"name": "cf-{}"}}],
}


def _container(name):
    def named(value):
        if isinstance(value, dict):
            return {k: named(v) for k, v in value.items()}
        if isinstance(value, list):
            return [named(each) for each in value]
        return value.format(name)

    return named(_CONTAINER)


def test_secrets_and_config_maps():
    """Of all kinds of containers and volumes, and to pull images."""
    by_reference = ("cephfs", "cinder", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos")
    spec = {
        "imagePullSecrets": [{"name": "pull"}, {}],
        "containers": [_container("main")],
        "initContainers": [_container("init")],
        "ephemeralContainers": [_container("debug")],
        "volumes": [
            {"secret": {"secretName": "volume"}},
            {"configMap": {"name": "c-volume"}},
            {"azureFile": {"secretName": "azure"}},
            {"csi": {"nodePublishSecretRef": {"name": "csi"}}},
            {"csi": {}},
            {"emptyDir": {}},
            *({source: {"secretRef": {"name": source}}} for source in by_reference),
            {
                "projected": {
                    "sources": [{"secret": {"name": "pr"}}, {"configMap": {"name": "c-pr"}}]
                }
            },
        ],
    }
    kinds = ("main", "init", "debug")
    expected = {"pull", "volume", "azure", "csi", "pr", *by_reference}
    assert set(references.secrets(spec)) == expected | {
        f"{prefix}-{kind}" for prefix in ("s", "sf") for kind in kinds
    }
    assert set(references.config_maps(spec)) == {"c-volume", "c-pr"} | {
        f"{prefix}-{kind}" for prefix in ("c", "cf") for kind in kinds
    }
    assert list(references.secrets({})) == list(references.config_maps({})) == []


def test_claims_and_accounts():
    """Named ones and those made for the pod."""
    pod = {
        "metadata": {"name": "p"},
        "spec": {
            "serviceAccountName": "robot",
            "volumes": [
                {"name": "a", "persistentVolumeClaim": {"claimName": "d"}},
                {"name": "b", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
            ],
            "resourceClaims": [
                {"name": "x", "resourceClaimName": "r1"},
                {"name": "y", "resourceClaimTemplateName": "t"},
            ],
        },
        "status": {
            "resourceClaimStatuses": [{"name": "y", "resourceClaimName": "r2"}],
            "extendedResourceClaimStatus": {"resourceClaimName": "r3"},
        },
    }
    assert list(references.claims(pod)) == ["d", "p-b"]
    assert list(references.resource_claims(pod)) == ["r1", "r2", "r3"]
    assert references.service_account(pod["spec"]) == "robot"
    assert references.service_account({}) == ""
    assert not references.is_mirror(pod)
    assert references.is_mirror({"metadata": {"annotations": {"kubernetes.io/config.mirror": ""}}})


def test_secrets_of_volumes():
    """Those that kubelets need; without a namespace they are in that of the claim."""
    claim = {"namespace": "ns", "name": "d"}
    csi = {
        "nodeStageSecretRef": {"namespace": "x", "name": "stage"},
        "controllerPublishSecretRef": {"namespace": "x", "name": "controller"},
    }
    found = references.volume_secrets({"claimRef": claim, "csi": csi})
    assert list(found) == [("x", "stage")]
    rbd = {"claimRef": claim, "rbd": {"secretRef": {"name": "s"}}}
    assert list(references.volume_secrets(rbd)) == [("ns", "s")]
    azure = {"claimRef": claim, "azureFile": {"secretName": "s", "secretNamespace": "other"}}
    assert list(references.volume_secrets(azure)) == [("other", "s")]
    azure["azureFile"].pop("secretNamespace")
    assert list(references.volume_secrets(azure)) == [("ns", "s")]
