"""ResourceQuota, LimitRange and Endpoints."""

from __future__ import annotations

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.core.endpoints_strategy import EndpointsStrategy, default_endpoints
from kapi.apis.core.install_rest import install
from kapi.apis.core.limit_range_strategy import LimitRangeStrategy, default_limit_range
from kapi.apis.core.resource_quota_strategy import RESOURCE_QUOTA_COLUMNS, ResourceQuotaStrategy
from kapi.registry.context import RequestContext, UserInfo
from kapi.registry.rules import Rules


def errors_of(strategy, obj, old=None):
    context = RequestContext(UserInfo("admin"), "ns", "x", 1_772_600_767.0, 36)
    errors = ErrorList()
    if old is None:
        strategy.validate(context, obj, errors)
    else:
        strategy.validate_update(context, obj, old, errors)
    return [str(error) for error in errors]


def limits(**item):
    obj = {"spec": {"limits": [{"type": "Container", **item}]}}
    default_limit_range(obj)
    return obj


def test_limit_defaults_fill_each_other():
    """Maximum becomes default, default becomes request, the minimum only without either."""
    obj = limits(
        max={"cpu": "2", "memory": "1Gi"},
        min={"cpu": "50m", "storage": "1"},
        default={"cpu": "500m"},
    )
    item = obj["spec"]["limits"][0]
    assert item["default"] == {"cpu": "500m", "memory": "1Gi"}
    assert item["defaultRequest"] == {"cpu": "500m", "memory": "1Gi", "storage": "1"}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            {"max": {"cpu": "1"}, "default": {"cpu": "2"}, "defaultRequest": {"cpu": "1"}},
            [
                (
                    'spec.limits[0].default[cpu]: Invalid value: "1": default value 2 is greater'
                    " than"
                    " max value 1"
                )
            ],
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "500m"}},
            [
                (
                    'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is'
                    " less than 1"
                )
            ],
        ),
        (
            {
                "type": "PersistentVolumeClaim",
                "min": {"storage": "1Gi"},
                "max": {"storage": "2Gi"},
                "maxLimitRequestRatio": {"storage": "3"},
            },
            [
                (
                    'spec.limits[0].maxLimitRequestRatio[storage]: Invalid value: "3": ratio 3 is'
                    " greater than max/min = 2.000000"
                )
            ],
        ),
        (
            {"type": "Pod", "default": {"cpu": "1"}},
            ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
        ),
        (
            {"default": {"example.com/gpu": "1"}, "defaultRequest": {"example.com/gpu": "0"}},
            [
                (
                    'spec.limits[0].defaultRequest[example.com/gpu]: Invalid value: "0": default'
                    " value"
                    " 1 must equal to defaultRequest value 0 in example.com/gpu"
                )
            ],
        ),
    ],
)
def test_limit_validation(item, expected):
    """Amounts of one resource must be in order."""
    assert errors_of(LimitRangeStrategy(), limits(**item)) == expected


def quota(hard, **spec):
    return {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}}


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (quota({"count/deployments.apps": "3", "requests.example.com/gpu": "1"}), []),
        (
            quota({"disks": "1"}),
            [
                (
                    'spec.hard[disks]: Invalid value: "disks": must be a standard resource type or'
                    " fully qualified"
                ),
                'spec.hard[disks]: Invalid value: "disks": must be a standard resource for quota',
            ],
        ),
        (
            quota({"pods": "1500m"}),
            ['spec.hard[pods]: Invalid value: "1500m": must be an integer'],
        ),
        (
            quota({"pods": "1", "cpu": "1"}, scopes=["BestEffort", "NotBestEffort"]),
            [
                (
                    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: unsupported scope'
                    " applied to resource"
                ),
                'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
            ],
        ),
        (
            quota(
                {"cpu": "1"},
                scopeSelector={
                    "matchExpressions": [{"scopeName": "BestEffort", "operator": "Exists"}]
                },
            ),
            [
                (
                    'spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{'
                    '"ScopeName":"BestEffort","Operator":"Exists","Values":null}]}: unsupported'
                    " scope"
                    " applied to resource"
                )
            ],
        ),
    ],
)
def test_quota_validation(obj, expected):
    """Resources must be known and fit the scopes."""
    assert errors_of(ResourceQuotaStrategy(), obj) == expected


def test_quota_scopes_are_immutable_in_any_order():
    """Scopes are a set that never changes."""
    old = quota({"pods": "1"}, scopes=["NotTerminating", "NotBestEffort"])
    same = quota({"pods": "2"}, scopes=["NotBestEffort", "NotTerminating"])
    assert errors_of(ResourceQuotaStrategy(), same, old) == []
    assert errors_of(ResourceQuotaStrategy(), quota({"pods": "1"}), old) == [
        "spec.scopes: Invalid value: null: field is immutable"
    ]


def test_quota_row():
    """Limits have their own column; names are sorted."""
    obj = quota({})
    obj["status"] = {
        "hard": {"pods": "10", "limits.cpu": "8", "cpu": "4"},
        "used": {"cpu": "1500m"},
    }
    assert RESOURCE_QUOTA_COLUMNS.cells(obj, 0)[1:3] == [
        "cpu: 1500m/4, pods: 0/10",
        "limits.cpu: 0/8",
    ]


def test_endpoints():
    """Subsets need addresses, several ports need names."""
    obj = {
        "subsets": [
            {"ports": [{"port": 1}, {"port": 2, "name": "b"}]},
            {"addresses": [{"ip": "169.254.0.1", "hostname": "a.b"}]},
        ]
    }
    default_endpoints(obj)
    assert obj["subsets"][0]["ports"][0]["protocol"] == "TCP"
    assert errors_of(EndpointsStrategy(), obj) == [
        "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`",
        "subsets[0].ports[0].name: Required value",
        'subsets[1].addresses[0].hostname: Invalid value: "a.b": must not contain dots',
        (
            'subsets[1].addresses[0].ip: Invalid value: "169.254.0.1": may not be in the link-local'
            " range (169.254.0.0/16, fe80::/10)"
        ),
    ]


def test_rows_have_a_cell_for_each_column():
    """The Table of every kind is rectangular, even for an empty object."""
    rules = Rules()
    install(rules)
    for resource in (
        "componentstatuses",
        "configmaps",
        "endpoints",
        "events",
        "namespaces",
        "nodes",
        "persistentvolumeclaims",
        "persistentvolumes",
        "resourcequotas",
        "secrets",
        "serviceaccounts",
        "services",
    ):
        columns = rules.get("", resource).columns
        assert columns is not None, resource
        assert len(columns.cells({"metadata": {}}, 0)) == len(columns.columns), resource


def test_selectable_fields_are_those_of_the_labels():
    """What may be asked for and what is answered are the same names."""
    rules = Rules()
    install(rules)
    for resource in ("events", "namespaces", "nodes", "secrets", "services"):
        kind = rules.get("", resource)
        assert set(kind.strategy.field_labels({"metadata": {}})) == set(kind.selectable_fields)


@pytest.mark.parametrize(
    ("hard", "expected"),
    [
        ({"cpu": "4k", "limits.cpu": "8"}, ["ResourceQuota cpu (4k)"]),
        ({"requests.cpu": "9", "cpu": "1", "limits.cpu": "8"}, ["ResourceQuota requests.cpu (9)"]),
        ({"storage": "9", "limits.storage": "8"}, []),
        ({"memory": "8", "limits.memory": "8"}, []),
    ],
)
def test_quotas_with_more_requests_than_limits(hard, expected):
    """They are accepted and warned about."""
    context = RequestContext(UserInfo("u"), "ns", "q", 0.0, 36)
    ResourceQuotaStrategy().warnings_on_create(context, {"spec": {"hard": hard}})
    assert [text.partition(" should be less than ")[0] for text in context.warnings] == expected
