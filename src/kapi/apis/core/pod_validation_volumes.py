"""Volumes of pods: names, one source each, and the sources on the node or in the API.

Files that the API provides are judged in ``pod_validation_projected``; sources in the network
mostly follow the rules of PersistentVolumes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names, quantity
from kapi.apis.core.persistent_volume_source_validation import (
    VOLUME_SOURCES,
    validate_csi_driver_name,
    validate_iscsi,
)
from kapi.apis.core.pod_validation_containers import validate_pull_policy
from kapi.apis.core.pod_validation_paths import (
    validate_local_descending_path,
    validate_no_backsteps,
)
from kapi.apis.core.pod_validation_projected import (
    validate_config_map_volume,
    validate_downward_api_volume,
    validate_projected_volume,
    validate_secret_volume,
)
from kapi.apis.core.volume_claim_template import validate_volume_claim_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.apis.core.pod_validation_options import PodValidationOptions

__all__ = ["validate_volumes"]

_HOST_PATH_TYPES = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)
_MAX_ISCSI_NAME = 64


def validate_volumes(
    volumes: Iterable[JSONObject],
    path: str,
    errors: ErrorList,
    metadata: JSONObject | None,
    options: PodValidationOptions,
) -> dict[str, JSONObject]:
    """Validate ``spec.volumes`` and return the valid ones by name."""
    valid: dict[str, JSONObject] = {}
    if not volumes:
        return valid
    pod_name = (metadata or {}).get("name", "")
    created_claims = {
        f"{pod_name}-{volume.get('name', '')}"
        for volume in volumes
        if pod_name and volume.get("ephemeral") is not None
    }
    for index, volume in enumerate(volumes):
        before = len(errors)
        where = f"{path}[{index}]"
        name = volume.get("name", "")
        _validate_source(volume, where, errors, pod_name, options)
        if not name:
            errors.required(f"{where}.name")
        else:
            messages = names.dns1123_label(name)
            if messages:
                errors.invalid_each(f"{where}.name", name, messages)
        if name in valid:
            errors.duplicate(f"{where}.name", name)
        if len(errors) == before:
            valid[name] = volume
        if created_claims:
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if claim in created_claims:
                errors.invalid(
                    f"{where}.persistentVolumeClaim.claimName",
                    claim,
                    "must not reference a PVC that gets created for an ephemeral volume",
                )
    return valid


def _validate_source(
    volume: JSONObject,
    path: str,
    errors: ErrorList,
    pod_name: str,
    options: PodValidationOptions,
) -> None:
    count = 0
    # Mostly there is one; the order of the types only matters for which one comes first.
    given = [key for key in volume if key != "name" and volume[key] is not None]
    if len(given) > 1:
        given.sort(key=_ORDER.__getitem__)
    for name in given:
        where = f"{path}.{name}"
        if count:
            errors.forbidden(where, "may not specify more than 1 volume type")
            continue
        count = 1
        source = volume[name]
        if name == "ephemeral":
            _validate_ephemeral(source, volume, where, errors, pod_name)
        elif name == "image":
            if options.is_pod and not source.get("reference"):
                errors.required(f"{where}.reference")
            validate_pull_policy(source.get("pullPolicy", ""), f"{where}.pullPolicy", errors)
        elif name == "projected":
            validate_projected_volume(source, where, errors, options)
        else:
            _SOURCES[name](source, where, errors)
            if name == "iscsi":
                _validate_iscsi_name(source, volume, path, errors)
    if not count:
        errors.required(path, "must specify a volume type")


def _validate_iscsi(source: JSONObject, path: str, errors: ErrorList) -> None:
    rule = "must be valid format starting with iqn, eui, or naa"
    validate_iscsi(source, path, errors, misnamed=rule)


def _validate_iscsi_name(
    source: JSONObject, volume: JSONObject, path: str, errors: ErrorList
) -> None:
    name = volume.get("name", "")
    combined = f"{name}:{source.get('targetPortal', '')}"
    if source.get("initiatorName") is not None and len(combined) > _MAX_ISCSI_NAME:
        errors.invalid(
            f"{path}.name",
            name,
            "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if "
            "iscsi.initiatorName is specified.",
        )


def _validate_ephemeral(
    source: JSONObject, volume: JSONObject, path: str, errors: ErrorList, pod_name: str
) -> None:
    name = volume.get("name", "")
    if pod_name and name:
        claim = f"{pod_name}-{name}"
        for message in names.dns1123_subdomain(claim):
            errors.invalid(
                f"{path.removesuffix('.ephemeral')}.name", name, f'PVC name "{claim}": {message}'
            )
    template = source.get("volumeClaimTemplate")
    if template is None:
        errors.required(f"{path}.volumeClaimTemplate")
    else:
        validate_volume_claim_template(template, f"{path}.volumeClaimTemplate", errors)


def _validate_empty_dir(source: JSONObject, path: str, errors: ErrorList) -> None:
    limit = source.get("sizeLimit")
    if limit is not None and quantity.parse(limit).sign < 0:
        errors.forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")


def _validate_host_path(source: JSONObject, path: str, errors: ErrorList) -> None:
    value = source.get("path", "")
    if not value:
        errors.required(f"{path}.path")
        return
    validate_no_backsteps(value, f"{path}.path", errors)
    kind = source.get("type")
    if kind is not None and kind not in _HOST_PATH_TYPES:
        errors.not_supported(f"{path}.type", kind, _HOST_PATH_TYPES)


def _validate_claim(source: JSONObject, path: str, errors: ErrorList) -> None:
    if not source.get("claimName"):
        errors.required(f"{path}.claimName")


def _validate_git_repo(source: JSONObject, path: str, errors: ErrorList) -> None:
    if not source.get("repository"):
        errors.required(f"{path}.repository")
    validate_local_descending_path(source.get("directory", ""), f"{path}.directory", errors)


def _validate_cinder(source: JSONObject, path: str, errors: ErrorList) -> None:
    if not source.get("volumeID"):
        errors.required(f"{path}.volumeID")
    secret = source.get("secretRef")
    if secret is not None and not secret.get("name"):
        errors.required(f"{path}.secretRef.name")


def _validate_storage_os(source: JSONObject, path: str, errors: ErrorList) -> None:
    for name in ("volumeName", "volumeNamespace"):
        value = source.get(name)
        if value:
            errors.invalid_each(f"{path}.{name}", value, names.dns1123_label(value))
        elif name == "volumeName":
            errors.required(f"{path}.volumeName")
    secret = source.get("secretRef")
    if secret is not None and not secret.get("name"):
        errors.required(f"{path}.secretRef.name")


def _validate_csi(source: JSONObject, path: str, errors: ErrorList) -> None:
    validate_csi_driver_name(source.get("driver", ""), f"{path}.driver", errors)
    secret = source.get("nodePublishSecretRef")
    if secret is None:
        return
    name = secret.get("name", "")
    if not name:
        errors.required(f"{path}.nodePublishSecretRef.name")
    else:
        errors.invalid_each(
            f"{path}.nodePublishSecretRef.name", name, names.dns1123_subdomain(name)
        )


# The order in which a volume's types are looked at.
_TYPES = """
    emptyDir hostPath gitRepo gcePersistentDisk awsElasticBlockStore secret nfs iscsi glusterfs
    flocker persistentVolumeClaim rbd cinder cephfs quobyte downwardAPI fc flexVolume configMap
    azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk storageos projected
    scaleIO csi ephemeral image
""".split()  # noqa: SIM905 - thirty names in a row
_ORDER = {name: position for position, name in enumerate(_TYPES)}
_SOURCES: dict[str, Callable[[JSONObject, str, ErrorList], None]] = {
    **VOLUME_SOURCES,
    "iscsi": _validate_iscsi,
    "emptyDir": _validate_empty_dir,
    "hostPath": _validate_host_path,
    "persistentVolumeClaim": _validate_claim,
    "secret": validate_secret_volume,
    "configMap": validate_config_map_volume,
    "downwardAPI": validate_downward_api_volume,
    "gitRepo": _validate_git_repo,
    # References to Secrets in the pod's own namespace.
    "cinder": _validate_cinder,
    "storageos": _validate_storage_os,
    "csi": _validate_csi,
}
