"""NetworkPolicy, IPAddress and ServiceCIDR."""

from __future__ import annotations

from kapi.apimachinery.field import ErrorList
from kapi.apis.networking.address_validation import (
    validate_ip_address_update,
    validate_service_cidr,
    validate_service_cidr_update,
)
from kapi.apis.networking.columns import IP_ADDRESS
from kapi.apis.networking.defaults import default_network_policy
from kapi.apis.networking.network_policy_validation import (
    network_policy_warnings,
    validate_network_policy,
)


def policy_errors(rule, old=None):
    errors = ErrorList()
    validate_network_policy({"spec": {"ingress": [rule]}}, errors, old=old)
    return [str(error) for error in errors]


def block(cidr, *excepted):
    return {"from": [{"ipBlock": {"cidr": cidr, "except": list(excepted)}}]}


def cidr_errors(validate, *lists):
    errors = ErrorList()
    validate(*({"spec": {"cidrs": cidrs}} for cidrs in lists), errors)
    return [str(error) for error in errors]


def test_a_policy_is_for_egress_when_it_has_such_rules():
    """Ingress is always meant; ports are TCP."""
    obj = {"spec": {"podSelector": {}, "egress": [{"ports": [{"port": 53}]}]}}
    default_network_policy(obj)
    assert obj["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert obj["spec"]["egress"][0]["ports"] == [{"port": 53, "protocol": "TCP"}]


def test_an_end_port_needs_a_number_to_start_from():
    """The start is shown when the end lies before it."""
    path = "spec.ingress[0].ports[0].endPort"
    for port, message in (
        ({"port": 90, "endPort": 80}, "90: must be greater than or equal to `port`"),
        ({"port": "a", "endPort": 80}, "80: may not be specified when `port` is non-numeric"),
        ({"endPort": 80}, "80: may not be specified when `port` is not specified"),
    ):
        assert policy_errors({"ports": [port]}) == [f"{path}: Invalid value: {message}"]


def test_exceptions_lie_inside_their_block():
    """The block itself and the other family are no exceptions."""
    for excepted in ("192.0.2.0/24", "198.51.100.0/28", "2001:db8::/64"):
        (error,) = policy_errors(block("192.0.2.0/24", excepted))
        assert error.endswith("must be a strict subset of `cidr`")
    assert policy_errors(block("192.0.2.0/24", "192.0.2.16/28")) == []


def test_a_stored_spelling_of_a_cidr_is_ratcheted_and_warned_of():
    """Host bits are refused unless they are already there."""
    rule = block("192.0.2.7/24")
    assert len(policy_errors(rule)) == 1
    assert policy_errors(rule, {"spec": {"ingress": [rule]}}) == []
    assert len(network_policy_warnings({"spec": {"ingress": [rule]}})) == 1


def test_a_peer_is_a_block_or_selectors():
    """An empty peer says nothing, a mixed one too much."""
    assert "must specify a peer" in policy_errors({"from": [{}]})[0]
    mixed = {"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}, "podSelector": {}}]}
    assert "may not specify both ipBlock and another peer" in policy_errors(mixed)[0]


def test_service_ranges_are_one_of_each_family():
    """Two of a family and three of any are refused."""
    assert cidr_errors(validate_service_cidr, ["10.0.0.0/24", "fd00::/112"]) == []
    same = cidr_errors(validate_service_cidr, ["10.0.0.0/24", "10.1.0.0/24"])
    assert "may specify no more than one IP for each IP family" in same[0]
    three = cidr_errors(validate_service_cidr, ["10.0.0.0/24", "fd00::/112", "10.1.0.0/24"])
    assert three[0].startswith('spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/24",')


def test_a_second_family_may_be_added_to_a_range():
    """Nothing else about ranges changes."""
    both = ["10.0.0.0/24", "fd00::/112"]
    assert cidr_errors(validate_service_cidr_update, both, both[:1]) == []
    assert cidr_errors(validate_service_cidr_update, both[:1], both) == [
        'spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable'
    ]
    assert cidr_errors(validate_service_cidr_update, ["10.1.0.0/24"], both[:1]) == [
        'spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable'
    ]


def test_an_address_keeps_its_owner():
    """The refused owner is shown as a Go struct."""
    errors = ErrorList()
    old = {"spec": {"parentRef": {"resource": "services", "namespace": "a", "name": "b"}}}
    new = {"spec": {"parentRef": {**old["spec"]["parentRef"], "name": "c"}}}
    validate_ip_address_update(new, old, errors)
    assert [str(error) for error in errors] == [
        (
            'spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"a",'
            '"Name":"c"}: field is immutable'
        )
    ]


def test_the_table_of_an_address_has_a_cell_more_than_columns():
    """Clients know this Table so."""
    parent = {"group": "example.com", "resource": "gateways", "name": "y"}
    obj = {"metadata": {"name": "192.0.2.1"}, "spec": {"parentRef": parent}}
    cells = IP_ADDRESS.cells(obj, 0.0)
    assert cells == ["192.0.2.1", "gateways.example.com/y", "<unknown>"]
    assert len(IP_ADDRESS.columns) == 2
