"""The official Python client, typed and dynamic."""

from __future__ import annotations

import threading

import pytest
from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError


@pytest.fixture
def api(server):
    """The typed client, closed when the test ends."""
    with config.new_client_from_config(str(server.kubeconfig)) as connected:
        yield connected


@pytest.fixture
def namespace(new_namespace):
    """A namespace of the test's own."""
    return new_namespace()


def deployment(name="web"):
    labels = {"app": name}
    container = client.V1Container(name="web", image="nginx:1")
    return client.V1Deployment(
        metadata=client.V1ObjectMeta(name=name, labels=labels),
        spec=client.V1DeploymentSpec(
            replicas=2,
            selector=client.V1LabelSelector(match_labels=labels),
            template=client.V1PodTemplateSpec(
                metadata=client.V1ObjectMeta(labels=labels),
                spec=client.V1PodSpec(containers=[container]),
            ),
        ),
    )


def test_typed_objects(api, namespace):
    """Create, read, replace, patch, scale, list and delete a Deployment."""
    apps = client.AppsV1Api(api)
    created = apps.create_namespaced_deployment(namespace, deployment())
    assert created.metadata.creation_timestamp.tzinfo is not None
    assert created.spec.strategy.rolling_update.max_surge == "25%"
    created.spec.replicas = 3
    replaced = apps.replace_namespaced_deployment("web", namespace, created)
    assert (replaced.spec.replicas, replaced.metadata.generation) == (3, 2)
    with pytest.raises(ApiException) as stale:
        apps.replace_namespaced_deployment("web", namespace, created)
    assert (stale.value.status, stale.value.reason) == (409, "Conflict")
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "i"}]}}}}
    patched = apps.patch_namespaced_deployment("web", namespace, patch)
    assert patched.spec.template.spec.containers[0].image == "i"
    scale = apps.read_namespaced_deployment_scale("web", namespace)
    scale.spec.replicas = 5
    apps.replace_namespaced_deployment_scale("web", namespace, scale)
    listed = apps.list_namespaced_deployment(namespace, label_selector="app=web")
    assert [item.spec.replicas for item in listed.items] == [5]
    assert apps.delete_namespaced_deployment("web", namespace)["status"] == "Success"
    with pytest.raises(ApiException) as missing:
        apps.read_namespaced_deployment("web", namespace)
    assert missing.value.status == 404


def test_pages(api, namespace):
    """Limit and _continue walk a list."""
    core = client.CoreV1Api(api)
    for number in range(5):
        meta = client.V1ObjectMeta(name=f"c{number}")
        core.create_namespaced_config_map(namespace, client.V1ConfigMap(metadata=meta))
    names, token = [], None
    while token != "":
        page = core.list_namespaced_config_map(namespace, limit=2, _continue=token)
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue or ""
    assert names == [f"c{number}" for number in range(5)]


def test_typed_watch(api, namespace):
    """Events come as typed objects; the watch ends after its timeout."""
    core = client.CoreV1Api(api)
    start = core.list_namespaced_config_map(namespace).metadata.resource_version

    def work():
        meta = client.V1ObjectMeta(name="a")
        core.create_namespaced_config_map(
            namespace, client.V1ConfigMap(metadata=meta, data={"k": "1"})
        )
        core.patch_namespaced_config_map("a", namespace, {"data": {"k": "2"}})
        core.delete_namespaced_config_map("a", namespace)

    worker = threading.Thread(target=work)
    worker.start()
    stream = watch.Watch().stream(
        core.list_namespaced_config_map,
        namespace,
        resource_version=start,
        timeout_seconds=20,
    )
    seen = []
    for event in stream:
        seen.append((event["type"], event["object"].data["k"]))
        if event["type"] == "DELETED":
            break
    stream.close()
    worker.join()
    assert seen == [("ADDED", "1"), ("MODIFIED", "2"), ("DELETED", "2")]


def test_dynamic_objects(api, namespace):
    """The dynamic client finds resources by discovery and applies server-side."""
    resources = dynamic.DynamicClient(api)
    deployments = resources.resources.get(api_version="apps/v1", kind="Deployment")
    assert (deployments.name, deployments.namespaced) == ("deployments", True)
    body = api.sanitize_for_serialization(deployment())
    body |= {"apiVersion": "apps/v1", "kind": "Deployment"}
    applied = deployments.server_side_apply(
        body=body, namespace=namespace, field_manager="one", name="web"
    )
    assert applied.metadata.managedFields[0].operation == "Apply"
    body["spec"]["replicas"] = 9
    with pytest.raises(ConflictError):
        deployments.server_side_apply(
            body=body, namespace=namespace, field_manager="two", name="web"
        )
    deployments.patch(
        body={"spec": {"replicas": 4}},
        name="web",
        namespace=namespace,
        content_type="application/merge-patch+json",
    )
    assert deployments.get(name="web", namespace=namespace).spec.replicas == 4
    deployments.delete(name="web", namespace=namespace)
    with pytest.raises(NotFoundError):
        deployments.get(name="web", namespace=namespace)


def test_dynamic_watch(api, namespace):
    """Watching by the dynamic client."""
    maps = dynamic.DynamicClient(api).resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    maps.create(body=body, namespace=namespace)
    events = maps.watch(namespace=namespace, timeout=20)
    event = next(events)
    events.close()
    assert (event["type"], event["object"].metadata.name) == ("ADDED", "a")


def test_errors_can_be_read(api, namespace):
    """The body of an exception is the Status."""
    core = client.CoreV1Api(api)
    bad = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="UPPER"))
    with pytest.raises(ApiException) as invalid:
        core.create_namespaced_config_map(namespace, bad)
    assert invalid.value.status == 422
    assert '"field":"metadata.name"' in invalid.value.body
