"""NodeRestriction: kubelets write only what is of their node.

Implements "NodeRestriction" of "Admission control in Kubernetes". What a kubelet may do to which
resource at all is the authorizer's business (``kapi.authorization.node``); what depends on the
content of objects is decided here. Everybody else is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.admission.chain import Plugin
from kapi.admission.plugins.node_restriction.claims import check_claim
from kapi.admission.plugins.node_restriction.nodes import check_node
from kapi.admission.plugins.node_restriction.pods import check_pod
from kapi.admission.plugins.node_restriction.tokens import check_token
from kapi.admission.refusal import refused
from kapi.apimachinery.user import node_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from kapi.admission.lookup import Lookup
    from kapi.authorization.authorizer import Authorizer
    from kapi.registry.admission import Attributes

    _Check: TypeAlias = Callable[[Attributes, str], Awaitable[None]]

__all__ = ["NodeRestriction"]

_LEASE_NAMESPACE = "kube-node-lease"
_NODE_SIGNERS = frozenset(
    {"kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/kubelet-serving"}
)


class NodeRestriction(Plugin):
    """See the package; off unless it is asked for."""

    name: ClassVar[str] = "NodeRestriction"
    operations: ClassVar[frozenset[str]] = frozenset({"CREATE", "UPDATE", "DELETE"})

    def __init__(self, lookup: Lookup, authorizer: Authorizer, minor: int) -> None:
        self._lookup = lookup
        self._authorizer = authorizer
        self._minor = minor
        self._checks: dict[tuple[str, str], _Check] = {
            ("", "nodes"): self._node,
            ("", "pods"): self._pod,
            ("", "persistentvolumeclaims"): self._claim,
            ("", "serviceaccounts"): self._token,
            ("coordination.k8s.io", "leases"): self._lease,
            ("storage.k8s.io", "csinodes"): self._csi_node,
            ("resource.k8s.io", "resourceslices"): self._resource_slice,
            ("certificates.k8s.io", "certificatesigningrequests"): self._certificate_request,
        }

    def handles(self, attributes: Attributes) -> bool:
        """Writes of every resource: somebody who is no node in particular writes none."""
        return attributes.operation in self.operations

    async def mutate(self, attributes: Attributes) -> None:
        """Raise Forbidden where a kubelet goes too far, NotFound where it names what is not."""
        node = node_of(attributes.context.user)
        if node is None or attributes.context.admitted:
            return
        if not node:
            user = attributes.context.user.name
            raise refused(attributes, f'could not determine node from user "{user}"')
        resource = attributes.resource
        check = self._checks.get((resource.group, resource.resource))
        if check is not None:
            await check(attributes, node)

    async def _node(self, attributes: Attributes, node: str) -> None:
        check_node(attributes, node, _written_name(attributes))

    async def _pod(self, attributes: Attributes, node: str) -> None:
        await check_pod(attributes, node, self._lookup)

    async def _claim(self, attributes: Attributes, node: str) -> None:
        check_claim(attributes, node)

    async def _token(self, attributes: Attributes, node: str) -> None:
        if attributes.subresource == "token":
            await check_token(attributes, node, self._lookup, self._authorizer, self._minor)

    async def _lease(self, attributes: Attributes, node: str) -> None:
        if attributes.context.namespace != _LEASE_NAMESPACE:
            why = f'can only access leases in the "{_LEASE_NAMESPACE}" system namespace'
            raise refused(attributes, why)
        if _written_name(attributes) != node:
            why = "can only access node lease with the same name as the requesting node"
            raise refused(attributes, why)

    async def _csi_node(self, attributes: Attributes, node: str) -> None:
        if _written_name(attributes) != node:
            why = "can only access CSINode with the same name as the requesting node"
            raise refused(attributes, why)

    async def _resource_slice(self, attributes: Attributes, node: str) -> None:
        """Updates cannot change the node, and only its own slices are the node's to update."""
        operation = attributes.operation
        if operation == "UPDATE":
            return
        judged = attributes.obj if operation == "CREATE" else attributes.old
        if ((judged or {}).get("spec") or {}).get("nodeName") != node:
            why = f"can only {operation.lower()} ResourceSlice with the same NodeName as the"
            raise refused(attributes, f"{why} requesting node")

    async def _certificate_request(self, attributes: Attributes, node: str) -> None:
        spec = (attributes.obj or {}).get("spec") or {}
        if attributes.operation != "CREATE" or spec.get("signerName") not in _NODE_SIGNERS:
            return
        wanted = attributes.context.user.name
        if _common_name(attributes, spec.get("request") or "") != wanted:
            raise refused(attributes, f"can only create a node CSR with CN={wanted}")


def _written_name(attributes: Attributes) -> str:
    """The name of what is written; empty where it is still to be generated, or of many."""
    name = attributes.context.name
    if not name and attributes.operation == "CREATE":
        name = ((attributes.obj or {}).get("metadata") or {}).get("name") or ""
    return name


def _common_name(attributes: Attributes, request: str) -> str:
    import base64  # noqa: PLC0415 - with the next: few servers ever see a request
    import binascii  # noqa: PLC0415

    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    from kapi.apis.certificates.pem import PEMError, parse_request  # noqa: PLC0415

    try:
        subject = parse_request(base64.b64decode(request)).subject
    except (PEMError, binascii.Error) as error:
        raise refused(attributes, f"unable to parse csr: {error}") from None
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[-1].value) if names else ""
