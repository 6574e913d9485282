"""What kubelets may write."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from kapi.admission.plugins.node_restriction import NodeRestriction
from kapi.admission.plugins.node_restriction.nodes import is_restricted
from kapi.apimachinery.errors import StatusError
from kapi.apimachinery.user import UserInfo
from kapi.authorization.always import AlwaysAllow
from kapi.authorization.authorizer import Decision, SubjectRules
from kapi.registry.admission import Attributes
from kapi.registry.context import RequestContext

_NODE = UserInfo("system:node:n1", groups=("system:nodes",))
_OWNER = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "u1", "controller": True}
_MIRROR = {"kubernetes.io/config.mirror": "x"}
_CLAIM_VOLUME = {"name": "d", "persistentVolumeClaim": {"claimName": "d"}}
_TOKEN_VOLUME = {
    "name": "t",
    "projected": {"sources": [{"serviceAccountToken": {"audience": "aud", "path": "t"}}]},
}


class _Lookup:
    """Objects by group, resource, namespace and name."""

    def __init__(self, **objects):
        self._objects = {
            ("", "nodes", "", "n1"): {"metadata": {"name": "n1", "uid": "u1"}},
            ("", "pods", "ns", "p"): _pod("p", "n1", _TOKEN_VOLUME),
            ("", "pods", "ns", "q"): _pod("q", "n2"),
            **{tuple(key.split("/")): value for key, value in objects.items()},
        }

    async def get(self, group, resource, namespace, name):
        return self._objects.get((group, resource, namespace, name))


class _Denying:
    """Nobody has the right to ask for audiences."""

    def authorize(self, attributes):
        return Decision(allowed=False)

    def rules(self, user, namespace):
        return SubjectRules()


def _pod(name, node, *volumes):
    meta = {"name": name, "namespace": "ns", "uid": f"uid-{name}"}
    return {"metadata": meta, "spec": {"nodeName": node, "volumes": list(volumes)}}


def _mirror(owner=_OWNER, **spec):
    owners = [] if owner is None else [owner]
    meta = {"name": "m", "annotations": _MIRROR, "ownerReferences": owners}
    return {"metadata": meta, "spec": {"nodeName": "n1", **spec}}


def _object(name="n1", spec=None, **meta):
    return {"metadata": {"name": name, **meta}, "spec": spec or {}}


def _try(
    what,
    obj=None,
    old=None,
    *,
    operation=None,
    name="",
    user=_NODE,
    objects=(),
    authorizer=None,
    minor=36,
    namespace="ns",
):
    """The message of the refusal, empty when the write is admitted."""
    path, _, subresource = what.partition("/")
    resource, _, group = path.partition(".")
    if operation is None:
        operation = "CREATE" if old is None else "DELETE" if obj is None else "UPDATE"
    name = name or (obj or old)["metadata"].get("name", "")
    context = RequestContext(user, namespace, name, 0.0, minor, subresource=subresource)
    attributes = Attributes(
        context,
        SimpleNamespace(group=group, resource=resource),
        operation,
        subresource,
        obj,
        old,
        {},
    )
    plugin = NodeRestriction(_Lookup(**dict(objects)), authorizer or _Denying(), minor)
    assert plugin.handles(attributes)
    try:
        asyncio.run(plugin.mutate(attributes))
    except StatusError as error:
        message = error.message
        return message.partition(" is forbidden: ")[2] if error.code == 403 else message
    return ""


@pytest.mark.parametrize(
    ("label", "restricted"),
    [
        ("a", False),
        ("example.com/a", False),
        ("kubernetes.io", False),
        ("kubernetes.io/hostname", False),
        ("kubernetes.io/else", True),
        ("k8s.io/a", True),
        ("x.k8s.io/a", True),
        ("xk8s.io/a", False),
        ("node-role.kubernetes.io/control-plane", True),
        ("node-restriction.kubernetes.io/a", True),
        ("x.node-restriction.kubernetes.io/a", True),
        ("node.kubernetes.io/instance-type", False),
        ("x.kubelet.kubernetes.io/a", False),
        ("topology.kubernetes.io/zone", False),
        ("topology.kubernetes.io/rack", True),
    ],
)
def test_labels_of_nodes(label, restricted):
    """Kubelets set labels of their own, and those that they report."""
    assert is_restricted(label) is restricted


def test_nodes():
    """A kubelet writes its own node, without what is for administrators."""
    assert _try("nodes", _object()) == ""
    assert _try("nodes", _object("n2")) == 'node "n1" is not allowed to modify node "n2"'
    assert _try("nodes/status", _object("n2"), _object("n2"))
    assert _try("nodes", None, _object("n2"))
    assert _try("nodes", None, _object()) == ""
    labels = {"x.k8s.io/b": "", "kubernetes.io/a": "", "mine": ""}
    assert _try("nodes", _object(labels=labels)) == (
        'node "n1" is not allowed to set the following labels: kubernetes.io/a, x.k8s.io/b'
    )
    old = _object(labels=labels)
    assert _try("nodes", _object(labels={**labels, "mine": "x"}), old) == ""
    changed = {"x.k8s.io/b": "new", "new.k8s.io/c": ""}
    assert _try("nodes", _object(labels=changed), old) == (
        "is not allowed to modify labels: kubernetes.io/a, new.k8s.io/c, x.k8s.io/b"
    )
    taints = {"taints": [{"key": "a", "effect": "NoSchedule"}]}
    assert _try("nodes", _object(spec=taints)) == ""
    assert _try("nodes", _object(spec=taints), _object()).endswith("to modify taints")
    owned = _object(ownerReferences=[{"name": "x"}])
    assert _try("nodes", owned) == ""
    assert _try("nodes", owned, _object()).endswith("to modify ownerReferences")
    source = _object(spec={"configSource": {"configMap": {}}})
    assert _try("nodes", source).endswith("to create pods with a non-nil configSource")
    assert _try("nodes", source, _object()).endswith("to a new non-nil configSource")
    assert _try("nodes", source, source) == ""


@pytest.mark.parametrize(
    ("pod", "problem"),
    [
        (_mirror(), ""),
        (
            {**_mirror(), "metadata": {"name": "m"}},
            (
                'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only '
                "create mirror pods"
            ),
        ),
        (_mirror(nodeName="n2"), 'node "n1" can only create pods with spec.nodeName set to itself'),
        (
            _mirror(None),
            'node "n1" can only create pods with an owner reference set to itself',
        ),
        (
            _mirror({**_OWNER, "name": "n2"}),
            'node "n1" can only create pods with an owner reference set to itself',
        ),
        (
            _mirror({**_OWNER, "controller": False}),
            'node "n1" can only create pods with a controller owner reference set to itself',
        ),
        (
            _mirror({**_OWNER, "blockOwnerDeletion": True}),
            'node "n1" must not set blockOwnerDeletion on an owner reference',
        ),
        (_mirror({**_OWNER, "uid": "x"}), "node n1 UID mismatch: expected x got u1"),
        (
            _mirror(serviceAccountName="robot"),
            'node "n1" can not create pods that reference serviceaccounts',
        ),
        (
            _mirror(imagePullSecrets=[{"name": "s"}]),
            'node "n1" can not create pods that reference secrets',
        ),
        (
            _mirror(volumes=[{"name": "c", "configMap": {"name": "c"}}]),
            'node "n1" can not create pods that reference configmaps',
        ),
        (
            _mirror(resourceClaims=[{"name": "r"}]),
            'node "n1" can not create pods that reference resourceclaims',
        ),
        (
            _mirror(volumes=[_CLAIM_VOLUME]),
            'node "n1" can not create pods that reference persistentvolumeclaims',
        ),
        (
            _mirror(volumes=[{"name": "e", "ephemeral": {}}]),
            (
                'node "n1" can not create pods that reference persistentvolumeclaims (via '
                "ephemeral volumes)"
            ),
        ),
        (
            _mirror(volumes=[_TOKEN_VOLUME]),
            'node "n1" can not create pods that reference serviceaccounts (via projected volumes)',
        ),
        (
            _mirror(
                volumes=[{"name": "b", "projected": {"sources": [{"clusterTrustBundle": {}}]}}]
            ),
            'node "n1" can not create pods that reference clustertrustbundles',
        ),
    ],
)
def test_mirror_pods(pod, problem):
    """A kubelet creates pods only to show those that it runs, and they refer to nothing."""
    assert _try("pods", pod) == problem


def test_a_mirror_pod_needs_its_node():
    """Before the node is there its kubelet shows no pods."""
    assert _try("pods", _mirror(), objects={"/nodes//n1": None}.items()) == 'node "n1" not found'


def test_pods_of_the_node():
    """A kubelet reports on, ends and evicts pods of its node only."""
    mine, theirs = _pod("p", "n1"), _pod("q", "n2")
    assert _try("pods", None, mine) == ""
    assert _try("pods", None, theirs) == (
        'node "n1" can only delete pods with spec.nodeName set to itself'
    )
    assert _try("pods", None, _pod("gone", "n1")) == 'pods "gone" not found'
    eviction = _object("q")
    assert _try("pods/eviction", eviction) == (
        "node n1 can only evict pods with spec.nodeName set to itself"
    )
    assert _try("pods/eviction", _object("p")) == ""
    assert _try("pods/eviction", _object("gone")) == 'pod "gone" not found'
    assert _try("pods/status", mine, mine) == ""
    assert _try("pods/status", theirs, theirs) == (
        'node "n1" can only update pod status for pods with spec.nodeName set to itself'
    )
    labelled = {**mine, "metadata": {**mine["metadata"], "labels": {"a": "b"}}}
    assert _try("pods/status", labelled, mine).endswith("cannot update labels through pod status")
    for status in (
        {"resourceClaimStatuses": [{"name": "r", "resourceClaimName": "x"}]},
        {"extendedResourceClaimStatus": {"resourceClaimName": "x"}},
    ):
        problem = _try("pods/status", {**mine, "status": status}, mine)
        assert problem == 'node "n1" cannot update resource claim statues'
    assert _try("pods", mine, mine) == (
        'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods'
    )
    assert _try("pods/resize", mine, mine) == (
        "unexpected pod subresource \"resize\", only 'status' and 'eviction' are allowed"
    )


def _token(bound=None, audiences=("aud",), **options):
    spec = {"audiences": list(audiences)}
    if bound is not None:
        spec["boundObjectRef"] = {"apiVersion": "v1", "kind": "Pod", **bound}
    return _try("serviceaccounts/token", {"metadata": {}, "spec": spec}, name="robot", **options)


_BOUND = {"name": "p", "uid": "uid-p"}


def test_tokens_are_for_pods_of_the_node():
    """A token is bound to one, by its uid."""
    assert _token(_BOUND) == ""
    for bound in (None, {**_BOUND, "kind": "Node"}, {**_BOUND, "name": ""}):
        assert _token(bound) == "node requested token not bound to a pod"
    assert _token({"name": "p"}) == "node requested token with a pod binding without a uid"
    assert _token({"name": "gone", "uid": "u"}) == 'pod "gone" not found'
    assert _token({"name": "p", "uid": "old"}) == (
        "the UID in the bound object reference (old) does not match the UID in record. The object "
        "might have been deleted and then recreated"
    )
    assert _token({"name": "q", "uid": "uid-q"}) == (
        "node requested token bound to a pod scheduled on a different node"
    )
    assert _try("serviceaccounts", _object("robot")) == ""


def test_audiences():
    """One, which the pod asks for or which the kubelet has a right to; before 1.33 any."""
    refused = (
        'audience "x" not found in pod spec volume, system:node:n1 is not authorized to request '
        "tokens for this audience"
    )
    assert _token(_BOUND, ["x"]) == refused
    assert _token(_BOUND, ["x"], authorizer=AlwaysAllow()) == ""
    assert _token(_BOUND, ["x"], minor=32) == ""
    assert _token(_BOUND, ["aud", "x"]) == "node may only request 0 or 1 audiences"
    assert _token(_BOUND, []).startswith('audience "" not found')


def test_audiences_of_drivers():
    """What the CSI driver behind a volume asks for counts; what is missing on the way is told."""
    objects = {
        "/pods/ns/p": _pod("p", "n1", _CLAIM_VOLUME),
        "/persistentvolumeclaims/ns/d": {"spec": {"volumeName": "v"}},
        "/persistentvolumes//v": {"spec": {"csi": {"driver": "drv"}}},
        "storage.k8s.io/csidrivers//drv": {"spec": {"tokenRequests": [{"audience": "drv-aud"}]}},
    }

    def ask(audience="drv-aud", **changes):
        return _token(_BOUND, [audience], objects={**objects, **changes}.items())

    assert ask() == ""
    assert ask("else").startswith('audience "else" not found')
    for key, told in (
        ("storage.k8s.io/csidrivers//drv", 'csidriver.storage.k8s.io "drv" not found'),
        ("/persistentvolumes//v", 'persistentvolume "v" not found'),
        ("/persistentvolumeclaims/ns/d", 'persistentvolumeclaim "d" not found'),
    ):
        assert ask(**{key: None}) == f'error validating audience "drv-aud": {told}'
    inline = {"name": "i", "csi": {"driver": "drv"}}
    assert ask(**{"/pods/ns/p": _pod("p", "n1", inline)}) == ""
    ephemeral = {"name": "e", "ephemeral": {}}
    problem = ask(**{"/pods/ns/p": _pod("p", "n1", ephemeral)})
    assert problem.endswith('persistentvolumeclaim "p-e" not found')
    assert ask("x", **{"/pods/ns/p": _pod("p", "n1", {"name": "h", "hostPath": {}})})


def test_claims():
    """Only the progress of resizing, through the status."""
    old = {"metadata": {"name": "d"}, "spec": {}, "status": {"phase": "Bound"}}
    resized = {"capacity": {"storage": "2Gi"}, "conditions": [{}], "allocatedResources": {}}
    new = {**old, "status": {**old["status"], **resized}}
    assert _try("persistentvolumeclaims/status", new, old) == ""
    lost = {**old, "status": {"phase": "Lost"}}
    lines = _try("persistentvolumeclaims/status", lost, old).splitlines()
    assert lines[0] == (
        'node "n1" is not allowed to update fields other than status.quantity and '
        "status.conditions: @@ -15,7 +15,7 @@"
    )
    assert lines[4:7] == ['-  "Phase": "Bound",', '+  "Phase": "Lost",', '   "AccessModes": null,']
    for arguments in ((old, old), (old,), (None, old)):
        problem = _try("persistentvolumeclaims", *arguments)
        assert problem == "may only update PVC status"


def test_objects_of_the_node():
    """Leases, CSINodes and resource slices are the node's own."""
    lease, why = "leases.coordination.k8s.io", "can only access node lease with the same name as"
    assert _try(lease, _object(), namespace="kube-node-lease") == ""
    problem = _try(lease, _object("n2"), namespace="kube-node-lease")
    assert problem == f"{why} the requesting node"
    assert _try(lease, None, _object("n2"), namespace="kube-node-lease") == problem
    assert _try(lease, _object()) == (
        'can only access leases in the "kube-node-lease" system namespace'
    )
    assert _try("csinodes.storage.k8s.io", _object()) == ""
    assert _try("csinodes.storage.k8s.io", _object("n2")) == (
        "can only access CSINode with the same name as the requesting node"
    )
    slices, own = "resourceslices.resource.k8s.io", _object("s", {"nodeName": "n1"})
    other = _object("s", {"nodeName": "n2"})
    assert _try(slices, own) == _try(slices, None, own) == _try(slices, other, other) == ""
    for arguments, verb in (((other,), "create"), ((None, other), "delete")):
        assert _try(slices, *arguments) == (
            f"can only {verb} ResourceSlice with the same NodeName as the requesting node"
        )


def test_certificate_requests():
    """A request of a node that cannot be read is refused; others are not looked at."""
    requests = "certificatesigningrequests.certificates.k8s.io"
    spec = {"signerName": "kubernetes.io/kubelet-serving", "request": "eA=="}
    assert _try(requests, _object("c", spec)) == (
        "unable to parse csr: PEM block type must be CERTIFICATE REQUEST"
    )
    assert _try(requests, _object("c", {**spec, "signerName": "example.com/s"})) == ""


def test_whom_it_concerns():
    """Kubelets only; one that does not say of which node it is writes nothing at all."""
    assert _try("nodes", _object("n2"), user=UserInfo("ann")) == ""
    nameless = UserInfo("system:node:", groups=("system:nodes",))
    assert _try("configmaps", _object("x"), user=nameless) == (
        'could not determine node from user "system:node:"'
    )
    assert _try("configmaps", _object("x")) == ""
