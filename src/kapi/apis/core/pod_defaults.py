"""Defaults of pods and of every pod template: what the server fills in when a field is left out.

Owns the defaults of PodSpec, Container, Probe and of the volumes of a pod. ``default_pod_spec``
is what Deployments, Jobs and the other owners of templates call; ``default_pod`` adds what holds
for Pods alone. Priority, tolerations and service account belong to admission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import quantity
from kapi.apis.core.image_reference import image_pull_policy
from kapi.apis.core.pod_resources import default_pod_resources
from kapi.apis.core.volume_defaults import default_volume

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "default_container",
    "default_pod",
    "default_pod_spec",
    "default_pod_template_spec",
    "default_resource_list",
]


def default_pod(obj: JSONObject) -> None:
    """Default a Pod."""
    spec = obj.setdefault("spec", {})
    containers = spec.get("containers") or ()
    init_containers = spec.get("initContainers") or ()
    for container in (*containers, *init_containers):
        if "resources" in container:
            _requests_from_limits(container["resources"])
    if spec.get("resources"):
        default_pod_resources(spec)
    if spec.get("enableServiceLinks") is None:
        spec["enableServiceLinks"] = True
    if spec.get("hostNetwork"):
        for container in (*containers, *init_containers):
            for port in container.get("ports") or ():
                if not port.get("hostPort") and port.get("containerPort"):
                    port["hostPort"] = port["containerPort"]
    default_pod_spec(spec)
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1
    status = obj.get("status")
    if status and (status.get("podIP") or status.get("podIPs")):
        _align_pod_addresses(status)


def _align_pod_addresses(status: JSONObject) -> None:
    """``podIP`` is the first of ``podIPs``; where they differ, the older field is right."""
    address = status.get("podIP")
    addresses = status.get("podIPs")
    if address and (not addresses or addresses[0].get("ip") != address):
        status["podIPs"] = [{"ip": address}]
    elif addresses:
        status["podIP"] = addresses[0].get("ip", "")


def default_pod_template_spec(template: JSONObject) -> None:
    """Default a PodTemplateSpec."""
    default_pod_spec(template.setdefault("spec", {}))


def default_pod_spec(spec: JSONObject) -> None:
    """Default a PodSpec, of a Pod or of a template."""
    if not spec.get("dnsPolicy"):
        spec["dnsPolicy"] = "ClusterFirst"
    if not spec.get("restartPolicy"):
        spec["restartPolicy"] = "Always"
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    if spec.get("terminationGracePeriodSeconds") is None:
        spec["terminationGracePeriodSeconds"] = 30
    if not spec.get("schedulerName"):
        spec["schedulerName"] = "default-scheduler"
    # Two names of one field; the newer one wins.
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for volume in spec.get("volumes") or ():
        default_volume(volume)
    for container in spec.get("containers") or ():
        default_container(container)
    for container in spec.get("initContainers") or ():
        default_container(container)
    for container in spec.get("ephemeralContainers") or ():
        default_container(container)
    if "overhead" in spec:
        default_resource_list(spec["overhead"])
    if "resources" in spec:
        _default_resources(spec["resources"])


def default_container(container: JSONObject) -> None:
    """Default a container, an init container or an ephemeral container."""
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = image_pull_policy(container.get("image") or "")
    if not container.get("terminationMessagePath"):
        container["terminationMessagePath"] = "/dev/termination-log"
    if not container.get("terminationMessagePolicy"):
        container["terminationMessagePolicy"] = "File"
    for port in container.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
    for variable in container.get("env") or ():
        source = variable.get("valueFrom")
        if source:
            _default_env_source(source)
    if "resources" in container:
        _default_resources(container["resources"])
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(name) is not None:
            _default_probe(container[name])
    lifecycle = container.get("lifecycle")
    if lifecycle:
        for name in ("postStart", "preStop"):
            handler = lifecycle.get(name)
            if handler and handler.get("httpGet") is not None:
                _default_http_get(handler["httpGet"])


def _default_env_source(source: JSONObject) -> None:
    field_ref = source.get("fieldRef")
    if field_ref is not None and not field_ref.get("apiVersion"):
        field_ref["apiVersion"] = "v1"
    file_key_ref = source.get("fileKeyRef")
    if file_key_ref is not None and file_key_ref.get("optional") is None:
        file_key_ref["optional"] = False


def _default_probe(probe: JSONObject) -> None:
    if not probe.get("timeoutSeconds"):
        probe["timeoutSeconds"] = 1
    if not probe.get("periodSeconds"):
        probe["periodSeconds"] = 10
    if not probe.get("successThreshold"):
        probe["successThreshold"] = 1
    if not probe.get("failureThreshold"):
        probe["failureThreshold"] = 3
    if probe.get("httpGet") is not None:
        _default_http_get(probe["httpGet"])
    grpc = probe.get("grpc")
    if grpc is not None and grpc.get("service") is None:
        grpc["service"] = ""


def _default_http_get(action: JSONObject) -> None:
    if not action.get("path"):
        action["path"] = "/"
    if not action.get("scheme"):
        action["scheme"] = "HTTP"


def _default_resources(resources: JSONObject) -> None:
    if resources.get("limits"):
        default_resource_list(resources["limits"])
    if resources.get("requests"):
        default_resource_list(resources["requests"])


def default_resource_list(resource_list: JSONObject) -> None:
    """Round each quantity up to thousandths, the finest step of a resource."""
    for name, text in resource_list.items():
        # Other texts count nothing below a thousandth.
        if text[-1] in "nu" or "." in text or "-" in text:
            resource_list[name] = quantity.canonical_milli(text)


def _requests_from_limits(resources: JSONObject) -> None:
    limits = resources.get("limits")
    if not limits:
        return
    requests = resources.get("requests")
    if not requests:
        resources["requests"] = dict(limits)
        return
    for name, amount in limits.items():
        if name not in requests:
            requests[name] = amount
