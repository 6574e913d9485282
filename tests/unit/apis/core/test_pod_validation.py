"""Validation of pods and pod templates: rules, and the order and words of errors."""

from __future__ import annotations

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.core.pod_defaults import default_pod, default_pod_template_spec
from kapi.apis.core.pod_validation import validate_pod, validate_pod_template_spec


def _errors(spec, *, container=None, annotations=None, old=None):
    metadata = {"name": "web"}
    if annotations:
        metadata["annotations"] = annotations
    containers = [{"name": "app", "image": "app:1", **(container or {})}]
    pod = {"metadata": metadata, "spec": {"containers": containers, **spec}}
    default_pod(pod)
    errors = ErrorList()
    validate_pod(pod, errors, old=old)
    return [str(error) for error in errors]


def test_a_plain_pod_is_valid():
    """Nothing but a name and an image is needed."""
    assert _errors({}) == []


def test_errors_come_in_the_order_of_the_rules():
    """Common rules of a container come first, then its name among others, then pod fields."""
    errors = ErrorList()
    pod = {
        "metadata": {},
        "spec": {
            "containers": [
                {"name": "A"},
                {"name": "b", "imagePullPolicy": "no"},
                {"name": "b", "image": "x", "resources": {"requests": {"cpu": "-1"}}},
            ],
            "restartPolicy": "X",
        },
    }
    default_pod(pod)
    validate_pod(pod, errors)
    assert [error.path for error in errors] == [
        "spec.containers[0].name",
        "spec.containers[0].image",
        "spec.containers[1].image",
        "spec.containers[1].imagePullPolicy",
        "spec.containers[2].resources.requests[cpu]",
        "spec.containers[2].name",
        "spec.restartPolicy",
    ]


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        (
            {"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}},
            'requests: Invalid value: "2": must be less than or equal to cpu limit of 1500m',
        ),
        (
            {"requests": {"example.com/gpu": "1"}, "limits": {"example.com/gpu": "2"}},
            'requests: Invalid value: "1": must be equal to example.com/gpu limit of 2',
        ),
        (
            {"requests": {"example.com/gpu": "1"}},
            "limits: Required value: Limit must be set for non overcommitable resources",
        ),
        (
            {"limits": {"cpu": "1", "hugepages-2Mi": "3Mi"}},
            (
                'limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple '
                "of hugepages-2Mi"
            ),
        ),
    ],
)
def test_requests_stay_within_limits(resources, expected):
    """Devices and huge pages must be asked for exactly, other resources at most."""
    errors = _errors({}, container={"resources": resources})
    assert f"spec.containers[0].resources.{expected}" in errors


def test_a_mount_needs_a_valid_volume():
    """A volume that is itself invalid cannot be mounted either."""
    errors = _errors(
        {"volumes": [{"name": "Bad", "emptyDir": {}}]},
        container={"volumeMounts": [{"name": "Bad", "mountPath": "/x"}]},
    )
    assert [error.split(":")[0] for error in errors] == [
        "spec.volumes[0].name",
        "spec.containers[0].volumeMounts[0].name",
    ]


def test_only_one_volume_type():
    """The type that is looked at later is the one too many."""
    errors = _errors({"volumes": [{"name": "a", "image": {"reference": "x"}, "secret": {}}]})
    assert errors == [
        "spec.volumes[0].secret.secretName: Required value",
        "spec.volumes[0].image: Forbidden: may not specify more than 1 volume type",
    ]


def test_projected_files_may_not_collide():
    """Two sources of a projected volume cannot write the same path."""
    sources = [
        {kind: {"name": name, "items": [{"key": "k", "path": "p"}]}}
        for kind, name in (("configMap", "c"), ("secret", "s"))
    ]
    errors = _errors({"volumes": [{"name": "a", "projected": {"sources": sources}}]})
    assert errors == ['spec.volumes[0].projected: Invalid value: "s": conflicting duplicate paths']


def test_token_volume_needs_an_account():
    """In a pod, not in a template, a token is one of a named service account."""
    volumes = [
        {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
    ]
    assert _errors({"volumes": volumes}) == [
        (
            "spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: "
            "must not be specified when serviceAccountName is not set"
        )
    ]
    assert _errors({"volumes": volumes, "serviceAccountName": "a"}) == []


def test_init_containers_are_probed_only_when_they_restart():
    """A sidecar may have probes and hooks, another init container may not."""
    init = {"name": "i", "image": "i", "livenessProbe": {"tcpSocket": {"port": 1}}}
    assert _errors({"initContainers": [dict(init)]}) == [
        (
            "spec.initContainers[0].livenessProbe: Forbidden: "
            "may not be set for init containers without restartPolicy=Always"
        )
    ]
    assert _errors({"initContainers": [{**init, "restartPolicy": "Always"}]}) == []


def test_host_ports_of_templates_may_be_left_out():
    """With the host network, a pod's host port equals the container port."""
    ports = [{"containerPort": 80, "protocol": "TCP", "hostPort": 81}]
    assert len(_errors({"hostNetwork": True}, container={"ports": ports})) == 1
    for given, count in (({}, 0), ({"hostPort": 81}, 1), ({"hostPort": 80}, 0)):
        container = {"name": "c", "image": "i", "ports": [{"containerPort": 80, **given}]}
        template = {"metadata": {}, "spec": {"hostNetwork": True, "containers": [container]}}
        default_pod_template_spec(template)
        errors = ErrorList()
        validate_pod_template_spec(template, "spec.template", errors)
        assert len(errors) == count


def test_template_metadata_paths_lack_metadata():
    """Labels of a template are reported directly below the template."""
    template = {"metadata": {"labels": {"a b": "c"}}, "spec": {"containers": []}}
    default_pod_template_spec(template)
    errors = ErrorList()
    validate_pod_template_spec(template, "spec.template", errors)
    assert [error.path for error in errors] == [
        "spec.template.labels",
        "spec.template.spec.containers",
    ]


def test_downward_api_fields():
    """Environment and volumes know different fields; a key may stand behind labels."""

    def env(field_path):
        source = {"fieldRef": {"fieldPath": field_path}}
        return _errors({}, container={"env": [{"name": "A", "valueFrom": source}]})

    assert env("metadata.labels['app']") == []
    assert env("status.hostIPs") == []
    assert "field label not supported: spec.image" in env("spec.image")[0]
    assert "field label does not support subscript: status['a']" in env("status['a']")[0]
    assert env("metadata.labels")[0].startswith(
        "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value"
    )


def test_windows_pods_have_no_linux_fields():
    """Fields of the other system are refused in the order of the pod, then its containers."""
    errors = _errors(
        {"os": {"name": "windows"}, "hostPID": True, "securityContext": {"fsGroup": 1}},
        container={"securityContext": {"runAsUser": 1}},
    )
    assert [error.split(":")[0] for error in errors] == [
        "spec.hostPID",
        "spec.securityContext.fsGroup",
        "spec.containers[0].securityContext.runAsUser",
    ]


def test_security_context_is_shown_with_go_names():
    """A contradiction shows the whole security context."""
    errors = _errors(
        {}, container={"securityContext": {"privileged": True, "allowPrivilegeEscalation": False}}
    )
    assert errors[0].startswith(
        'spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true'
    )


def test_what_was_stored_before_stays_allowed():
    """A stricter rule does not break the update of an object stored under the older one."""
    spread = {
        "maxSkew": 1,
        "topologyKey": "zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"a": "not ok"}},
    }
    spec = {"topologySpreadConstraints": [spread]}
    assert len(_errors(spec)) == 1
    assert _errors(spec, old={"metadata": {}, "spec": spec}) == []


def test_match_label_keys_may_not_stand_in_the_selector():
    """The selector holds the key once when the server merged it, twice when the client did too."""
    merged = {"key": "hash", "operator": "In", "values": ["1"]}
    for expressions, count in (([merged], 0), ([merged, merged], 1)):
        spread = {
            "maxSkew": 1,
            "topologyKey": "zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "matchLabelKeys": ["hash"],
            "labelSelector": {"matchExpressions": expressions},
        }
        assert len(_errors({"topologySpreadConstraints": [spread]})) == count


def test_claims_of_containers_are_claims_of_the_pod():
    """The message tells which names there are."""
    container = {"resources": {"claims": [{"name": "ghost"}]}}
    claims = [{"name": "b", "resourceClaimName": "x"}, {"name": "a", "resourceClaimName": "y"}]
    assert _errors({"resourceClaims": claims}, container=container) == [
        (
            'spec.containers[0].resources.claims[0]: Not found: "ghost": must be one of the names '
            "in pod.spec.resourceClaims: a, b"
        )
    ]


def test_annotations_with_a_meaning():
    """A deletion cost is a 32-bit integer, a mirror pod has a node."""
    cost = "controller.kubernetes.io/pod-deletion-cost"
    assert _errors({}, annotations={cost: "-7"}) == []
    for text in ("1.5", "+1", "007", str(2**31)):
        assert _errors({}, annotations={cost: text}) == [
            f'metadata.annotations[{cost}]: Invalid value: "{text}": must be a 32bit integer'
        ]
    assert len(_errors({}, annotations={"kubernetes.io/config.mirror": "x"})) == 1


def test_keys_of_config_maps_and_secrets_are_named_by_subdomains():
    """A reference without a name is told as a name that is not one."""
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "k"}}}]
    (error,) = _errors({}, container={"env": env})
    assert 'secretKeyRef.name: Invalid value: "": a lowercase RFC 1123 subdomain' in error


def test_sources_of_environments_are_named_by_subdomains():
    """A source needs a name, and one that a ConfigMap or Secret can have."""
    sources = [{"configMapRef": {}}, {"secretRef": {"name": "A"}}]
    missing, wrong = _errors({}, container={"envFrom": sources})
    assert missing == "spec.containers[0].envFrom[0].configMapRef.name: Required value"
    assert 'envFrom[1].secretRef.name: Invalid value: "A"' in wrong


def test_resources_of_the_pod_are_named_once():
    """A name that is no resource at all is not also told as one that pods cannot have."""
    (error,) = _errors({"resources": {"limits": {"unknown": "1"}}})
    assert "must be a standard resource type or fully qualified" in error


def test_disks_are_named_as_once():
    """The cause names the member without the prefix that it has today."""
    volumes = [{"name": "v", "gcePersistentDisk": {}}]
    assert _errors({"volumes": volumes}) == [
        "spec.volumes[0].persistentDisk.pdName: Required value"
    ]


def test_members_that_are_missing_or_not_for_templates():
    """An operating system needs a name; a claim's template must not have one."""
    claim = {
        "metadata": {"name": "c"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    volumes = [{"name": "v", "ephemeral": {"volumeClaimTemplate": claim}}]
    assert sorted(_errors({"os": {}, "volumes": volumes})) == [
        "spec.os.name: Required value",
        ("spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set"),
    ]


def test_overhead_is_told_as_limits():
    """The overhead is judged as limits are, and named so."""
    errors = _errors({"overhead": {"-x": "1"}})
    assert [error.partition(":")[0] for error in errors] == ["spec.overhead.limits[-x]"] * 2
