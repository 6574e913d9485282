"""ServiceAccount: every pod runs as a service account that exists, and mounts its token.

Implements "ServiceAccount admission controller" of the documentation, with the projected volume
of bound tokens and the deprecated limit to mountable secrets.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.admission.plugins.mountable_secrets import limit_ephemeral_containers, limit_secrets
from kapi.admission.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.admission.lookup import Lookup
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes
    from kapi.util.ids import IDSource

__all__ = ["ServiceAccount"]

_DEFAULT = "default"
_MIRROR = "kubernetes.io/config.mirror"
_MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_VOLUME_PREFIX = "kube-api-access-"
_TOKEN_SECONDS = 3607
_FILE_MODE = 0o644
# The default account of a new namespace is being made: how long it is waited for, in seconds.
_WAITS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)


class ServiceAccount(Plugin):
    """See the module."""

    name: ClassVar[str] = "ServiceAccount"
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset({("", "pods")})

    def __init__(self, lookup: Lookup, ids: IDSource) -> None:
        self._lookup = lookup
        self._ids = ids

    def handles(self, attributes: Attributes) -> bool:
        """New pods, and ephemeral containers of old ones."""
        resource = (attributes.resource.group, attributes.resource.resource)
        return resource in self.resources and (
            (attributes.operation, attributes.subresource)
            in {("CREATE", ""), ("UPDATE", "ephemeralcontainers")}
        )

    async def mutate(self, attributes: Attributes) -> None:
        """Set the account, its pull secrets, and the volume with its token."""
        pod = attributes.obj
        if pod is None or attributes.operation != "CREATE":
            return
        if _is_mirror(pod):
            _judge_mirror(attributes, pod)
            return
        spec = pod["spec"]
        if not spec.get("serviceAccountName"):
            spec["serviceAccountName"] = spec["serviceAccount"] = _DEFAULT
        account = await self._account(attributes, spec["serviceAccountName"])
        if _automounts(account, spec):
            self._mount_token(spec)
        if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
            spec["imagePullSecrets"] = [dict(each) for each in account["imagePullSecrets"]]

    async def validate(self, attributes: Attributes) -> None:
        """The account is there, and lets the pod use the secrets that it does."""
        pod = attributes.obj
        if pod is None:
            return
        if _is_mirror(pod):
            _judge_mirror(attributes, pod)
            return
        name = pod["spec"].get("serviceAccountName")
        if not name:
            context = attributes.context
            pod_name = pod["metadata"].get("name", "")
            raise refused(
                attributes,
                f"no service account specified for pod {context.namespace}/{pod_name}",
            )
        account = await self._account(attributes, name)
        limit = limit_secrets if attributes.operation == "CREATE" else limit_ephemeral_containers
        why = limit(account, pod["spec"])
        if why:
            raise refused(attributes, why)

    async def _account(self, attributes: Attributes, name: str) -> JSONObject:
        namespace = attributes.context.namespace
        found = await self._lookup.get("", "serviceaccounts", namespace, name)
        for seconds in _WAITS if name == _DEFAULT else ():
            if found is not None:
                break
            await asyncio.sleep(seconds)
            found = await self._lookup.get("", "serviceaccounts", namespace, name)
        if found is None:
            raise refused(
                attributes,
                f"error looking up service account {namespace}/{name}: "
                f'serviceaccount "{name}" not found',
            )
        return found

    def _mount_token(self, spec: JSONObject) -> None:
        """Mount the token in every container that has nothing at its place."""
        volumes: list[JSONObject] = spec.get("volumes") or []
        existing = next(
            (v["name"] for v in volumes if v.get("name", "").startswith(_VOLUME_PREFIX)), None
        )
        name = existing or f"{_VOLUME_PREFIX}{self._ids.suffix()}"
        needed = False
        for container in _containers(spec):
            mounts: list[JSONObject] = container.get("volumeMounts") or []
            if any(mount.get("mountPath") == _MOUNT_PATH for mount in mounts):
                continue
            mount = {"name": name, "readOnly": True, "mountPath": _MOUNT_PATH}
            container["volumeMounts"] = [*mounts, mount]
            needed = True
        if needed and existing is None:
            spec["volumes"] = [*volumes, {"name": name, "projected": _token_volume()}]


def _containers(spec: JSONObject) -> Iterator[JSONObject]:
    yield from spec.get("initContainers") or ()
    yield from spec.get("containers") or ()


def _token_volume() -> JSONObject:
    """The token, the CA to verify the server with, and the namespace."""
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    return {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": _TOKEN_SECONDS, "path": "token"}},
            {
                "configMap": {
                    "name": "kube-root-ca.crt",
                    "items": [{"key": "ca.crt", "path": "ca.crt"}],
                }
            },
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
        ],
        "defaultMode": _FILE_MODE,
    }


def _automounts(account: JSONObject, spec: JSONObject) -> bool:
    """The pod decides, then the account; without a word the token is mounted."""
    for said in (
        spec.get("automountServiceAccountToken"),
        account.get("automountServiceAccountToken"),
    ):
        if said is not None:
            return bool(said)
    return True


def _is_mirror(pod: JSONObject) -> bool:
    return _MIRROR in (pod["metadata"].get("annotations") or ())


def _judge_mirror(attributes: Attributes, pod: JSONObject) -> None:
    """A mirror pod shows what a kubelet runs by itself: nothing of the API may be in it."""
    spec = pod["spec"]
    if spec.get("serviceAccountName"):
        raise refused(attributes, "a mirror pod may not reference service accounts")
    if _refers_to_secrets(spec):
        raise refused(attributes, "a mirror pod may not reference secrets")
    for volume in spec.get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            if source.get("serviceAccountToken") is not None:
                raise refused(
                    attributes, "a mirror pod may not use service account token volume projections"
                )


def _refers_to_secrets(spec: JSONObject) -> bool:
    if spec.get("imagePullSecrets"):
        return True
    for volume in spec.get("volumes") or ():
        if volume.get("secret") is not None:
            return True
        sources = (volume.get("projected") or {}).get("sources") or ()
        if any(source.get("secret") is not None for source in sources):
            return True
        if any(_has_secret_reference(source) for source in volume.values()):
            return True
    return any(
        any(
            (each.get("valueFrom") or {}).get("secretKeyRef") for each in container.get("env") or ()
        )
        or any(each.get("secretRef") for each in container.get("envFrom") or ())
        for container in _containers(spec)
    )


def _has_secret_reference(source: object) -> bool:
    """Whether a volume source names a secret by one of the usual members."""
    if not isinstance(source, dict):
        return False
    members = ("secretRef", "nodePublishSecretRef")
    return any(source.get(member) for member in members) or bool(source.get("secretName"))
