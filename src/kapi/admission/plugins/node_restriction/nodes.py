"""What a kubelet may write to Node objects: its own one, and not what attracts or binds pods.

Labels under ``node-restriction.kubernetes.io/``, and those of Kubernetes that no kubelet reports,
are for administrators: whoever selects nodes by them can rely on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.admission.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.admission import Attributes

__all__ = ["check_node", "is_restricted"]

_KUBERNETES = ("kubernetes.io", "k8s.io")
# Domains, with their subdomains, whose labels are for kubelets.
_FOR_KUBELETS = ("kubelet.kubernetes.io", "node.kubernetes.io")
# What kubelets tell about themselves.
_REPORTED = frozenset(
    {
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/os",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "kubernetes.io/arch",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)


def check_node(attributes: Attributes, node: str, name: str) -> None:
    """Raise Forbidden unless the write is of the node's own object, and of harmless members."""
    if name != node:
        raise refused(attributes, f'node "{node}" is not allowed to modify node "{name}"')
    obj, old = attributes.obj, attributes.old
    if obj is None:
        return
    if old is None:
        _check_new(attributes, node, obj)
    else:
        _check_change(attributes, node, obj, old)


def _check_new(attributes: Attributes, node: str, obj: JSONObject) -> None:
    if _spec(obj).get("configSource"):
        why = f'node "{node}" is not allowed to create pods with a non-nil configSource'
        raise refused(attributes, why)
    restricted = _restricted(_labels(obj))
    if restricted:
        why = f'node "{node}" is not allowed to set the following labels: {restricted}'
        raise refused(attributes, why)


def _check_change(attributes: Attributes, node: str, obj: JSONObject, old: JSONObject) -> None:
    source = _spec(obj).get("configSource")
    if source and source != _spec(old).get("configSource"):
        why = f'node "{node}" is not allowed to update configSource to a new non-nil configSource'
        raise refused(attributes, why)
    if (_spec(obj).get("taints") or []) != (_spec(old).get("taints") or []):
        raise refused(attributes, f'node "{node}" is not allowed to modify taints')
    meta, before = obj["metadata"], old["metadata"]
    if (meta.get("ownerReferences") or []) != (before.get("ownerReferences") or []):
        raise refused(attributes, f'node "{node}" is not allowed to modify ownerReferences')
    labels, old_labels = _labels(obj), _labels(old)
    changed = [
        key for key in labels.keys() | old_labels.keys() if labels.get(key) != old_labels.get(key)
    ]
    restricted = _restricted(changed)
    if restricted:
        raise refused(attributes, f"is not allowed to modify labels: {restricted}")


def is_restricted(label: str) -> bool:
    """Whether a label is not for kubelets to set."""
    domain, slash, _ = label.partition("/")
    if not slash or label in _REPORTED or _belongs_to(domain, _FOR_KUBELETS):
        return False
    return _belongs_to(domain, _KUBERNETES)


def _belongs_to(domain: str, domains: Iterable[str]) -> bool:
    return any(domain == each or domain.endswith(f".{each}") for each in domains)


def _restricted(labels: Iterable[str]) -> str:
    return ", ".join(sorted(label for label in labels if is_restricted(label)))


def _spec(obj: JSONObject) -> JSONObject:
    return obj.get("spec") or {}


def _labels(obj: JSONObject) -> Mapping[str, str]:
    return obj["metadata"].get("labels") or {}
