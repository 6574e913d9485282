"""Who may approve and sign certificate requests, and what nobody gets a certificate for.

Implements CertificateApproval, CertificateSigning and CertificateSubjectRestriction of "Admission
control in Kubernetes". The rights are verbs on ``signers`` of certificates.k8s.io, by the name of
the signer or of all signers of its domain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeAlias

from kapi.admission.chain import Plugin
from kapi.admission.refusal import refused
from kapi.apimachinery.user import PRIVILEGED_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject
    from kapi.apimachinery.user import UserInfo
    from kapi.registry.admission import Attributes

__all__ = [
    "CertificateApproval",
    "CertificateSigning",
    "CertificateSubjectRestriction",
    "ResourceAccess",
]

_REQUESTS = frozenset({("certificates.k8s.io", "certificatesigningrequests")})
_CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"


# Asks the authorizer in force: whether a user may do a verb to the cluster-scoped object of a
# group, resource and name.
ResourceAccess: TypeAlias = "Callable[[UserInfo, str, str, str, str], bool]"


class _SignerPlugin(Plugin):
    """A plugin that asks for a verb on the signer of a request."""

    operations: ClassVar[frozenset[str]] = frozenset({"UPDATE"})
    resources: ClassVar[frozenset[tuple[str, str]]] = _REQUESTS
    _verb: ClassVar[str] = ""

    def __init__(self, may: ResourceAccess) -> None:
        self._may = may

    def _check(self, attributes: Attributes, old: JSONObject) -> None:
        signer = (old.get("spec") or {}).get("signerName") or ""
        domain = f"{signer.partition('/')[0]}/*"
        user = attributes.context.user
        for name in (signer, domain):
            if self._may(user, self._verb, "certificates.k8s.io", "signers", name):
                return
        why = f'user not permitted to {self._verb} requests with signerName "{signer}"'
        raise refused(attributes, why)


class CertificateApproval(_SignerPlugin):
    """Approving and denying needs the verb ``approve`` on the signer."""

    name: ClassVar[str] = "CertificateApproval"
    subresources: ClassVar[frozenset[str]] = frozenset({"approval"})
    _verb: ClassVar[str] = "approve"

    async def validate(self, attributes: Attributes) -> None:
        """See the class."""
        if attributes.old is not None:
            self._check(attributes, attributes.old)


class CertificateSigning(_SignerPlugin):
    """Setting the certificate or conditions needs the verb ``sign`` on the signer."""

    name: ClassVar[str] = "CertificateSigning"
    subresources: ClassVar[frozenset[str]] = frozenset({"status"})
    _verb: ClassVar[str] = "sign"

    async def validate(self, attributes: Attributes) -> None:
        """See the class."""
        obj, old = attributes.obj, attributes.old
        if obj is None or old is None:
            return
        new_status, old_status = obj.get("status") or {}, old.get("status") or {}
        if any(
            (new_status.get(member) or None) != (old_status.get(member) or None)
            for member in ("certificate", "conditions")
        ):
            self._check(attributes, old)


class CertificateSubjectRestriction(Plugin):
    """Nobody asks for a client certificate of the group ``system:masters``."""

    name: ClassVar[str] = "CertificateSubjectRestriction"
    resources: ClassVar[frozenset[tuple[str, str]]] = _REQUESTS

    async def validate(self, attributes: Attributes) -> None:
        """See the class."""
        spec = (attributes.obj or {}).get("spec") or {}
        if spec.get("signerName") != _CLIENT_SIGNER:
            return
        if PRIVILEGED_GROUP in _organizations(spec.get("request") or ""):
            raise refused(
                attributes,
                f"use of {_CLIENT_SIGNER} signer with {PRIVILEGED_GROUP} group is not allowed",
            )


def _organizations(request: str) -> list[str]:
    import base64  # noqa: PLC0415 - with the next: few servers ever see a request
    import binascii  # noqa: PLC0415

    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    from kapi.apis.certificates.pem import PEMError, parse_request  # noqa: PLC0415

    try:
        subject = parse_request(base64.b64decode(request)).subject
    except (PEMError, binascii.Error):
        return []  # validation has refused it before
    return [str(a.value) for a in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
