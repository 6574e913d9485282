"""AdmissionConfiguration: what a file says about single admission plugins.

Implements ``--admission-control-config-file``: WebhookAdmissionConfiguration for both webhook
plugins, PodSecurityConfiguration and ResourceQuotaConfiguration. Configurations of plugins that do
not run are passed over, as by kube-apiserver.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.admission.limited_resources import (
    LimitedResource,
    LimitedResourceError,
    read_limited_resources,
)
from kapi.admission.podsecurity.configuration import (
    PodSecurityConfiguration,
    PodSecurityConfigurationError,
    read_pod_security,
)
from kapi.apimachinery.serializer.yaml import YAMLError, load
from kapi.registry.webhook.credentials import CredentialError, read_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.webhook.credentials import WebhookCredentials

__all__ = ["AdmissionConfiguration", "AdmissionConfigurationError", "read_admission_configuration"]

_LOG = logging.getLogger(__name__)

_KIND = "AdmissionConfiguration"
_VERSIONS = ("apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1")
_WEBHOOK_KINDS = {
    ("apiserver.config.k8s.io/v1", "WebhookAdmissionConfiguration"),
    ("apiserver.config.k8s.io/v1alpha1", "WebhookAdmission"),
}
_WEBHOOK_PLUGINS = ("MutatingAdmissionWebhook", "ValidatingAdmissionWebhook")
_POD_SECURITY = "PodSecurity"
_RESOURCE_QUOTA = "ResourceQuota"


class AdmissionConfigurationError(Exception):
    """The configuration cannot be used; the text is one line and names the place."""


@dataclass(frozen=True, slots=True)
class AdmissionConfiguration:
    """``webhooks`` are credentials by the plugin that calls."""

    webhooks: Mapping[str, WebhookCredentials] = field(default_factory=dict)
    pod_security: PodSecurityConfiguration = field(default_factory=PodSecurityConfiguration)
    limited_resources: tuple[LimitedResource, ...] = ()


def read_admission_configuration(path: Path) -> AdmissionConfiguration:
    """What a file says, and the files that it names; raises AdmissionConfigurationError."""
    document = _document(path)
    if document.get("apiVersion") not in _VERSIONS or document.get("kind") != _KIND:
        raise AdmissionConfigurationError(f"{path}: it is no {_KIND} of {_VERSIONS[0]}")
    _only(document, {"apiVersion", "kind", "plugins"}, str(path))
    plugins = document.get("plugins") or []
    if not isinstance(plugins, list):
        raise AdmissionConfigurationError(f"{path}: plugins: it must be a list")
    webhooks: dict[str, WebhookCredentials] = {}
    pod_security = PodSecurityConfiguration()
    limited: tuple[LimitedResource, ...] = ()
    seen: set[str] = set()
    for index, plugin in enumerate(plugins):
        name, where, configuration = _plugin(plugin, f"{path}: plugins[{index}]", path.parent)
        if name in seen:
            raise AdmissionConfigurationError(f"{where}: {name} is configured twice")
        seen.add(name)
        if configuration is None:
            continue
        if name in _WEBHOOK_PLUGINS:
            webhooks[name] = _webhook_credentials(configuration, where)
        elif name == _POD_SECURITY:
            pod_security = _pod_security(configuration, where)
        elif name == _RESOURCE_QUOTA:
            limited = _limited_resources(configuration, where)
        else:
            _LOG.warning("%s: nothing here is configured by %s", where, name)
    return AdmissionConfiguration(webhooks, pod_security, limited)


def _plugin(plugin: JSONValue, where: str, directory: Path) -> tuple[str, str, JSONObject | None]:
    """Name, place and configuration of an entry, which may stand in a file of its own."""
    if not isinstance(plugin, dict):
        raise AdmissionConfigurationError(f"{where}: it must be a mapping")
    _only(plugin, {"name", "path", "configuration"}, where)
    name, path, configuration = (plugin.get(each) for each in ("name", "path", "configuration"))
    if not isinstance(name, str) or not name:
        raise AdmissionConfigurationError(f"{where}: a name is required")
    if configuration is not None:
        if not isinstance(configuration, dict):
            raise AdmissionConfigurationError(f"{where}.configuration: it must be a mapping")
        return name, f"{where}.configuration", configuration
    if not path:
        return name, where, None
    if not isinstance(path, str):
        raise AdmissionConfigurationError(f"{where}.path: it must be a text")
    return name, str(directory / path), _document(directory / path)


def _webhook_credentials(configuration: JSONObject, where: str) -> WebhookCredentials:
    found = (configuration.get("apiVersion"), configuration.get("kind"))
    if found not in _WEBHOOK_KINDS:
        raise AdmissionConfigurationError(
            f"{where}: it is no WebhookAdmissionConfiguration of apiserver.config.k8s.io/v1"
        )
    _only(configuration, {"apiVersion", "kind", "kubeConfigFile"}, where)
    path = configuration.get("kubeConfigFile")
    if not isinstance(path, str) or not Path(path).is_absolute():
        raise AdmissionConfigurationError(
            f"{where}: kubeConfigFile: Invalid value: {path or ''!r}: must be an absolute file path"
        )
    try:
        return read_credentials(Path(path))
    except CredentialError as error:
        raise AdmissionConfigurationError(str(error)) from error


def _pod_security(configuration: JSONObject, where: str) -> PodSecurityConfiguration:
    try:
        return read_pod_security(configuration)
    except PodSecurityConfigurationError as error:
        raise AdmissionConfigurationError(f"{where}: {error}") from error


def _limited_resources(configuration: JSONObject, where: str) -> tuple[LimitedResource, ...]:
    try:
        return read_limited_resources(configuration)
    except LimitedResourceError as error:
        raise AdmissionConfigurationError(f"{where}: {error}") from error


def _document(path: Path) -> JSONObject:
    try:
        document = load(path.read_bytes()).value
    except OSError as error:
        raise AdmissionConfigurationError(f"cannot read {path}: {error.strerror}") from error
    except YAMLError as error:
        raise AdmissionConfigurationError(f"{path}: it is no YAML: {error}") from None
    if not isinstance(document, dict):
        raise AdmissionConfigurationError(f"{path}: it must be a mapping")
    return document


def _only(value: JSONObject, allowed: set[str], where: str) -> None:
    unknown = value.keys() - allowed
    if unknown:
        raise AdmissionConfigurationError(f"{where}: unknown field {min(unknown)!r}")
