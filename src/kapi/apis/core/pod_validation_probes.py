"""Probes and lifecycle hooks of containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["validate_lifecycle", "validate_probes"]

_COUNTS = (
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
)
_WINDOWS_SIGNALS = ("SIGKILL", "SIGTERM")


def validate_probes(container: JSONObject, grace_period: int, path: str, errors: ErrorList) -> None:
    """Validate liveness, readiness and startup probe."""
    probe = container.get("livenessProbe")
    if probe is not None:
        _validate_probe(probe, grace_period, f"{path}.livenessProbe", errors)
        _require_one_success(probe, f"{path}.livenessProbe", errors)
    probe = container.get("readinessProbe")
    if probe is not None:
        _validate_probe(probe, grace_period, f"{path}.readinessProbe", errors)
        if probe.get("terminationGracePeriodSeconds") is not None:
            errors.invalid(
                f"{path}.readinessProbe.terminationGracePeriodSeconds",
                probe["terminationGracePeriodSeconds"],
                "must not be set for readinessProbes",
            )
    probe = container.get("startupProbe")
    if probe is not None:
        _validate_probe(probe, grace_period, f"{path}.startupProbe", errors)
        _require_one_success(probe, f"{path}.startupProbe", errors)


def _require_one_success(probe: JSONObject, path: str, errors: ErrorList) -> None:
    threshold = probe.get("successThreshold") or 0
    if threshold != 1:
        errors.invalid(f"{path}.successThreshold", threshold, "must be 1")


def _validate_probe(probe: JSONObject, grace_period: int, path: str, errors: ErrorList) -> None:
    _validate_handler(probe, grace_period, path, errors)
    for name in _COUNTS:
        if (probe.get(name) or 0) < 0:
            errors.invalid(f"{path}.{name}", probe[name], "must be greater than or equal to 0")
    own_grace = probe.get("terminationGracePeriodSeconds")
    if own_grace is not None and own_grace <= 0:
        errors.invalid(f"{path}.terminationGracePeriodSeconds", own_grace, "must be greater than 0")


def validate_lifecycle(
    lifecycle: JSONObject, grace_period: int, spec: JSONObject, path: str, errors: ErrorList
) -> None:
    """Validate the hooks after start and before stop, and the stop signal."""
    for name in ("postStart", "preStop"):
        if lifecycle.get(name) is not None:
            _validate_handler(lifecycle[name], grace_period, f"{path}.{name}", errors)
    stop_signal = lifecycle.get("stopSignal")
    if stop_signal is None:
        return
    os_name = (spec.get("os") or {}).get("name")
    if not os_name:
        errors.forbidden(
            f"{path}.stopSignal", "may not be set for containers with an empty `spec.os.name`"
        )
    elif os_name == "windows" and stop_signal not in _WINDOWS_SIGNALS:
        errors.not_supported(f"{path}.stopSignal", stop_signal, _WINDOWS_SIGNALS)


def _validate_handler(handler: JSONObject, grace_period: int, path: str, errors: ErrorList) -> None:
    count = 0
    for name in ("exec", "httpGet", "tcpSocket", "grpc", "sleep"):
        action = handler.get(name)
        if action is None:
            continue
        if count:
            errors.forbidden(f"{path}.{name}", "may not specify more than 1 handler type")
            continue
        count = 1
        _validate_action(name, action, grace_period, f"{path}.{name}", errors)
    if not count:
        errors.required(path, "must specify a handler type")


def _validate_action(
    name: str, action: JSONObject, grace_period: int, path: str, errors: ErrorList
) -> None:
    if name == "exec":
        if not action.get("command"):
            errors.required(f"{path}.command")
    elif name == "sleep":
        seconds = action.get("seconds") or 0
        if not 0 <= seconds <= grace_period:
            errors.invalid(
                path,
                seconds,
                "must be non-negative and less than terminationGracePeriodSeconds "
                f"({grace_period})",
            )
    elif name == "httpGet":
        _validate_http_get(action, path, errors)
    else:
        _validate_port(action.get("port", 0), f"{path}.port", errors)


def _validate_http_get(action: JSONObject, path: str, errors: ErrorList) -> None:
    if not action.get("path"):
        errors.required(f"{path}.path")
    _validate_port(action.get("port", 0), f"{path}.port", errors)
    scheme = action.get("scheme", "")
    if scheme not in ("HTTP", "HTTPS"):
        errors.not_supported(f"{path}.scheme", scheme, ("HTTP", "HTTPS"))
    for header in action.get("httpHeaders") or ():
        name = header.get("name", "")
        errors.invalid_each(f"{path}.httpHeaders", name, names.http_header_name(name))


def _validate_port(port: JSONValue, path: str, errors: ErrorList) -> None:
    check = names.port_name if isinstance(port, str) else names.port_number
    errors.invalid_each(path, port, check(port))
