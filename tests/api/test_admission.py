"""Admission plugins that look at other objects: limits, runtime classes, default classes."""

from __future__ import annotations

LIMITS = "/api/v1/namespaces/default/limitranges"
STRICTER = "violate the new PodSecurity enforce level"
PODS = "/api/v1/namespaces/default/pods"


async def test_limit_range_fills_in_and_bounds(cluster, pod, fails):
    """What a container does not say is filled in and noted; what is too much is refused."""
    limit = {
        "type": "Container",
        "max": {"cpu": "1"},
        "default": {"cpu": "500m"},
        "defaultRequest": {"cpu": "100m"},
    }
    await cluster.create(LIMITS, {"metadata": {"name": "l"}, "spec": {"limits": [limit]}})
    created = await cluster.create(PODS, pod("a"))
    assert created["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "100m"},
        "limits": {"cpu": "500m"},
    }
    assert created["metadata"]["annotations"] == {
        "kubernetes.io/limit-ranger": "LimitRanger plugin set: cpu request for container c; "
        "cpu limit for container c"
    }
    big = pod("b")
    big["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "2"}}
    status = fails(await cluster.post(PODS, big), 403, "Forbidden")
    assert status["message"] == (
        'pods "b" is forbidden: maximum cpu usage per Container is 1, but limit is 2'
    )


async def test_refusal_of_a_generated_name(cluster, pod, fails):
    """The object has no name yet: it is called by its prefix."""
    big = pod("x", runtimeClassName="ghost")
    big["metadata"] = {"generateName": "web-"}
    status = fails(await cluster.post(PODS, big), 403, "Forbidden")
    assert status["message"] == (
        'pods "web-" is forbidden: pod rejected: RuntimeClass "ghost" not found'
    )


async def test_runtime_class(cluster, pod, fails):
    """Overhead, node selector and tolerations of the class become the pod's."""
    toleration = {"key": "vm", "operator": "Exists"}
    runtime_class = {
        "metadata": {"name": "vm"},
        "handler": "vm",
        "overhead": {"podFixed": {"cpu": "250m"}},
        "scheduling": {"nodeSelector": {"vm": "yes"}, "tolerations": [toleration]},
    }
    await cluster.create("/apis/node.k8s.io/v1/runtimeclasses", runtime_class)
    spec = (await cluster.create(PODS, pod("a", runtimeClassName="vm")))["spec"]
    assert (spec["overhead"], spec["nodeSelector"]) == ({"cpu": "250m"}, {"vm": "yes"})
    assert toleration in spec["tolerations"]
    other = pod("b", runtimeClassName="vm", nodeSelector={"vm": "no"})
    status = fails(await cluster.post(PODS, other), 403, "Forbidden")
    assert status["message"].endswith(
        "conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no"
    )


async def test_default_ingress_class(cluster):
    """Of several default classes the newest is taken; a class that is named stays."""
    path = "/apis/networking.k8s.io/v1"
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"}
    meta = {"name": "std", "annotations": annotations}
    classes = f"{path}/ingressclasses"
    await cluster.create(classes, {"metadata": meta, "spec": {"controller": "example.com/c"}})
    backend = {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}
    for name, given, expected in (("a", {}, "std"), ("b", {"ingressClassName": "x"}, "x")):
        ingress = {"metadata": {"name": name}, "spec": {**backend, **given}}
        created = await cluster.create(f"{path}/namespaces/default/ingresses", ingress)
        assert created["spec"]["ingressClassName"] == expected


async def test_pod_security(cluster, pod, deployment, fails):
    """Pods are refused, templates and existing pods are warned about."""
    privileged = pod("a")
    privileged["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    await cluster.create(PODS, privileged)
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    answer = await cluster.patch(
        "merge", "/api/v1/namespaces/default", {"metadata": {"labels": labels}}
    )
    assert [text.split(" - ")[1] for text in answer.headers.get_list("warning")] == [
        f'"existing pods in namespace \\"default\\" {STRICTER} \\"baseline:latest\\""',
        '"a: privileged"',
    ]
    privileged["metadata"]["name"] = "b"
    status = fails(await cluster.post(PODS, privileged), 403, "Forbidden")
    assert status["message"].startswith('pods "b" is forbidden: violates PodSecurity "baseline')
    template = deployment("d")
    template["spec"]["template"]["spec"]["hostNetwork"] = True
    path = "/apis/apps/v1/namespaces/default/deployments"
    answer = await cluster.post(path, template)
    assert answer.status_code == 201
    assert answer.headers["warning"] == (
        '299 - "would violate PodSecurity \\"baseline:latest\\": '
        'host namespaces (hostNetwork=true)"'
    )
