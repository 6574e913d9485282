"""The least that each built-in kind can be created with, at each version that wants its own."""

from __future__ import annotations

import base64
import copy
import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_KEY = ec.generate_private_key(ec.SECP256R1())
_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])
_START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_PEM_REQUEST = base64.b64encode(
    x509.CertificateSigningRequestBuilder()
    .subject_name(_NAME)
    .sign(_KEY, hashes.SHA256())
    .public_bytes(serialization.Encoding.PEM)
).decode()
_CERTIFICATE = (
    x509.CertificateBuilder(_NAME, _NAME, _KEY.public_key(), 1, _START, _START.replace(year=2046))
    .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    .sign(_KEY, hashes.SHA256())
    .public_bytes(serialization.Encoding.PEM)
    .decode()
)
_TEMPLATE = {
    "metadata": {"labels": {"app": "a"}},
    "spec": {"containers": [{"name": "c", "image": "i"}]},
}
_SELECTOR = {"matchLabels": {"app": "a"}}
_WEBHOOK = {
    "name": "hook.example.com",
    "clientConfig": {"url": "https://hook.example.com"},
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
}
_RULES = [
    {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "resources": ["configmaps"],
        "operations": ["CREATE"],
    }
]
_JOB_TEMPLATE = {
    "spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"},
}
_SCALED = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}
_EMPTY = {}

# By kind and group; "Kind.group/version" or "Kind.group@1.minor" where one differs.
OBJECTS = {
    "ConfigMap.": _EMPTY,
    "Endpoints.": _EMPTY,
    "Event.": {"involvedObject": {"namespace": "default"}},
    "Event.events.k8s.io": {
        "eventTime": "2026-01-02T03:04:05.000006Z",
        "regarding": {"namespace": "default"},
        "reportingController": "example.com/c",
        "reportingInstance": "c-1",
        "action": "Testing",
        "reason": "Tested",
        "type": "Normal",
    },
    "LimitRange.": _EMPTY,
    "Namespace.": _EMPTY,
    "Node.": _EMPTY,
    "PersistentVolumeClaim.": {
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        }
    },
    "PersistentVolume.": {
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "hostPath": {"path": "/data"},
        }
    },
    "Pod.": {"spec": _TEMPLATE["spec"]},
    "PodTemplate.": {"template": _TEMPLATE},
    "ReplicationController.": {"spec": {"selector": {"app": "a"}, "template": _TEMPLATE}},
    "ResourceQuota.": _EMPTY,
    "Secret.": _EMPTY,
    "ServiceAccount.": _EMPTY,
    "Service.": {"spec": {"ports": [{"port": 80}]}},
    "MutatingWebhookConfiguration.admissionregistration.k8s.io": {"webhooks": [_WEBHOOK]},
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io": {"webhooks": [_WEBHOOK]},
    "ValidatingAdmissionPolicy.admissionregistration.k8s.io": {
        "spec": {
            "matchConstraints": {"resourceRules": _RULES},
            "validations": [{"expression": "true"}],
        }
    },
    "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io": {
        "spec": {"policyName": "policy", "validationActions": ["Deny"]}
    },
    # By 1.26, the only minor version that serves this form alone.
    "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io@1.26": {
        "spec": {"policyName": "policy"}
    },
    "MutatingAdmissionPolicy.admissionregistration.k8s.io": {
        "spec": {
            "matchConstraints": {"resourceRules": _RULES},
            "reinvocationPolicy": "Never",
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {"expression": "Object{}"},
                }
            ],
        }
    },
    "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io": {
        "spec": {"policyName": "policy"}
    },
    "CustomResourceDefinition.apiextensions.k8s.io": {
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object"}},
                }
            ],
        },
    },
    "APIService.apiregistration.k8s.io": {
        "metadata": {"name": "v1.example.org"},
        "spec": {
            "group": "example.org",
            "version": "v1",
            "groupPriorityMinimum": 1000,
            "versionPriority": 10,
            "service": {"name": "api", "namespace": "default"},
            "insecureSkipTLSVerify": True,
        },
    },
    "ControllerRevision.apps": {"revision": 1, "data": {}},
    "DaemonSet.apps": {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    "Deployment.apps": {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    "ReplicaSet.apps": {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    "StatefulSet.apps": {
        "spec": {"selector": _SELECTOR, "template": _TEMPLATE, "serviceName": "a"}
    },
    "HorizontalPodAutoscaler.autoscaling": {"spec": {"maxReplicas": 2, "scaleTargetRef": _SCALED}},
    "CronJob.batch": {
        "spec": {"schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": _JOB_TEMPLATE}}}
    },
    "Job.batch": {"spec": {"template": _JOB_TEMPLATE}},
    "ClusterTrustBundle.certificates.k8s.io": {"spec": {"trustBundle": _CERTIFICATE}},
    "CertificateSigningRequest.certificates.k8s.io": {
        "spec": {"signerName": "example.com/a", "usages": ["client auth"], "request": _PEM_REQUEST}
    },
    "PodCertificateRequest.certificates.k8s.io": {
        "spec": {
            "signerName": "example.com/a",
            "podName": "a",
            "podUID": "1",
            "serviceAccountName": "default",
            "serviceAccountUID": "2",
            "nodeName": "n",
            "nodeUID": "3",
            "pkixPublicKey": "YQ==",
            "proofOfPossession": "YQ==",
        }
    },
    "PodCertificateRequest.certificates.k8s.io/v1": {
        "spec": {
            "signerName": "example.com/a",
            "podName": "a",
            "podUID": "1",
            "serviceAccountName": "default",
            "serviceAccountUID": "2",
            "nodeName": "n",
            "nodeUID": "3",
            "stubPKCS10Request": "YQ==",
        }
    },
    "Lease.coordination.k8s.io": _EMPTY,
    "LeaseCandidate.coordination.k8s.io": {
        "spec": {
            "leaseName": "lease",
            "binaryVersion": "1.37.0",
            "emulationVersion": "1.37.0",
            "strategy": "OldestEmulationVersion",
        }
    },
    "LeaseCandidate.coordination.k8s.io/v1alpha1": {
        "spec": {
            "leaseName": "lease",
            "binaryVersion": "1.31.0",
            "emulationVersion": "1.31.0",
            "preferredStrategies": ["OldestEmulationVersion"],
        }
    },
    "EndpointSlice.discovery.k8s.io": {"addressType": "IPv4", "endpoints": []},
    "FlowSchema.flowcontrol.apiserver.k8s.io": {
        "spec": {"priorityLevelConfiguration": {"name": "level"}}
    },
    "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io": {
        "spec": {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}
    },
    "StorageVersion.internal.apiserver.k8s.io": {
        "metadata": {"name": "apps.deployments"},
        "spec": {},
    },
    "Eviction.lifecycle.k8s.io": {
        "spec": {"target": {"pod": {"name": "a", "uid": "0b6f8f54-6b4c-4e3a-9f0e-0d2f7f1b6c11"}}}
    },
    "EvictionRequest.lifecycle.k8s.io": {
        "spec": {
            "target": {"pod": {"name": "a", "uid": "0b6f8f54-6b4c-4e3a-9f0e-0d2f7f1b6c11"}},
            "requester": "example.com/drainer",
            "intent": "Eviction",
        }
    },
    "ClusterCIDR.networking.k8s.io": {"spec": {"perNodeHostBits": 8, "ipv4": "10.1.0.0/16"}},
    "Ingress.networking.k8s.io": {
        "spec": {"defaultBackend": {"service": {"name": "a", "port": {"number": 80}}}}
    },
    "IngressClass.networking.k8s.io": {"spec": {"controller": "example.com/c"}},
    "IPAddress.networking.k8s.io": {
        "metadata": {"name": "192.0.2.1"},
        "spec": {
            "parentRef": {"resource": "services", "namespace": "default", "name": "a"},
        },
    },
    "NetworkPolicy.networking.k8s.io": {"spec": {"podSelector": {}}},
    "ServiceCIDR.networking.k8s.io": {"spec": {"cidrs": ["192.0.2.0/24"]}},
    "RuntimeClass.node.k8s.io": {"handler": "runc"},
    "PodDisruptionBudget.policy": {"spec": {"minAvailable": 1, "selector": _SELECTOR}},
    "ClusterRole.rbac.authorization.k8s.io": _EMPTY,
    "Role.rbac.authorization.k8s.io": _EMPTY,
    "ClusterRoleBinding.rbac.authorization.k8s.io": {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "a"}
    },
    "RoleBinding.rbac.authorization.k8s.io": {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"}
    },
    "DeviceClass.resource.k8s.io": _EMPTY,
    "DeviceTaintRule.resource.k8s.io": {
        "spec": {
            "deviceSelector": {"driver": "example.com"},
            "taint": {"key": "example.com/a", "effect": "NoSchedule"},
        }
    },
    "PodScheduling.resource.k8s.io": _EMPTY,
    "PodSchedulingContext.resource.k8s.io": _EMPTY,
    "ResourceClaim.resource.k8s.io": {
        "spec": {
            "devices": {
                "requests": [{"name": "r", "exactly": {"deviceClassName": "class.example.com"}}]
            }
        }
    },
    "ResourceClaim.resource.k8s.io/v1beta1": {
        "spec": {"devices": {"requests": [{"name": "r", "deviceClassName": "class.example.com"}]}}
    },
    "ResourceClaim.resource.k8s.io/v1alpha1": {"spec": {"resourceClassName": "a"}},
    "ResourceClaimTemplate.resource.k8s.io/v1alpha1": {
        "spec": {"spec": {"resourceClassName": "a"}}
    },
    "ResourceClaimTemplate.resource.k8s.io": {
        "spec": {
            "spec": {
                "devices": {
                    "requests": [{"name": "r", "exactly": {"deviceClassName": "class.example.com"}}]
                }
            }
        }
    },
    "ResourceClaimTemplate.resource.k8s.io/v1beta1": {
        "spec": {
            "spec": {
                "devices": {"requests": [{"name": "r", "deviceClassName": "class.example.com"}]}
            }
        }
    },
    "ResourceClass.resource.k8s.io": {"driverName": "driver.example.com"},
    "ResourceClaimParameters.resource.k8s.io": _EMPTY,
    "ResourceClassParameters.resource.k8s.io": _EMPTY,
    "ResourcePoolStatusRequest.resource.k8s.io": {"spec": {"driver": "driver.example.com"}},
    "ResourceSlice.resource.k8s.io": {
        "spec": {
            "driver": "driver.example.com",
            "nodeName": "n",
            "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1},
        }
    },
    "ResourceSlice.resource.k8s.io/v1alpha2": {
        "driverName": "driver.example.com",
        "nodeName": "n",
        "namedResources": {"instances": []},
    },
    "PriorityClass.scheduling.k8s.io": {"value": 1},
    "PodGroup.scheduling.k8s.io": {"spec": {"schedulingPolicy": {"basic": {}}}},
    "CompositePodGroup.scheduling.k8s.io": {"spec": {"schedulingPolicy": {"basic": {}}}},
    "Workload.scheduling.k8s.io": {
        "spec": {"podGroupTemplates": [{"name": "a", "schedulingPolicy": {"basic": {}}}]}
    },
    "Workload.scheduling.k8s.io/v1alpha1": {
        "spec": {"podGroups": [{"name": "a", "policy": {"basic": {}}}]}
    },
    "CSIDriver.storage.k8s.io": {"spec": {}},
    "CSINode.storage.k8s.io": {"spec": {"drivers": []}},
    "CSIStorageCapacity.storage.k8s.io": {"storageClassName": "a"},
    "StorageClass.storage.k8s.io": {"provisioner": "example.com/p"},
    "VolumeAttachment.storage.k8s.io": {
        "spec": {
            "attacher": "example.com",
            "nodeName": "n",
            "source": {"persistentVolumeName": "pv"},
        }
    },
    "VolumeAttributesClass.storage.k8s.io": {
        "driverName": "example.com",
        "parameters": {"a": "b"},
    },
    "StorageVersionMigration.storagemigration.k8s.io": {
        "spec": {"resource": {"group": "apps", "resource": "deployments"}}
    },
    "StorageVersionMigration.storagemigration.k8s.io/v1alpha1": {
        "spec": {"resource": {"group": "apps", "version": "v1", "resource": "deployments"}}
    },
}
# Versions that share the form of another one.
_FORMS = {
    ("resource.k8s.io", "v1alpha3"): "v1beta1",
    ("resource.k8s.io", "v1alpha2"): "v1alpha1",
}


def minimal_object(group, version, kind, minor=37):
    """An object with the least content; KeyError for a kind that is not known here."""
    key = f"{kind}.{group}"
    if f"{key}@1.{minor}" in OBJECTS:
        key = f"{key}@1.{minor}"
    for form in (version, _FORMS.get((group, version), version)):
        if f"{key}/{form}" in OBJECTS:
            key = f"{key}/{form}"
            break
    obj = copy.deepcopy(OBJECTS[key])
    meta = {"name": "a", **obj.pop("metadata", {})}
    api_version = f"{group}/{version}" if group else version
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **obj}
