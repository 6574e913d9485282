"""Validation of Ingress and IngressClass.

Implements "Ingress" of the documentation: rules, path types, backends, TLS, classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.addresses import legacy_ip, parse_ip_sloppy
from kapi.apimachinery.metav1 import validate_domain_prefixed_path

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "CLASS_ANNOTATION",
    "validate_ingress",
    "validate_ingress_class",
    "validate_ingress_class_update",
    "validate_ingress_create",
    "validate_ingress_status",
]

CLASS_ANNOTATION = "kubernetes.io/ingress.class"

_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_BAD_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
_BAD_SUFFIXES = ("/..", "/.")
_SCOPES = ("Cluster", "Namespace")
_NOT_AN_ADDRESS = "must be a DNS name, not an IP address"
_MAX_CONTROLLER_BYTES = 250


def validate_ingress_create(obj: JSONObject, errors: ErrorList) -> None:
    """A new Ingress: as any, and class name and class annotation agree."""
    validate_ingress(obj, errors)
    annotation = (obj["metadata"].get("annotations") or {}).get(CLASS_ANNOTATION)
    name = obj.get("spec", {}).get("ingressClassName")
    if annotation is not None and name is not None and annotation != name:
        errors.invalid(
            f"annotations.{CLASS_ANNOTATION}",
            annotation,
            "must match `ingressClassName` when both are specified",
        )


def validate_ingress(obj: JSONObject, errors: ErrorList, *, old: JSONObject | None = None) -> None:
    """The spec; names of secrets that were bad before may stay."""
    spec = obj.get("spec") or {}
    rules, backend = spec.get("rules"), spec.get("defaultBackend")
    if not rules and backend is None:
        errors.invalid("spec", rules, "either `defaultBackend` or `rules` must be specified")
    if backend is not None:
        _validate_backend(backend, "spec.defaultBackend", errors)
    for i, rule in enumerate(rules or ()):
        _validate_rule(rule, f"spec.rules[{i}]", errors)
    if spec.get("tls"):
        _validate_tls(spec["tls"], errors, check_secrets=not _has_bad_secret_name(old))
    name = spec.get("ingressClassName")
    if name is not None:
        errors.invalid_each("spec.ingressClassName", name, names.dns1123_subdomain(name))


def _has_bad_secret_name(old: JSONObject | None) -> bool:
    tls = ((old or {}).get("spec") or {}).get("tls") or ()
    return any(names.dns1123_subdomain(t["secretName"]) for t in tls if t.get("secretName"))


def _validate_tls(tls: list[JSONObject], errors: ErrorList, *, check_secrets: bool) -> None:
    for i, entry in enumerate(tls):
        path = f"spec.tls[{i}]"
        for j, host in enumerate(entry.get("hosts") or ()):
            errors.invalid_each(f"{path}.hosts[{j}]", host, _host_messages(host))
        secret = entry.get("secretName")
        if secret and check_secrets:
            errors.invalid_each(f"{path}.secretName", secret, names.dns1123_subdomain(secret))


def _host_messages(host: str) -> list[str]:
    if "*" in host:
        return names.wildcard_dns1123_subdomain(host)
    return names.dns1123_subdomain(host)


def _validate_rule(rule: JSONObject, path: str, errors: ErrorList) -> None:
    host = rule.get("host")
    if host:
        if parse_ip_sloppy(host) is not None:
            errors.invalid(f"{path}.host", host, _NOT_AN_ADDRESS)
        errors.invalid_each(f"{path}.host", host, _host_messages(host))
    http = rule.get("http")
    if http is None:
        return
    paths = http.get("paths")
    if not paths:
        errors.required(f"{path}.http.paths")
    for i, entry in enumerate(paths or ()):
        _validate_path(entry, f"{path}.http.paths[{i}]", errors)


def _validate_path(entry: JSONObject, path: str, errors: ErrorList) -> None:
    path_type, text = entry.get("pathType"), entry.get("path", "")
    if path_type is None:
        errors.required(f"{path}.pathType", "pathType must be specified")
        return
    if path_type not in _PATH_TYPES:
        errors.not_supported(f"{path}.pathType", path_type, _PATH_TYPES)
    elif path_type == "ImplementationSpecific":
        if text and text[0] != "/":
            errors.invalid(f"{path}.path", text, "must be an absolute path")
    else:
        if text[:1] != "/":
            errors.invalid(f"{path}.path", text, "must be an absolute path")
        for sequence in _BAD_SEQUENCES:
            if sequence in text:
                errors.invalid(f"{path}.path", text, f"must not contain '{sequence}'")
        for suffix in _BAD_SUFFIXES:
            if text.endswith(suffix):
                errors.invalid(f"{path}.path", text, f"cannot end with '{suffix}'")
    _validate_backend(entry.get("backend") or {}, f"{path}.backend", errors)


def _validate_backend(backend: JSONObject, path: str, errors: ErrorList) -> None:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        errors.invalid(path, "", "cannot set both resource and service backends")
    elif resource is not None:
        _validate_reference(resource, f"{path}.resource", errors)
    elif service is not None:
        _validate_service_backend(service, path, errors)
    else:
        errors.invalid(path, "", "resource or service backend is required")


def _validate_service_backend(service: JSONObject, path: str, errors: ErrorList) -> None:
    name = service.get("name", "")
    if not name:
        errors.required(f"{path}.service.name")
    else:
        errors.invalid_each(f"{path}.service.name", name, names.dns1123_label(name))
    port = service.get("port") or {}
    port_name, number = port.get("name", ""), port.get("number", 0)
    if port_name and number:
        errors.invalid(path, "", "cannot set both port name & port number")
    elif port_name:
        errors.invalid_each(f"{path}.service.port.name", port_name, names.port_name(port_name))
    elif number:
        errors.invalid_each(f"{path}.service.port.number", number, names.port_number(number))
    else:
        errors.required(path, "port name or number is required")


def _validate_reference(reference: JSONObject, path: str, errors: ErrorList) -> None:
    """A typed reference to an object in the same namespace or without one."""
    group = reference.get("apiGroup")
    if group is not None:
        errors.invalid_each(f"{path}.apiGroup", group, names.dns1123_subdomain(group))
    for member in ("kind", "name"):
        value = reference.get(member, "")
        if not value:
            errors.required(f"{path}.{member}")
        else:
            errors.invalid_each(f"{path}.{member}", value, names.path_segment_name(value))


def validate_ingress_status(obj: JSONObject, errors: ErrorList) -> None:
    """The load balancer's addresses."""
    balancer = (obj.get("status") or {}).get("loadBalancer") or {}
    for i, entry in enumerate(balancer.get("ingress") or ()):
        path = f"status.loadBalancer.ingress[{i}]"
        address, hostname = entry.get("ip"), entry.get("hostname")
        if address:
            errors.invalid_each(f"{path}.ip", address, legacy_ip(address))
        if hostname:
            errors.invalid_each(f"{path}.hostname", hostname, names.dns1123_subdomain(hostname))
            if parse_ip_sloppy(hostname) is not None:
                errors.invalid(f"{path}.hostname", hostname, _NOT_AN_ADDRESS)


def validate_ingress_class(obj: JSONObject, errors: ErrorList) -> None:
    """An IngressClass: a controller, and perhaps parameters."""
    spec = obj.get("spec") or {}
    controller = spec.get("controller", "")
    if len(controller.encode()) > _MAX_CONTROLLER_BYTES:
        errors.too_long("spec.controller", _MAX_CONTROLLER_BYTES)
    validate_domain_prefixed_path(controller, "spec.controller", errors)
    parameters = spec.get("parameters")
    if parameters is not None:
        _validate_parameters(parameters, "spec.parameters", errors)


def _validate_parameters(parameters: JSONObject, path: str, errors: ErrorList) -> None:
    _validate_reference(parameters, path, errors)
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope is None:
        errors.required(f"{path}.scope")
    elif scope not in _SCOPES:
        errors.not_supported(f"{path}.scope", scope, _SCOPES)
    elif scope == "Namespace":
        if namespace is None:
            errors.required(f"{path}.namespace", "`parameters.scope` is set to 'Namespace'")
        else:
            errors.invalid_each(f"{path}.namespace", namespace, names.dns1123_label(namespace))
    elif namespace is not None:
        errors.forbidden(f"{path}.namespace", "`parameters.scope` is set to 'Cluster'")


def validate_ingress_class_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """The controller of a class is fixed."""
    controller = (obj.get("spec") or {}).get("controller", "")
    if controller != (old.get("spec") or {}).get("controller", ""):
        errors.invalid("spec.controller", controller, "field is immutable")
    validate_ingress_class(obj, errors)
