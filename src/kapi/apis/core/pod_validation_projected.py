"""Volumes whose files the API provides: Secrets, ConfigMaps, the downward API, tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.metav1 import validate_label_selector
from kapi.apis.core.pod_validation_env import (
    VOLUME_FIELD_PATHS,
    validate_object_field_selector,
    validate_resource_field_selector,
)
from kapi.apis.core.pod_validation_paths import (
    validate_file_mode,
    validate_local_non_reserved_path,
)
from kapi.apis.core.volume_go_structs import CLUSTER_TRUST_BUNDLE

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.apis.core.pod_validation_options import PodValidationOptions

__all__ = [
    "validate_config_map_volume",
    "validate_downward_api_volume",
    "validate_projected_volume",
    "validate_secret_volume",
]

_MIN_TOKEN_SECONDS = 10 * 60
_MAX_TOKEN_SECONDS = 1 << 32
_MIN_CERTIFICATE_SECONDS = 3600
_MAX_CERTIFICATE_SECONDS = 91 * 24 * 3600
_KEY_TYPES = ("ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096")
_COLLISION = "conflicting duplicate paths"


def validate_secret_volume(source: JSONObject, path: str, errors: ErrorList) -> None:
    """Validate a volume of a Secret."""
    if not source.get("secretName"):
        errors.required(f"{path}.secretName")
    validate_file_mode(source.get("defaultMode"), f"{path}.defaultMode", errors)
    _validate_items(source, path, errors)


def validate_config_map_volume(source: JSONObject, path: str, errors: ErrorList) -> None:
    """Validate a volume of a ConfigMap."""
    if not source.get("name"):
        errors.required(f"{path}.name")
    validate_file_mode(source.get("defaultMode"), f"{path}.defaultMode", errors)
    _validate_items(source, path, errors)


def _validate_items(source: JSONObject, path: str, errors: ErrorList) -> None:
    for index, item in enumerate(source.get("items") or ()):
        _validate_key_to_path(item, f"{path}.items[{index}]", errors)


def _validate_key_to_path(item: JSONObject, path: str, errors: ErrorList) -> None:
    if not item.get("key"):
        errors.required(f"{path}.key")
    file_path = item.get("path", "")
    if not file_path:
        errors.required(f"{path}.path")
    validate_local_non_reserved_path(file_path, f"{path}.path", errors)
    validate_file_mode(item.get("mode"), f"{path}.mode", errors)


def validate_downward_api_volume(source: JSONObject, path: str, errors: ErrorList) -> None:
    """Validate a volume of the downward API."""
    validate_file_mode(source.get("defaultMode"), f"{path}.defaultMode", errors)
    for item in source.get("items") or ():
        # The paths of these errors lack the item.
        _validate_downward_api_file(item, path, errors)


def _validate_downward_api_file(item: JSONObject, path: str, errors: ErrorList) -> None:
    file_path = item.get("path", "")
    if not file_path:
        errors.required(f"{path}.path")
    validate_local_non_reserved_path(file_path, f"{path}.path", errors)
    if item.get("fieldRef") is not None:
        validate_object_field_selector(
            item["fieldRef"], VOLUME_FIELD_PATHS, f"{path}.fieldRef", errors
        )
        if item.get("resourceFieldRef") is not None:
            errors.invalid(
                path,
                "resource",
                "fieldRef and resourceFieldRef can not be specified simultaneously",
            )
    elif item.get("resourceFieldRef") is not None:
        validate_resource_field_selector(
            item["resourceFieldRef"], f"{path}.resourceFieldRef", errors, in_volume=True
        )
    else:
        errors.required(path, "one of fieldRef and resourceFieldRef is required")
    validate_file_mode(item.get("mode"), f"{path}.mode", errors)


def validate_projected_volume(
    source: JSONObject, path: str, errors: ErrorList, options: PodValidationOptions
) -> None:
    """Validate a projected volume: its sources, and that no two files have the same path."""
    validate_file_mode(source.get("defaultMode"), f"{path}.defaultMode", errors)
    seen: set[str] = set()
    for index, projection in enumerate(source.get("sources") or ()):
        where = f"{path}.sources[{index}]"
        count = 0
        for name in ("secret", "configMap", "downwardAPI"):
            if projection.get(name) is not None:
                count += 1
                _validate_files(projection[name], name, (where, path), seen, errors)
        if projection.get("serviceAccountToken") is not None:
            count += 1
            _validate_token(
                projection["serviceAccountToken"],
                f"{where}.serviceAccountToken",
                path,
                errors,
                options,
            )
        if projection.get("clusterTrustBundle") is not None:
            count += 1
            bundle = projection["clusterTrustBundle"]
            _validate_trust_bundle(bundle, f"{where}.clusterTrustBundle", errors)
            _claim_path(bundle.get("path", ""), bundle.get("path", ""), path, seen, errors)
        if projection.get("podCertificate") is not None:
            count += 1
            _validate_pod_certificate(
                projection["podCertificate"], f"{where}.podCertificate", path, seen, errors
            )
        if count > 1:
            errors.forbidden(where, "may not specify more than 1 volume type")


def _claim_path(file_path: str, shown: str, path: str, seen: set[str], errors: ErrorList) -> None:
    if not file_path:
        return
    if file_path in seen:
        errors.invalid(path, shown, _COLLISION)
    seen.add(file_path)


def _validate_files(
    projection: JSONObject, name: str, paths: tuple[str, str], seen: set[str], errors: ErrorList
) -> None:
    source_path, volume_path = paths
    path = f"{source_path}.{name}"
    if name == "downwardAPI":
        for item in projection.get("items") or ():
            _validate_downward_api_file(item, path, errors)
            file_path = item.get("path", "")
            _claim_path(file_path, file_path, volume_path, seen, errors)
        return
    source_name = projection.get("name", "")
    if not source_name:
        errors.required(f"{path}.name")
    for index, item in enumerate(projection.get("items") or ()):
        _validate_key_to_path(item, f"{path}.items[{index}]", errors)
        _claim_path(item.get("path", ""), source_name, volume_path, seen, errors)


def _validate_token(
    token: JSONObject,
    path: str,
    volume_path: str,
    errors: ErrorList,
    options: PodValidationOptions,
) -> None:
    seconds = token.get("expirationSeconds") or 0
    if seconds < _MIN_TOKEN_SECONDS:
        errors.invalid(
            f"{path}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"
        )
    if seconds > _MAX_TOKEN_SECONDS:
        errors.invalid(
            f"{path}.expirationSeconds",
            seconds,
            "may not specify a duration larger than 2^32 seconds",
        )
    file_path = token.get("path", "")
    # The path of these errors is that of the volume.
    if not file_path:
        errors.required(f"{volume_path}.path")
    elif not options.allow_nonlocal_token_path:
        validate_local_non_reserved_path(file_path, f"{volume_path}.path", errors)


def _validate_trust_bundle(bundle: JSONObject, path: str, errors: ErrorList) -> None:
    name = bundle.get("name")
    signer = bundle.get("signerName")
    if name is not None and signer is not None:
        errors.invalid(
            path, CLUSTER_TRUST_BUNDLE.show(bundle), "only one of name and signerName may be used"
        )
    elif name is not None:
        if not name:
            errors.required(f"{path}.name", "must be a valid object name")
        else:
            object_name = name.rpartition(":")[2]
            errors.invalid_each(f"{path}.name", name, names.dns1123_subdomain(object_name))
        if bundle.get("labelSelector") is not None:
            errors.invalid(
                f"{path}.labelSelector",
                bundle["labelSelector"],
                "labelSelector must be unset if name is specified",
            )
    elif signer is not None:
        if not signer:
            errors.required(f"{path}.signerName", "must be a valid signer name")
        validate_label_selector(bundle.get("labelSelector"), f"{path}.labelSelector", errors)
    else:
        errors.required(path, "either name or signerName must be specified")
    file_path = bundle.get("path", "")
    if not file_path:
        errors.required(f"{path}.path")
    validate_local_non_reserved_path(file_path, f"{path}.path", errors)


def _validate_pod_certificate(
    certificate: JSONObject, path: str, volume_path: str, seen: set[str], errors: ErrorList
) -> None:
    if not certificate.get("signerName"):
        errors.required(f"{path}.signerName")
    key_type = certificate.get("keyType", "")
    if key_type not in _KEY_TYPES:
        errors.not_supported(f"{path}.keyType", key_type, _KEY_TYPES)
    seconds = certificate.get("maxExpirationSeconds")
    if seconds is not None:
        if seconds < _MIN_CERTIFICATE_SECONDS:
            errors.invalid(
                f"{path}.maxExpirationSeconds",
                seconds,
                "if provided, maxExpirationSeconds must be >= 3600",
            )
        elif seconds > _MAX_CERTIFICATE_SECONDS:
            errors.invalid(
                f"{path}.maxExpirationSeconds",
                seconds,
                "if provided, maxExpirationSeconds must be <= 7862400",
            )
    file_names = ("credentialBundlePath", "keyPath", "certificateChainPath")
    if not any(certificate.get(name) for name in file_names):
        errors.required(
            path,
            "specify at least one of credentialBundlePath, keyPath, and certificateChainPath",
        )
    for name in file_names:
        file_path = certificate.get(name)
        if file_path:
            validate_local_non_reserved_path(file_path, f"{path}.{name}", errors)
            _claim_path(file_path, file_path, volume_path, seen, errors)
