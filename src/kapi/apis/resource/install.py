"""Registers the kinds of resource.k8s.io."""

from __future__ import annotations

from kapi.apis.resource import columns, conversion, defaults, strategy
from kapi.apis.resource.taint_rules import DEVICE_TAINT_RULE, RESOURCE_POOL_STATUS_REQUEST
from kapi.registry.rules import KindRules, Rules
from kapi.registry.status_strategies import SpecStrategy, StatusStrategy

__all__ = ["install"]

_GROUP = "resource.k8s.io"
_VERSIONS = ("v1", "v1beta2", "v1beta1", "v1alpha3")
# Versions that differ from v1 in form.
_EARLY = ("v1beta1", "v1alpha3")
# Kinds of the first designs, up to Kubernetes 1.31, and whether they have a status.
_FORMER = {
    "podschedulings": True,
    "podschedulingcontexts": True,
    "resourceclasses": False,
    "resourceclaimparameters": False,
    "resourceclassparameters": False,
}


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "deviceclasses",
        KindRules(strategy=strategy.DeviceClassStrategy(), columns=columns.NAME_AND_AGE),
    )
    rules.add(
        _GROUP,
        "resourceclaims",
        KindRules(
            strategy=strategy.ResourceClaimStrategy(),
            subresources={"status": strategy.ResourceClaimStatusStrategy()},
            defaults=dict.fromkeys(_VERSIONS, defaults.default_resource_claim),
            columns=columns.RESOURCE_CLAIM,
            to_hub=dict.fromkeys(_EARLY, conversion.claim_to_hub),
            from_hub=dict.fromkeys(_EARLY, conversion.claim_from_hub),
        ),
    )
    rules.add(
        _GROUP,
        "resourceclaimtemplates",
        KindRules(
            strategy=strategy.ResourceClaimTemplateStrategy(),
            defaults=dict.fromkeys(_VERSIONS, defaults.default_resource_claim_template),
            columns=columns.NAME_AND_AGE,
            to_hub=dict.fromkeys(_EARLY, conversion.template_to_hub),
            from_hub=dict.fromkeys(_EARLY, conversion.template_from_hub),
        ),
    )
    rules.add(
        _GROUP,
        "resourceslices",
        KindRules(
            strategy=strategy.ResourceSliceStrategy(),
            columns=columns.RESOURCE_SLICE,
            to_hub={
                "v1beta1": conversion.slice_to_hub,
                "v1alpha3": conversion.alpha_slice_to_hub,
            },
            from_hub={
                "v1beta1": conversion.slice_from_hub,
                "v1alpha3": conversion.alpha_slice_from_hub,
            },
            selectable_fields=("spec.nodeName", "spec.driver"),
        ),
    )
    rules.add(_GROUP, "devicetaintrules", DEVICE_TAINT_RULE)
    rules.add(_GROUP, "resourcepoolstatusrequests", RESOURCE_POOL_STATUS_REQUEST)
    for resource, has_status in _FORMER.items():
        status = {"status": StatusStrategy()} if has_status else {}
        rules.add(_GROUP, resource, KindRules(strategy=SpecStrategy(), subresources=status))
