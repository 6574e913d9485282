"""ClusterTrustBundle and PodCertificateRequest.

Implements "Cluster trust bundles" and "Pod certificate requests" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import names
from kapi.apis.certificates.pem import PEMError, check_certificates
from kapi.registry.rules import Column, Columns, KindRules
from kapi.registry.standard_columns import NAME
from kapi.registry.status_strategies import ImmutableSpecStrategy, StatusStrategy
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = ["CLUSTER_TRUST_BUNDLE", "POD_CERTIFICATE_REQUEST"]

_EXPIRATION_SECONDS = 86400
# Of PodCertificateRequest v1beta1, which v1 does not have.
_EARLY_MEMBERS = ("pkixPublicKey", "proofOfPossession")
_STATES = ("Issued", "Denied", "Failed")


class ClusterTrustBundleStrategy(Strategy):
    """ClusterTrustBundle: certificates to trust, named after their signer if they have one."""

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """A path segment: the signer's name has a colon."""
        return names.path_segment_name(name, prefix=prefix)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Name, signer and certificates."""
        name, spec = obj["metadata"].get("name", ""), obj.get("spec") or {}
        signer = spec.get("signerName", "")
        if signer:
            start = signer.replace("/", ":") + ":"
            if not name.startswith(start):
                errors.invalid(
                    "metadata.name",
                    name,
                    f"ClusterTrustBundle for signerName {signer} must be named with prefix {start}",
                )
        elif ":" in name:
            errors.invalid(
                "metadata.name",
                name,
                'ClusterTrustBundle without signer name must not have ":" in its name',
            )
        try:
            check_certificates(spec.get("trustBundle", "").encode())
        except PEMError as error:
            errors.invalid("spec.trustBundle", "<value omitted>", str(error))

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The signer stays."""
        spec, old_spec = obj.get("spec") or {}, old.get("spec") or {}
        if spec.get("trustBundle") != old_spec.get("trustBundle"):
            self.validate(context, obj, errors)
        if spec.get("signerName", "") != old_spec.get("signerName", ""):
            errors.invalid("spec.signerName", spec.get("signerName", ""), "field is immutable")

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """The signer."""
        return {"spec.signerName": (obj.get("spec") or {}).get("signerName", "")}


def _drop_empty_keys(obj: JSONObject) -> None:
    """Versions write the keys that only others have as empty ones."""
    spec = obj.get("spec") or {}
    for member in (*_EARLY_MEMBERS, "stubPKCS10Request"):
        if not spec.get(member):
            spec.pop(member, None)


class PodCertificateRequestStrategy(ImmutableSpecStrategy):
    """PodCertificateRequest: a kubelet asks for a pod's certificate."""

    has_generation: ClassVar[bool] = False

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """No status, and the keys of one version."""
        super().prepare_for_create(context, obj)
        _drop_empty_keys(obj)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """All that identifies the pod is there."""
        spec = obj.get("spec") or {}
        for member in (
            "signerName",
            "podName",
            "podUID",
            "serviceAccountName",
            "serviceAccountUID",
            "nodeName",
            "nodeUID",
        ):
            if not spec.get(member):
                errors.required(f"spec.{member}")

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Keep what only the other version has."""
        _drop_empty_keys(obj)
        spec, old_spec = obj.get("spec") or {}, old.get("spec") or {}
        if context.version == "v1":
            spec.update({name: old_spec[name] for name in _EARLY_MEMBERS if name in old_spec})

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """Signer, pod and node."""
        spec = obj.get("spec") or {}
        return {
            f"spec.{name}": spec.get(name, "") for name in ("signerName", "podName", "nodeName")
        }


def _default_request(obj: JSONObject) -> None:
    spec = obj.setdefault("spec", {})
    if spec.get("maxExpirationSeconds") is None:
        spec["maxExpirationSeconds"] = _EXPIRATION_SECONDS


def _request_from_hub(obj: JSONObject) -> JSONObject:
    spec = obj.get("spec") or {}
    return {**obj, "spec": {k: v for k, v in spec.items() if k not in _EARLY_MEMBERS}}


def _bundle_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    return [obj["metadata"]["name"], (obj.get("spec") or {}).get("signerName") or "<none>"]


def _request_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    held = {condition["type"] for condition in status.get("conditions") or ()}
    annotations = spec.get("unverifiedUserAnnotations") or {}
    members = ("podName", "serviceAccountName", "nodeName", "signerName")
    return [
        obj["metadata"]["name"],
        *(spec.get(member, "") for member in members),
        next((state for state in _STATES if state in held), "Pending"),
        ",".join(f"{key}={value}" for key, value in sorted(annotations.items())),
    ]


_REQUEST_COLUMNS = (
    "PodName",
    "ServiceAccountName",
    "NodeName",
    "SignerName",
    "State",
    "UnverifiedUserAnnotations",
)
CLUSTER_TRUST_BUNDLE = KindRules(
    strategy=ClusterTrustBundleStrategy(),
    columns=Columns((NAME, Column("SignerName")), _bundle_cells),
    selectable_fields=("spec.signerName",),
)
POD_CERTIFICATE_REQUEST = KindRules(
    strategy=PodCertificateRequestStrategy(),
    subresources={"status": StatusStrategy()},
    defaults=dict.fromkeys(("v1", "v1beta1", "v1alpha1"), _default_request),
    columns=Columns((NAME, *(Column(name) for name in _REQUEST_COLUMNS)), _request_cells),
    from_hub={"v1": _request_from_hub},
    selectable_fields=("spec.signerName", "spec.podName", "spec.nodeName"),
)
