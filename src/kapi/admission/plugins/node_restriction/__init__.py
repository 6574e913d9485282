"""NodeRestriction: the limits of what kubelets write."""

from kapi.admission.plugins.node_restriction.plugin import NodeRestriction

__all__ = ["NodeRestriction"]
