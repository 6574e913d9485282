"""What a pod, and a volume behind a claim, refer to by name: what its kubelet must be able to read.

Implements "Using Node Authorization" of the documentation: the secrets, config maps, claims,
service accounts and resource claims "related to pods bound to the kubelet's node". Works on objects
as they are stored: defaulted and valid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.types import JSONObject

__all__ = [
    "claims",
    "config_maps",
    "is_mirror",
    "resource_claims",
    "secrets",
    "service_account",
    "volume_secrets",
]

_MIRROR = "kubernetes.io/config.mirror"
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
# Volume sources that name their secret by ``secretRef``.
_BY_REFERENCE = ("cephfs", "cinder", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos")
# What kubelets need of a CSI volume; controllers need others.
_CSI_SECRETS = ("nodeStageSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef")


def is_mirror(pod: JSONObject) -> bool:
    """Whether the pod only shows one that its kubelet runs by itself."""
    return _MIRROR in (pod["metadata"].get("annotations") or ())


def secrets(spec: JSONObject) -> Iterator[str]:
    """The names of the secrets of a pod's namespace that its spec refers to."""
    yield from _names(spec.get("imagePullSecrets"))
    yield from _of_containers(spec, "secretKeyRef", "secretRef")
    for volume in spec.get("volumes") or ():
        yield from _secrets_of(volume)


def config_maps(spec: JSONObject) -> Iterator[str]:
    """The names of the config maps of a pod's namespace that its spec refers to."""
    yield from _of_containers(spec, "configMapKeyRef", "configMapRef")
    for volume in spec.get("volumes") or ():
        yield from _name(volume.get("configMap"))
        for source in _projected(volume):
            yield from _name(source.get("configMap"))


def claims(pod: JSONObject) -> Iterator[str]:
    """The names of the volume claims of a pod, also of those that are made for it."""
    for volume in (pod.get("spec") or {}).get("volumes") or ():
        yield from _name(volume.get("persistentVolumeClaim"), "claimName")
        if volume.get("ephemeral"):
            yield f"{pod['metadata']['name']}-{volume['name']}"


def resource_claims(pod: JSONObject) -> Iterator[str]:
    """The names of the resource claims of a pod, also of those that were made for it."""
    yield from _names((pod.get("spec") or {}).get("resourceClaims"), "resourceClaimName")
    status = pod.get("status") or {}
    yield from _names(status.get("resourceClaimStatuses"), "resourceClaimName")
    yield from _name(status.get("extendedResourceClaimStatus"), "resourceClaimName")


def service_account(spec: JSONObject) -> str:
    """The name of the service account that a pod runs as, empty for none."""
    return spec.get("serviceAccountName") or spec.get("serviceAccount") or ""


def volume_secrets(spec: JSONObject) -> Iterator[tuple[str, str]]:
    """Namespace and name of each secret that mounting a PersistentVolume takes.

    A reference without a namespace means that of the claim.
    """
    own = (spec.get("claimRef") or {}).get("namespace") or ""
    azure = spec.get("azureFile") or {}
    for name in _name(azure, "secretName"):
        yield azure.get("secretNamespace") or own, name
    csi = spec.get("csi") or {}
    references = [(spec.get(source) or {}).get("secretRef") for source in _BY_REFERENCE]
    references += [csi.get(member) for member in _CSI_SECRETS]
    for reference in references:
        if reference and reference.get("name"):
            yield reference.get("namespace") or own, reference["name"]


def _secrets_of(volume: JSONObject) -> Iterator[str]:
    yield from _name(volume.get("secret"), "secretName")
    yield from _name(volume.get("azureFile"), "secretName")
    yield from _name((volume.get("csi") or {}).get("nodePublishSecretRef"))
    for source in _BY_REFERENCE:
        yield from _name((volume.get(source) or {}).get("secretRef"))
    for projected in _projected(volume):
        yield from _name(projected.get("secret"))


def _projected(volume: JSONObject) -> list[JSONObject]:
    return (volume.get("projected") or {}).get("sources") or []


def _of_containers(spec: JSONObject, variable_source: str, source: str) -> Iterator[str]:
    for member in _CONTAINERS:
        for container in spec.get(member) or ():
            for variable in container.get("env") or ():
                yield from _name((variable.get("valueFrom") or {}).get(variable_source))
            for each in container.get("envFrom") or ():
                yield from _name(each.get(source))


def _names(references: list[JSONObject] | None, member: str = "name") -> Iterator[str]:
    for reference in references or ():
        yield from _name(reference, member)


def _name(reference: JSONObject | None, member: str = "name") -> Iterator[str]:
    name = (reference or {}).get(member)
    if name:
        yield name
