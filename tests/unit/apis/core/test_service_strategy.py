"""Service: defaults, validation, type changes, warnings and Table."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.core.service_columns import ENDPOINTS_COLUMNS, SERVICE_COLUMNS
from kapi.apis.core.service_defaults import default_service
from kapi.apis.core.service_strategy import ServiceStatusStrategy, ServiceStrategy
from kapi.registry.context import RequestContext, UserInfo

STRATEGY = ServiceStrategy()


def context():
    return RequestContext(UserInfo("admin"), "ns", "s", 1_772_600_767.0, 36)


def service(**spec):
    obj = {
        "metadata": {"name": "s"},
        "spec": {
            "ports": [{"port": 80}],
            "clusterIP": "10.0.0.9",
            "clusterIPs": ["10.0.0.9"],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            **spec,
        },
    }
    default_service(obj)
    return obj


def errors_of(obj, old=None):
    errors = ErrorList()
    if old is None:
        STRATEGY.validate(context(), obj, errors)
    else:
        STRATEGY.validate_update(context(), obj, old, errors)
    return [str(error) for error in errors]


def test_defaults_of_a_load_balancer():
    """Each type gets its own defaults; zero and empty target ports follow the port."""
    spec = service(type="LoadBalancer", ports=[{"port": 80, "targetPort": ""}])["spec"]
    assert spec["ports"] == [{"port": 80, "targetPort": 80, "protocol": "TCP"}]
    assert spec["externalTrafficPolicy"] == "Cluster"
    assert spec["allocateLoadBalancerNodePorts"] is True
    assert spec["sessionAffinity"] == "None"


def test_session_affinity_config_comes_and_goes():
    """ClientIP has a timeout, None has no configuration."""
    sticky = service(sessionAffinity="ClientIP")
    assert sticky["spec"]["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}
    sticky["spec"]["sessionAffinity"] = "None"
    default_service(sticky)
    assert "sessionAffinityConfig" not in sticky["spec"]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"ports": []}, ["spec.ports: Required value"]),
        (
            {"ports": [{"port": 80}, {"port": 81}]},
            ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
        ),
        (
            {"ports": [{"port": 80, "nodePort": 30044}]},
            ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
        ),
        (
            {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 80}]},
            [
                (
                    "spec.ports[1]: Duplicate value:"
                    ' {"Name":"","Protocol":"TCP","AppProtocol":null,'
                    '"Port":80,"TargetPort":0,"NodePort":0}'
                )
            ],
        ),
        (
            {"externalTrafficPolicy": "Local"},
            [
                (
                    'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for '
                    "externally-accessible services"
                )
            ],
        ),
        (
            {"loadBalancerClass": "example.com/lb"},
            ["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"],
        ),
        (
            {"externalIPs": ["127.0.0.1"]},
            [
                (
                    'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback'
                    " range "
                    "(127.0.0.0/8, ::1/128)"
                )
            ],
        ),
        (
            {"type": "NodePort", "clusterIP": "None", "clusterIPs": ["None"]},
            [
                (
                    "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for"
                    " NodePort"
                    " services"
                )
            ],
        ),
    ],
)
def test_validation(spec, expected):
    """Each broken rule is told at its field."""
    assert errors_of(service(**spec)) == expected


def test_cluster_ip_is_set_once():
    """Another address is refused at its position, with the whole list."""
    new = service(clusterIP="10.0.0.5", clusterIPs=["10.0.0.5"])
    assert errors_of(new, service()) == [
        'spec.clusterIPs[0]: Invalid value: ["10.0.0.5"]: may not change once set'
    ]


def test_second_address_goes_with_single_stack_only():
    """Dropping the second address needs the policy that says so."""
    both = {
        "clusterIPs": ["10.0.0.9", "fd00::9"],
        "ipFamilies": ["IPv4", "IPv6"],
        "ipFamilyPolicy": "PreferDualStack",
    }
    new = service(ipFamilies=both["ipFamilies"], ipFamilyPolicy="PreferDualStack")
    assert errors_of(new, service(**both)) == [
        (
            'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to'
            " 'SingleStack' when"
            " releasing the secondary clusterIP"
        )
    ]
    assert errors_of(service(), service(**both)) == []


def test_type_change_drops_what_the_client_did_not_touch():
    """A load balancer that becomes a cluster service loses its own fields and its status."""
    old = service(
        type="LoadBalancer",
        ports=[{"port": 80, "nodePort": 30050}],
        loadBalancerClass="example.com/lb",
    )
    old["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    new = copy.deepcopy(old)
    new["spec"]["type"] = "ClusterIP"
    STRATEGY.prepare_for_update(context(), new, old)
    assert new["spec"] == service()["spec"]
    assert new["status"] == {"loadBalancer": {}}
    assert old["status"]["loadBalancer"]["ingress"]
    assert errors_of(new, old) == []


def test_type_change_keeps_what_the_client_sets():
    """A class given together with the other type is a mistake to be told."""
    new = service(loadBalancerClass="example.com/lb")
    STRATEGY.prepare_for_update(context(), new, service(type="LoadBalancer"))
    assert "spec.loadBalancerClass: Forbidden" in errors_of(new)[0]


def test_external_name_has_no_addresses():
    """Addresses and families leave with the type, the rest of the spec stays."""
    old = service()
    new = copy.deepcopy(old)
    new["spec"].update(type="ExternalName", externalName="db.example.com.")
    STRATEGY.prepare_for_update(context(), new, old)
    assert set(new["spec"]) == {"ports", "type", "externalName", "sessionAffinity"}
    assert errors_of(new, old) == []


def test_warnings():
    """Fields that are ignored or going away are warned of."""
    request = context()
    STRATEGY.warnings_on_create(
        request,
        service(
            externalIPs=["2001:DB8::1"],
            externalName="x",
            trafficDistribution="PreferClose",
        ),
    )
    assert request.warnings == [
        (
            'spec.externalIPs[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format'
            ' ("2001:db8::1")'
        ),
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
        'spec.externalName is ignored when spec.type is not "ExternalName"',
        'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ]


def test_status_takes_ingress_of_load_balancers_only():
    """Other types have no ingress."""
    strategy, errors = ServiceStatusStrategy(), ErrorList()
    obj = service()
    obj["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1", "ipMode": "VIP"}]}}
    strategy.validate_update(context(), obj, obj, errors)
    assert [str(error) for error in errors] == [
        (
            "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is"
            " 'LoadBalancer'"
        )
    ]


def test_tables():
    """Rows show what kubectl users know."""
    obj = service(type="LoadBalancer", selector={"b": "2", "a": "1"})
    obj["spec"]["ports"][0]["nodePort"] = 30050
    assert SERVICE_COLUMNS.cells(obj, 0)[1:] == [
        "LoadBalancer",
        "10.0.0.9",
        "<pending>",
        "80:30050/TCP",
        "<unknown>",
        "a=1,b=2",
    ]
    many = {
        "metadata": {"name": "e"},
        "subsets": [
            {"addresses": [{"ip": "10.1.0.2"}, {"ip": "10.1.0.1"}], "ports": [{"port": 1}]},
            {"addresses": [{"ip": "fd00::1"}, {"ip": "fd00::2"}], "ports": [{"port": 2}]},
        ],
    }
    assert ENDPOINTS_COLUMNS.cells(many, 0)[1] == ("10.1.0.2:1,10.1.0.1:1,[fd00::1]:2 + 1 more...")


def test_a_type_that_does_not_exist_keeps_the_addresses():
    """Only an ExternalName has none."""
    old, new = service(clusterIP="10.0.0.1", clusterIPs=["10.0.0.1"]), service(type="x")
    new["spec"].update(clusterIP="10.0.0.1", clusterIPs=["10.0.0.1"])
    errors = errors_of(new, old)
    assert any(error.startswith('spec.type: Unsupported value: "x"') for error in errors)
    assert not any("clusterIP" in error for error in errors)


def test_families_of_a_service_that_becomes_headless():
    """They may change with it; the address may not."""
    old, new = service(clusterIP="10.0.0.1", clusterIPs=["10.0.0.1"]), service()
    old["spec"]["ipFamilies"] = ["IPv4"]
    new["spec"].update(clusterIP="None", clusterIPs=["None"], ipFamilies=["IPv6"])
    (error,) = errors_of(new, old)
    assert error == 'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'
