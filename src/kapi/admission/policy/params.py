"""Parameters of policies: the objects that a binding refers to.

Implements "Parameter resources" of the documentation of admission policies: ``paramKind``,
``paramRef`` and ``parameterNotFoundAction``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import StatusError
from kapi.apimachinery.labels import selector_from_label_selector

if TYPE_CHECKING:
    from kapi.admission.lookup import Lookup
    from kapi.admission.webhook.versions import Versions
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.catalogue import Resource

__all__ = ["ConfigurationError", "find_params", "param_resource"]

_SCOPE = "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
_NAMESPACE = "paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
_MISSING = "no params found for policy binding with `Deny` parameterNotFoundAction"


class ConfigurationError(Exception):
    """A policy or a binding cannot be used as it is; the text says why."""


def param_resource(versions: Versions, param_kind: JSONObject | None) -> Resource | None:
    """The resource of a policy's parameters, None if it has none; raises ConfigurationError."""
    if param_kind is None:
        return None
    api_version, kind = param_kind.get("apiVersion") or "", param_kind.get("kind") or ""
    found = versions.of_kind(api_version, kind)
    if found is None:
        group, _, version = api_version.rpartition("/")
        named = f"{group}/{version}, Kind={kind}"
        text = f"failed to find resource referenced by paramKind: '{named}'"
        raise ConfigurationError(f"failed to configure policy: {text}")
    return found


async def find_params(
    lookup: Lookup, resource: Resource | None, ref: JSONObject | None, namespace: str
) -> list[JSONObject | None]:
    """The parameters to evaluate with, one after the other; ``namespace`` is the request's.

    A policy or a binding without parameters is evaluated once, with None. Raises
    ConfigurationError.
    """
    if resource is None or ref is None:
        return [None]
    own = ref.get("namespace") or ""
    if resource.namespaced:
        namespace = own or namespace
        if not namespace:
            raise ConfigurationError(f"failed to configure binding: {_SCOPE}")
    elif own:
        raise ConfigurationError(f"failed to configure binding: {_NAMESPACE}")
    else:
        namespace = ""
    found = await _converted(resource, await _find(lookup, resource, ref, namespace))
    if not found and ref.get("parameterNotFoundAction") == "Deny":
        raise ConfigurationError(f"failed to configure binding: {_MISSING}")
    return found


async def _converted(resource: Resource, found: list[JSONObject | None]) -> list[JSONObject | None]:
    """The parameters at the version of their kind, where a conversion webhook makes it."""
    if resource.conversion is None:
        return found
    try:
        return [
            await resource.conversion.convert(obj, resource.api_version) if obj else obj
            for obj in found
        ]
    except StatusError as error:
        raise ConfigurationError(f"failed to configure binding: {error.message}") from error


async def _find(
    lookup: Lookup, resource: Resource, ref: JSONObject, namespace: str
) -> list[JSONObject | None]:
    storage = resource.storage
    if ref.get("name"):
        one = await lookup.get(storage.group, storage.resource, namespace, ref["name"])
        return [] if one is None else [one]
    selector = selector_from_label_selector(ref.get("selector") or {})
    listed = await lookup.list(storage.group, storage.resource, namespace)
    return [obj for obj in listed if selector.matches(obj["metadata"].get("labels") or {})]
