"""Rules of webhooks: which operations they mean."""

from __future__ import annotations

import pytest

from kapi.admission.webhook.rules import RequestedResource, RuleMatcher, is_exempt


def _rule(**members):
    return {
        "operations": ["CREATE"],
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "resources": ["deployments"],
        "scope": "*",
        **members,
    }


CREATE = RequestedResource("apps", "v1", "deployments", "", "CREATE", namespaced=True)
SCALE = CREATE._replace(subresource="scale", operation="UPDATE")


@pytest.mark.parametrize(
    ("members", "request_", "expected"),
    [
        ({}, CREATE, True),
        ({}, CREATE._replace(operation="UPDATE"), False),
        ({"operations": ["*"]}, CREATE._replace(operation="CONNECT"), True),
        ({}, CREATE._replace(group="extensions"), False),
        ({"apiGroups": ["*"]}, CREATE._replace(group="extensions"), True),
        ({}, CREATE._replace(version="v1beta1"), False),
        ({"apiVersions": ["*"]}, CREATE._replace(version="v1beta1"), True),
        ({"operations": ["*"]}, SCALE, False),
        ({"operations": ["*"], "resources": ["*"]}, SCALE, False),
        ({"operations": ["*"], "resources": ["deployments/*"]}, SCALE, True),
        ({"operations": ["*"], "resources": ["*/scale"]}, SCALE, True),
        ({"operations": ["*"], "resources": ["*/status"]}, SCALE, False),
        ({"operations": ["*"], "resources": ["*/*"]}, SCALE, True),
        ({"resources": ["deployments/*"]}, CREATE, True),
        ({"resources": ["*"]}, CREATE, True),
        ({"scope": "Namespaced"}, CREATE, True),
        ({"scope": "Cluster"}, CREATE, False),
        ({"scope": "Cluster"}, CREATE._replace(namespaced=False), True),
        ({"scope": "Namespaced"}, CREATE._replace(namespaced=False), False),
    ],
)
def test_rules(members, request_, expected):
    """All members of a rule must mean the operation; subresources are named by themselves."""
    assert RuleMatcher([_rule(**members)]).matches(request_) is expected


def test_any_rule_is_enough():
    """A webhook without rules means nothing, with several whatever any of them means."""
    assert not RuleMatcher([]).matches(CREATE)
    assert RuleMatcher([_rule(operations=["DELETE"]), _rule()]).matches(CREATE)


def test_exemption():
    """Only the configuration of admission itself is exempt, not the rest of its group."""
    assert is_exempt("admissionregistration.k8s.io", "mutatingwebhookconfigurations")
    assert not is_exempt("admissionregistration.k8s.io", "somethingelse")
    assert not is_exempt("example.com", "mutatingwebhookconfigurations")
