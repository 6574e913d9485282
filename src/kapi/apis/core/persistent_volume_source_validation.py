"""PersistentVolume: validation of the volume itself, one function for each volume type.

Implements the rules of "Types of Persistent Volumes" in the Kubernetes documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kapi.apimachinery import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["VOLUME_SOURCES", "validate_csi_driver_name", "validate_iscsi", "validate_volume_source"]

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
_ISCSI_FORMAT = "must be valid format"
# The forms of iSCSI names by their beginning. Some are not anchored, and dots mean anything.
_ISCSI_NAMES = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([0-9A-Za-z.-]+)(:[^,;*&$|\t\n\f\r ]+)\Z", re.ASCII),
    "eui": re.compile(r"\Aeui.[0-9A-Za-z]{16}\Z"),
    "naa": re.compile(r"\Anaa.[0-9A-Za-z]{32}\Z"),
}
_CACHING_MODES = ("None", "ReadOnly", "ReadWrite")
_DISK_KINDS = ("Dedicated", "Managed", "Shared")
_MANAGED_DISK_URI = (
    "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/"
    "{disk-id}"
)
_BLOB_DISK_URI = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"


def _require(source: JSONObject, path: str, errors: ErrorList, *members: str) -> None:
    for member in members:
        if not source.get(member):
            errors.required(f"{path}.{member}")


def _no_backsteps(value: str, path: str, errors: ErrorList) -> None:
    if ".." in value.split("/"):
        errors.invalid(path, value, "must not contain '..'")


def _in_byte(source: JSONObject, member: str, path: str, errors: ErrorList) -> None:
    value = source.get(member) or 0
    errors.invalid_each(f"{path}.{member}", value, names.in_range(value, 0, 255))


def _secret_refs(source: JSONObject, path: str, errors: ErrorList, *members: str) -> None:
    for member in members:
        reference = source.get(member)
        if reference is not None:
            _require(reference, f"{path}.{member}", errors, "name", "namespace")


def _gce(source: JSONObject, path: str, errors: ErrorList) -> None:
    # Messages name this member as it was called when the check was written.
    path = f"{path.removesuffix('gcePersistentDisk')}persistentDisk"
    _require(source, path, errors, "pdName")
    _in_byte(source, "partition", path, errors)


def _aws(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "volumeID")
    _in_byte(source, "partition", path, errors)


def _host_path(source: JSONObject, path: str, errors: ErrorList) -> None:
    value = source.get("path")
    if not value:
        errors.required(f"{path}.path")
        return
    _no_backsteps(value, f"{path}.path", errors)
    kind = source.get("type")
    if kind is not None and kind not in _HOST_PATH_TYPES:
        errors.not_supported(f"{path}.type", kind, _HOST_PATH_TYPES)


def _glusterfs(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "endpoints", "path")
    namespace = source.get("endpointsNamespace")
    if namespace is None:
        return
    where = f"{path}.endpointsNamespace"
    if not namespace:
        errors.invalid(
            where, namespace, "if the endpointnamespace is set, it must be a valid namespace name"
        )
    else:
        errors.invalid_each(where, namespace, names.dns1123_label(namespace))


def _flocker(source: JSONObject, path: str, errors: ErrorList) -> None:
    name, uuid = source.get("datasetName") or "", source.get("datasetUUID")
    if not name and not uuid:
        errors.required(path, "one of datasetName and datasetUUID is required")
    if name and uuid:
        errors.invalid(
            path, "resource", "datasetName and datasetUUID can not be specified simultaneously"
        )
    if "/" in name:
        errors.invalid(f"{path}.datasetName", name, "must not contain '/'")


def _nfs(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "server", "path")
    value = source.get("path") or ""
    if not value.startswith("/"):
        errors.invalid(f"{path}.path", value, "must be an absolute path")


def _rbd(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "monitors", "image")


def _quobyte(source: JSONObject, path: str, errors: ErrorList) -> None:
    registry = source.get("registry")
    where = f"{path}.registry"
    if not registry:
        errors.required(where, "must be a host:port pair or multiple pairs separated by commas")
    elif len(source.get("tenant") or "") >= 65:
        errors.required(f"{path}.tenant", "must be a UUID and may not exceed a length of 64")
    else:
        for pair in registry.split(","):
            host, colon, port = pair.rpartition(":")
            if not colon or not host or not port:
                errors.invalid(
                    where,
                    registry,
                    "must be a host:port pair or multiple pairs separated by commas",
                )
    _require(source, path, errors, "volume")


def _cephfs(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "monitors")


def _iscsi(source: JSONObject, path: str, errors: ErrorList) -> None:
    validate_iscsi(source, path, errors, misnamed=_ISCSI_FORMAT)
    secret = source.get("secretRef")
    if secret is not None:
        _require(secret, f"{path}.secretRef", errors, "name")


def validate_iscsi(source: JSONObject, path: str, errors: ErrorList, *, misnamed: str) -> None:
    """Check an iSCSI target; ``misnamed`` is told of names without a known beginning."""
    _require(source, path, errors, "targetPortal", "iqn")
    if source.get("iqn"):
        _validate_iscsi_name(source["iqn"], f"{path}.iqn", errors, misnamed)
    _in_byte(source, "lun", path, errors)
    wants_secret = source.get("chapAuthDiscovery") or source.get("chapAuthSession")
    if wants_secret and source.get("secretRef") is None:
        errors.required(f"{path}.secretRef")
    if source.get("initiatorName") is not None:
        _validate_iscsi_name(source["initiatorName"], f"{path}.initiatorname", errors, misnamed)


def _validate_iscsi_name(name: str, path: str, errors: ErrorList, misnamed: str) -> None:
    form = _ISCSI_NAMES.get(name[:3])
    if form is None:
        errors.invalid(path, name, misnamed)
    elif not form.search(name):
        errors.invalid(path, name, _ISCSI_FORMAT)


def _cinder(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "volumeID")
    _secret_refs(source, path, errors, "secretRef")


def _fc(source: JSONObject, path: str, errors: ErrorList) -> None:
    targets, wwids = source.get("targetWWNs") or [], source.get("wwids") or []
    where = f"{path}.targetWWNs"
    if not targets and not wwids:
        errors.required(where, "must specify either targetWWNs or wwids, but not both")
    if targets and wwids:
        errors.invalid(where, targets, "targetWWNs and wwids can not be specified simultaneously")
    if targets:
        if source.get("lun") is None:
            errors.required(f"{path}.lun", "lun is required if targetWWNs is specified")
        else:
            _in_byte(source, "lun", path, errors)


def _flex_volume(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "driver")


def _azure_file(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "secretName", "shareName")
    if source.get("secretNamespace") == "":
        errors.invalid(
            f"{path}.secretNamespace",
            "",
            "if the secretNamespace is set, it must be a valid namespace name",
        )


def _azure_disk(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "diskName", "diskURI")
    mode = source.get("cachingMode")
    if mode is not None and mode not in _CACHING_MODES:
        errors.not_supported(f"{path}.cachingMode", mode, _CACHING_MODES)
    kind, uri = source.get("kind"), source.get("diskURI") or ""
    if kind is not None and kind not in _DISK_KINDS:
        errors.not_supported(f"{path}.kind", kind, _DISK_KINDS)
    # A managed disk is named by its resource, any other by the URL of its blob.
    if kind == "Managed" and not uri.startswith("/subscriptions"):
        errors.not_supported(f"{path}.diskURI", uri, (_MANAGED_DISK_URI,))
    if kind is not None and kind != "Managed" and not uri.startswith("https://"):
        errors.not_supported(f"{path}.diskURI", uri, (_BLOB_DISK_URI,))


def _vsphere(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "volumePath")


def _photon(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "pdID")


def _portworx(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "volumeID")


def _scale_io(source: JSONObject, path: str, errors: ErrorList) -> None:
    _require(source, path, errors, "gateway", "system", "volumeName")


def _local(source: JSONObject, path: str, errors: ErrorList) -> None:
    value = source.get("path")
    if not value:
        errors.required(f"{path}.path")
    else:
        _no_backsteps(value, f"{path}.path", errors)


def _storage_os(source: JSONObject, path: str, errors: ErrorList) -> None:
    name = source.get("volumeName")
    if not name:
        errors.required(f"{path}.volumeName")
    else:
        errors.invalid_each(f"{path}.volumeName", name, names.dns1123_label(name))
    namespace = source.get("volumeNamespace")
    if namespace:
        errors.invalid_each(f"{path}.volumeNamespace", namespace, names.dns1123_label(namespace))
    _secret_refs(source, path, errors, "secretRef")


def validate_csi_driver_name(name: str, path: str, errors: ErrorList) -> None:
    """Check the name of a CSI driver: a short DNS subdomain in any case."""
    if not name:
        errors.required(path)
        return
    if len(name.encode()) > 63:
        errors.too_long(path, 63)
    errors.invalid_each(path, name, names.dns1123_subdomain(name.lower()))


def _csi(source: JSONObject, path: str, errors: ErrorList) -> None:
    validate_csi_driver_name(source.get("driver") or "", f"{path}.driver", errors)
    _require(source, path, errors, "volumeHandle")
    _secret_refs(
        source,
        path,
        errors,
        "controllerPublishSecretRef",
        "controllerExpandSecretRef",
        "nodePublishSecretRef",
        "nodeExpandSecretRef",
    )


# Member of the spec and its rules, in the order in which the server looks for them.
VOLUME_SOURCES: dict[str, Callable[[JSONObject, str, ErrorList], None]] = {
    "hostPath": _host_path,
    "gcePersistentDisk": _gce,
    "awsElasticBlockStore": _aws,
    "glusterfs": _glusterfs,
    "flocker": _flocker,
    "nfs": _nfs,
    "rbd": _rbd,
    "quobyte": _quobyte,
    "cephfs": _cephfs,
    "iscsi": _iscsi,
    "cinder": _cinder,
    "fc": _fc,
    "flexVolume": _flex_volume,
    "azureFile": _azure_file,
    "vsphereVolume": _vsphere,
    "photonPersistentDisk": _photon,
    "portworxVolume": _portworx,
    "azureDisk": _azure_disk,
    "scaleIO": _scale_io,
    "local": _local,
    "storageos": _storage_os,
    "csi": _csi,
}


def validate_volume_source(spec: JSONObject, path: str, errors: ErrorList) -> None:
    """Check that the spec has exactly one volume type, and that type."""
    found = False
    for name, validate in VOLUME_SOURCES.items():
        source = spec.get(name)
        if source is None:
            continue
        # Flex volumes are taken besides another one.
        if found and name != "flexVolume":
            shown = "cephFS" if name == "cephfs" else name
            errors.forbidden(f"{path}.{shown}", "may not specify more than 1 volume type")
            continue
        found = True
        validate(source, f"{path}.{name}", errors)
        if name == "local" and spec.get("nodeAffinity") is None:
            errors.required(f"{path}.nodeAffinity", "Local volume requires node affinity")
    if not found:
        errors.required(path, "must specify a volume type")
