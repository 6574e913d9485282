"""Which secrets the pods of a service account may use, where the account limits them.

Implements the annotation ``kubernetes.io/enforce-mountable-secrets`` of service accounts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["limit_ephemeral_containers", "limit_secrets"]

_ENFORCED = "kubernetes.io/enforce-mountable-secrets"


def _is_limited(account: JSONObject) -> bool:
    annotations = account["metadata"].get("annotations") or {}
    return str(annotations.get(_ENFORCED, "")).lower() in {"true", "1", "t"}


def _names(references: list[JSONObject] | None) -> set[str]:
    return {reference.get("name", "") for reference in references or ()}


def limit_secrets(account: JSONObject, spec: JSONObject) -> str:
    """What a new pod uses that its account does not list; empty when nothing."""
    if not _is_limited(account):
        return ""
    name, mountable = account["metadata"]["name"], _names(account.get("secrets"))
    for volume in spec.get("volumes") or ():
        secret = volume.get("secret")
        if secret is not None and secret.get("secretName", "") not in mountable:
            return (
                f'volume with secret.secretName="{secret.get("secretName", "")}" is not allowed '
                f"because service account {name} does not reference that secret"
            )
    for member, what in (("initContainers", "init container"), ("containers", "container")):
        why = _limit_environment(spec.get(member), what, name, mountable)
        if why:
            return why
    pull_secrets = _names(account.get("imagePullSecrets"))
    for index, reference in enumerate(spec.get("imagePullSecrets") or ()):
        if reference.get("name", "") not in pull_secrets:
            return (
                f'imagePullSecrets[{index}].name="{reference.get("name", "")}" is not allowed '
                f"because service account {name} does not reference that imagePullSecret"
            )
    return ""


def limit_ephemeral_containers(account: JSONObject, spec: JSONObject) -> str:
    """What ephemeral containers use that the account does not list; empty when nothing."""
    if not _is_limited(account):
        return ""
    return _limit_environment(
        spec.get("ephemeralContainers"),
        "ephemeral container",
        account["metadata"]["name"],
        _names(account.get("secrets")),
    )


def _limit_environment(
    containers: list[JSONObject] | None, what: str, account: str, mountable: set[str]
) -> str:
    because = f"is not allowed because service account {account} does not reference that secret"
    for container in containers or ():
        name = container.get("name", "")
        for variable in container.get("env") or ():
            reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if reference is not None and reference.get("name", "") not in mountable:
                return (
                    f"{what} {name} with envVar {variable.get('name', '')} referencing "
                    f'secret.secretName="{reference.get("name", "")}" {because}'
                )
        for source in container.get("envFrom") or ():
            reference = source.get("secretRef")
            if reference is not None and reference.get("name", "") not in mountable:
                return (
                    f"{what} {name} with envFrom referencing "
                    f'secret.secretName="{reference.get("name", "")}" {because}'
                )
    return ""
