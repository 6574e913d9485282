"""Defaults of the volumes of a pod, one function per volume type that has any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.core.image_reference import image_pull_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject

__all__ = ["DEFAULT_FILE_MODE", "default_volume"]

# rw-r--r--, the mode of projected files.
DEFAULT_FILE_MODE = 0o644


def default_volume(volume: JSONObject) -> None:
    """Default one volume; without any source it is an empty directory."""
    has_source = False
    for name, source in volume.items():
        if name == "name" or source is None:
            continue
        has_source = True
        default = _DEFAULTS.get(name)
        if default is not None:
            default(source)
    if not has_source:
        volume["emptyDir"] = {}


def _default_host_path(source: JSONObject) -> None:
    if source.get("type") is None:
        source["type"] = ""


def _default_mode(source: JSONObject) -> None:
    if source.get("defaultMode") is None:
        source["defaultMode"] = DEFAULT_FILE_MODE


def _default_downward_api(source: JSONObject) -> None:
    _default_mode(source)
    _default_downward_items(source)


def _default_downward_items(source: JSONObject) -> None:
    for item in source.get("items") or ():
        field_ref = item.get("fieldRef")
        if field_ref is not None and not field_ref.get("apiVersion"):
            field_ref["apiVersion"] = "v1"


def _default_projected(source: JSONObject) -> None:
    _default_mode(source)
    for projection in source.get("sources") or ():
        if projection.get("downwardAPI"):
            _default_downward_items(projection["downwardAPI"])
        token = projection.get("serviceAccountToken")
        if token is not None and token.get("expirationSeconds") is None:
            token["expirationSeconds"] = 3600


def _default_iscsi(source: JSONObject) -> None:
    if not source.get("iscsiInterface"):
        source["iscsiInterface"] = "default"


def _default_rbd(source: JSONObject) -> None:
    for name, value in (("pool", "rbd"), ("user", "admin"), ("keyring", "/etc/ceph/keyring")):
        if not source.get(name):
            source[name] = value


def _default_azure_disk(source: JSONObject) -> None:
    for name, value in (("cachingMode", "ReadWrite"), ("kind", "Shared"), ("fsType", "ext4")):
        if source.get(name) is None:
            source[name] = value
    if source.get("readOnly") is None:
        source["readOnly"] = False


def _default_scale_io(source: JSONObject) -> None:
    if not source.get("storageMode"):
        source["storageMode"] = "ThinProvisioned"
    if not source.get("fsType"):
        source["fsType"] = "xfs"


def _default_image(source: JSONObject) -> None:
    if not source.get("pullPolicy"):
        source["pullPolicy"] = image_pull_policy(source.get("reference") or "")


def _default_ephemeral(source: JSONObject) -> None:
    template = source.get("volumeClaimTemplate")
    if template is not None:
        spec = template.setdefault("spec", {})
        if spec.get("volumeMode") is None:
            spec["volumeMode"] = "Filesystem"


_DEFAULTS: dict[str, Callable[[JSONObject], None]] = {
    "hostPath": _default_host_path,
    "secret": _default_mode,
    "configMap": _default_mode,
    "downwardAPI": _default_downward_api,
    "projected": _default_projected,
    "iscsi": _default_iscsi,
    "rbd": _default_rbd,
    "azureDisk": _default_azure_disk,
    "scaleIO": _default_scale_io,
    "ephemeral": _default_ephemeral,
    "image": _default_image,
}
