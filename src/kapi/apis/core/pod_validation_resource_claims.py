"""Claims of dynamic resources: those of the pod, and the containers' references to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.field import FieldError, quote
from kapi.apis.core.pod_go_structs import POD_RESOURCE_CLAIM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_container_claims", "validate_resource_claims"]


def validate_resource_claims(
    spec: JSONObject, metadata: JSONObject | None, path: str, errors: ErrorList
) -> Sequence[str]:
    """Validate ``spec.resourceClaims`` and return the names that containers may refer to."""
    claims = spec.get("resourceClaims")
    if not claims:
        return ()
    pod_name = (metadata or {}).get("name", "")
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        where = f"{path}.resourceClaims[{index}]"
        name = claim.get("name", "")
        template = claim.get("resourceClaimTemplateName")
        if not name:
            errors.required(f"{where}.name")
        elif name in seen:
            errors.duplicate(f"{where}.name", name)
        else:
            messages = names.dns1123_label(name)
            errors.invalid_each(f"{where}.name", name, messages)
            if not messages and template is not None and pod_name:
                full_name = f"{pod_name}-{name}"
                for message in names.dns1123_subdomain(full_name):
                    errors.invalid(
                        f"{where}.name", full_name, f"final ResourceClaim name: {message}"
                    )
            seen.add(name)
        _validate_source(claim, where, errors)
    return sorted({claim.get("name", "") for claim in claims})


def _validate_source(claim: JSONObject, path: str, errors: ErrorList) -> None:
    claim_name = claim.get("resourceClaimName")
    template_name = claim.get("resourceClaimTemplateName")
    if claim_name is not None and template_name is not None:
        errors.invalid(
            path,
            POD_RESOURCE_CLAIM.show(claim),
            "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified",
        )
    if claim_name is None and template_name is None:
        errors.invalid(
            path,
            POD_RESOURCE_CLAIM.show(claim),
            "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
        )
    if claim_name is not None:
        where = f"{path}.resourceClaimName"
        errors.invalid_each(where, claim_name, names.dns1123_subdomain(claim_name))
    if template_name is not None:
        where = f"{path}.resourceClaimTemplateName"
        errors.invalid_each(where, template_name, names.dns1123_subdomain(template_name))


def validate_container_claims(
    claims: Iterable[JSONObject], known: Sequence[str], path: str, errors: ErrorList
) -> None:
    """Validate ``resources.claims`` of a container."""
    seen: set[tuple[str, str]] = set()
    for index, claim in enumerate(claims):
        name = claim.get("name", "")
        where = f"{path}[{index}]"
        if not name:
            errors.required(where)
            continue
        request = claim.get("request", "")
        key = (name, request)
        # A claim as a whole includes each of its requests.
        if key in seen or (name, "") in seen or (not request and name in {n for n, _ in seen}):
            errors.duplicate(where, f"{name}/{request}" if request else name)
        else:
            seen.add(key)
        if name not in known:
            which = f": {', '.join(known)}" if known else " which is empty"
            errors.append(
                FieldError(
                    "FieldValueNotFound",
                    where,
                    f"Not found: {quote(name)}: must be one of the names in "
                    f"pod.spec.resourceClaims{which}",
                )
            )
