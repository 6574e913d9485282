"""PodSecurity: pods keep to the level of the Pod Security Standards that their namespace chose.

Implements "Pod Security Admission". Pods are refused; what makes pods is only warned about, and so
are the pods that exist when a namespace gets stricter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.admission.podsecurity.check import containers_of
from kapi.admission.podsecurity.configuration import PodSecurityConfiguration
from kapi.admission.podsecurity.policy import (
    Level,
    Policy,
    described,
    policy_of,
    validate_labels,
    violations,
)
from kapi.admission.refusal import refused
from kapi.apimachinery.errors import Invalid
from kapi.apimachinery.field import ErrorList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.admission.lookup import Lookup
    from kapi.admission.podsecurity.check import Violation
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["PodSecurity"]

_PODS = ("", "pods")
_NAMESPACES = ("", "namespaces")
# Where the template of each kind that makes pods is.
_TEMPLATES: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "podtemplates"): ("template",),
    ("", "replicationcontrollers"): ("spec", "template"),
    ("apps", "daemonsets"): ("spec", "template"),
    ("apps", "deployments"): ("spec", "template"),
    ("apps", "replicasets"): ("spec", "template"),
    ("apps", "statefulsets"): ("spec", "template"),
    ("batch", "cronjobs"): ("spec", "jobTemplate", "spec", "template"),
    ("batch", "jobs"): ("spec", "template"),
}
# So many pods are looked at when a namespace gets stricter.
_MAX_PODS = 3000
_PROFILE_PREFIXES = (
    "container.apparmor.security.beta.kubernetes.io/",
    "seccomp.security.alpha.kubernetes.io/",
)


class PodSecurity(Plugin):
    """See the module."""

    name: ClassVar[str] = "PodSecurity"

    def __init__(
        self, lookup: Lookup, configuration: PodSecurityConfiguration | None = None
    ) -> None:
        self._lookup = lookup
        self._configuration = configuration or PodSecurityConfiguration()

    def handles(self, attributes: Attributes) -> bool:
        """Pods, what makes pods, and namespaces."""
        if attributes.operation not in {"CREATE", "UPDATE"}:
            return False
        key = (attributes.resource.group, attributes.resource.resource)
        if key == _PODS:
            return attributes.subresource in {"", "ephemeralcontainers"}
        return not attributes.subresource and (key == _NAMESPACES or key in _TEMPLATES)

    async def validate(self, attributes: Attributes) -> None:
        """Refuse or warn, by the policy of the namespace."""
        obj = attributes.obj
        if obj is None:
            return
        key = (attributes.resource.group, attributes.resource.resource)
        if key == _NAMESPACES:
            await self._judge_namespace(attributes, obj)
            return
        policy = await self._policy(attributes)
        if policy is None:
            return
        if key == _PODS:
            if not self._is_exempt(obj["spec"]):
                _judge_pod(attributes, obj, policy)
            return
        template = obj
        for member in _TEMPLATES[key]:
            template = template.get(member) or {}
        if template.get("spec") and not self._is_exempt(template["spec"]):
            meta = template.get("metadata") or {}
            _warn(attributes, policy.warn, _found(attributes, meta, template["spec"], policy.warn))

    async def _policy(self, attributes: Attributes) -> Policy | None:
        """The policy in force; None when everything is allowed."""
        name, configuration = attributes.context.namespace, self._configuration
        user = attributes.context.user.name
        if name in configuration.namespaces or user in configuration.usernames:
            return None
        namespace = await self._lookup.get("", "namespaces", "", name)
        labels = ((namespace or {}).get("metadata") or {}).get("labels") or {}
        if len(labels) <= 1 and configuration.defaults.allows_all:
            return None  # the namespace has its name as label, and no policy
        return policy_of(labels, configuration.defaults)

    def _is_exempt(self, spec: JSONObject) -> bool:
        return (spec.get("runtimeClassName") or "") in self._configuration.runtime_classes

    async def _judge_namespace(self, attributes: Attributes, namespace: JSONObject) -> None:
        labels = namespace["metadata"].get("labels") or {}
        old_labels = ((attributes.old or {}).get("metadata") or {}).get("labels") or {}
        errors, old_errors = ErrorList(), ErrorList()
        validate_labels(labels, errors)
        validate_labels(old_labels, old_errors)
        if errors and (attributes.old is None or list(errors) != list(old_errors)):
            name = namespace["metadata"].get("name", "")
            raise Invalid.kind("", "Namespace", name, errors)
        if errors:
            return
        defaults = self._configuration.defaults
        policy = policy_of(labels, defaults)
        name = namespace["metadata"].get("name", "")
        if name in self._configuration.namespaces:
            if not policy.allows_all and policy != defaults:
                _warn_of_exemption(attributes, name, described(labels, policy))
            return
        if attributes.old is None:
            return
        new, old = policy.enforce, policy_of(old_labels, defaults).enforce
        is_stricter = new.strictness > old.strictness or new.version != old.version
        if new.strictness and new != old and is_stricter:
            await self._warn_of_existing(attributes, new)

    async def _warn_of_existing(self, attributes: Attributes, level: Level) -> None:
        name = attributes.context.name
        pods = await self._lookup.list("", "pods", name)
        groups: dict[str, list[str]] = {}
        for pod in pods[:_MAX_PODS]:
            found = _found(attributes, pod["metadata"], pod["spec"], level)
            if found and not self._is_exempt(pod["spec"]):
                reasons = ", ".join(violation.reason for violation in found)
                groups.setdefault(reasons, []).append(pod["metadata"]["name"])
        if not groups:
            return
        context = attributes.context
        context.warn(
            f'existing pods in namespace "{name}" violate the new PodSecurity enforce level '
            f'"{level}"'
        )
        for reasons, names in groups.items():
            more = len(names) - 1
            others = f" (and {more} other pod{'' if more == 1 else 's'})" if more else ""
            context.warn(f"{names[0]}{others}: {reasons}")


def _warn_of_exemption(attributes: Attributes, name: str, policy: str) -> None:
    attributes.context.warn(
        f'namespace "{name}" is exempt from Pod Security, and the policy ({policy}) will be ignored'
    )


def _found(
    attributes: Attributes, meta: JSONObject, spec: JSONObject, level: Level
) -> list[Violation]:
    return violations(meta, spec, level, attributes.context.minor)


def _judge_pod(attributes: Attributes, pod: JSONObject, policy: Policy) -> None:
    old = attributes.old
    if old is not None and not attributes.subresource and not _changed(pod, old):
        return
    found = _found(attributes, pod["metadata"], pod["spec"], policy.enforce)
    if found:
        text = ", ".join(map(str, found))
        raise refused(attributes, f'violates PodSecurity "{policy.enforce}": {text}')
    if policy.warn != policy.enforce:
        found = _found(attributes, pod["metadata"], pod["spec"], policy.warn)
        _warn(attributes, policy.warn, found)


def _warn(attributes: Attributes, level: Level, found: Sequence[Violation]) -> None:
    if found:
        text = ", ".join(map(str, found))
        attributes.context.warn(f'would violate PodSecurity "{level}": {text}')


def _changed(pod: JSONObject, old: JSONObject) -> bool:
    """Whether an update of a pod changes what the standards are about."""
    images, old_images = (
        [(c.get("name"), c.get("image")) for c in containers_of(each["spec"])]
        for each in (pod, old)
    )
    profiles, old_profiles = (
        {
            name: value
            for name, value in (each["metadata"].get("annotations") or {}).items()
            if name.startswith(_PROFILE_PREFIXES)
        }
        for each in (pod, old)
    )
    return images != old_images or profiles != old_profiles
