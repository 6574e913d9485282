"""What changed between two pod specs, as the message of a refused update shows it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.gostruct import GoStruct, list_of, pointer_to, value_of
from kapi.apimachinery.structdiff import with_sorted_maps
from kapi.apis.core.pod_go_structs import (
    AFFINITY,
    CONTAINER,
    EPHEMERAL_CONTAINER,
    POD_RESOURCE_CLAIM,
    RESOURCE_REQUIREMENTS,
    SECURITY_CONTEXT_MEMBERS,
    TOLERATION,
)
from kapi.apis.core.volume_go_structs import VOLUME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["container_diff", "pod_spec_diff", "show_pod_spec", "show_pod_template"]

_NAME = GoStruct(name=("Name", "", None))
_DNS_OPTION = GoStruct(name=("Name", "", None), value=("Value", None, None))
_DNS_CONFIG = GoStruct(
    nameservers=("Nameservers", None, None),
    searches=("Searches", None, None),
    options=list_of("Options", _DNS_OPTION),
)
_SPREAD_CONSTRAINT = GoStruct(
    maxSkew=("MaxSkew", 0, None),
    topologyKey=("TopologyKey", "", None),
    whenUnsatisfiable=("WhenUnsatisfiable", "", None),
    labelSelector=("LabelSelector", None, None),
    minDomains=("MinDomains", None, None),
    nodeAffinityPolicy=("NodeAffinityPolicy", None, None),
    nodeTaintsPolicy=("NodeTaintsPolicy", None, None),
    matchLabelKeys=("MatchLabelKeys", None, None),
)
_POD_SPEC = GoStruct(
    volumes=list_of("Volumes", VOLUME),
    initContainers=list_of("InitContainers", CONTAINER),
    containers=list_of("Containers", CONTAINER),
    ephemeralContainers=list_of("EphemeralContainers", EPHEMERAL_CONTAINER),
    restartPolicy=("RestartPolicy", "", None),
    terminationGracePeriodSeconds=("TerminationGracePeriodSeconds", None, None),
    activeDeadlineSeconds=("ActiveDeadlineSeconds", None, None),
    dnsPolicy=("DNSPolicy", "", None),
    nodeSelector=("NodeSelector", None, None),
    serviceAccountName=("ServiceAccountName", "", None),
    automountServiceAccountToken=("AutomountServiceAccountToken", None, None),
    nodeName=("NodeName", "", None),
    securityContext=value_of("SecurityContext", GoStruct(**SECURITY_CONTEXT_MEMBERS)),
    imagePullSecrets=list_of("ImagePullSecrets", _NAME),
    hostname=("Hostname", "", None),
    subdomain=("Subdomain", "", None),
    setHostnameAsFQDN=("SetHostnameAsFQDN", None, None),
    affinity=pointer_to("Affinity", AFFINITY),
    schedulerName=("SchedulerName", "", None),
    tolerations=list_of("Tolerations", TOLERATION),
    hostAliases=list_of(
        "HostAliases", GoStruct(ip=("IP", "", None), hostnames=("Hostnames", None, None))
    ),
    priorityClassName=("PriorityClassName", "", None),
    priority=("Priority", None, None),
    preemptionPolicy=("PreemptionPolicy", None, None),
    dnsConfig=pointer_to("DNSConfig", _DNS_CONFIG),
    readinessGates=list_of("ReadinessGates", GoStruct(conditionType=("ConditionType", "", None))),
    runtimeClassName=("RuntimeClassName", None, None),
    overhead=("Overhead", None, None),
    enableServiceLinks=("EnableServiceLinks", None, None),
    topologySpreadConstraints=list_of("TopologySpreadConstraints", _SPREAD_CONSTRAINT),
    os=pointer_to("OS", _NAME),
    schedulingGates=list_of("SchedulingGates", _NAME),
    resourceClaims=list_of("ResourceClaims", POD_RESOURCE_CLAIM),
    resources=pointer_to("Resources", RESOURCE_REQUIREMENTS),
    hostnameOverride=("HostnameOverride", None, None),
    schedulingGroup=("SchedulingGroup", None, None),
)
# Members of the spec that messages show below the security context.
_HOST_MEMBERS = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
_METADATA = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
)


def show_pod_spec(spec: JSONObject) -> JSONObject:
    """A PodSpec with its Go names."""
    context = dict(spec.get("securityContext") or {})
    for name in _HOST_MEMBERS:
        if name in spec:
            context[name] = spec[name]
    return _POD_SPEC.show(with_sorted_maps({**spec, "securityContext": context}))


def show_pod_template(template: JSONObject) -> JSONObject:
    """A PodTemplateSpec with its Go names; metadata keeps its JSON names."""
    metadata = template.get("metadata") or {}
    shown: JSONObject = {name: metadata[name] for name in _METADATA if name in metadata}
    shown["Spec"] = show_pod_spec(template.get("spec") or {})
    return shown


def pod_spec_diff(old: JSONObject, new: JSONObject) -> str:
    """The unified difference of two PodSpecs."""
    return _unified(show_pod_spec(old), show_pod_spec(new))


def container_diff(old: JSONObject, new: JSONObject) -> str:
    """The unified difference of two ephemeral containers."""
    return _unified(
        EPHEMERAL_CONTAINER.show(with_sorted_maps(old)),
        EPHEMERAL_CONTAINER.show(with_sorted_maps(new)),
    )


def _unified(old: JSONObject, new: JSONObject) -> str:
    lines = difflib.unified_diff(_lines(old), _lines(new), n=3)
    # The first two lines name files, and there are none.
    return "".join(list(lines)[2:])


def _lines(value: JSONObject) -> list[str]:
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    lines = []
    for line in text.splitlines():
        content = line.lstrip(" ")
        indent = (len(line) - len(content)) // 2
        lines.append(" " * indent + content + "\n")
    return lines
