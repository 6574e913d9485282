"""EndpointSlice."""

from __future__ import annotations

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.discovery.columns import ENDPOINT_SLICE
from kapi.apis.discovery.defaults import default_endpoint_slice
from kapi.apis.discovery.strategy import EndpointSliceStrategy
from kapi.apis.discovery.validation import (
    endpoint_address_messages,
    validate_endpoint_slice,
    validate_endpoint_slice_update,
)
from kapi.registry.context import RequestContext, UserInfo


def endpoint_slice(*addresses, kind="IPv4", ports=(), **endpoint):
    obj = {"metadata": {"name": "s"}, "addressType": kind, "ports": [dict(p) for p in ports]}
    if addresses:
        obj["endpoints"] = [{"addresses": list(addresses), **endpoint}]
    default_endpoint_slice(obj)
    return obj


def errors_of(obj, old=None):
    errors = ErrorList()
    validate_endpoint_slice(obj, errors, old=old)
    return [str(error) for error in errors]


@pytest.mark.parametrize(
    ("kind", "address", "path"),
    [
        ("IPv4", "ledger", "endpoints[0].addresses[0]"),
        ("IPv4", "2001:db8::1", "endpoints[0].addresses"),
        ("IPv6", "192.0.2.1", "endpoints[0].addresses"),
        ("IPv4", "127.0.0.1", "endpoints[0].addresses[0]"),
        ("FQDN", "single", "endpoints[0].addresses[0]"),
    ],
)
def test_addresses_are_of_the_type_of_the_slice(kind, address, path):
    """The other family is reported on the list, anything else on the address."""
    (error,) = errors_of(endpoint_slice(address, kind=kind))
    assert error.startswith(f"{path}: Invalid value:")


def test_special_addresses_are_no_endpoints():
    """A service must not reach the node or its links."""
    for address in ("0.0.0.0", "::1", "169.254.1.1", "224.0.0.5", "fe80::1"):
        assert len(endpoint_address_messages(address)) == 1
    assert endpoint_address_messages("192.0.2.1") == []


def test_a_stored_spelling_may_stay():
    """Leading zeros are refused in new addresses only."""
    obj = endpoint_slice("192.0.2.010")
    assert errors_of(obj) == [
        'endpoints[0].addresses[0]: Invalid value: "192.0.2.010": must not have leading 0s'
    ]
    assert errors_of(obj, obj) == []


def test_port_names_are_unique_and_numbers_are_not_checked():
    """Two ports without a name are two ports of the empty name."""
    assert errors_of(endpoint_slice(ports=[{"port": 70000}])) == []
    assert errors_of(endpoint_slice(ports=[{}, {}])) == ['ports[1].name: Duplicate value: ""']


def test_the_address_type_is_fixed():
    """The new object is judged first."""
    errors = ErrorList()
    new = endpoint_slice("2001:db8::1", kind="IPv6")
    validate_endpoint_slice_update(new, endpoint_slice("192.0.2.1"), errors)
    assert [str(error) for error in errors] == [
        'addressType: Invalid value: "IPv6": field is immutable'
    ]


def test_names_as_endpoints_are_warned_of_once():
    """Deprecation is told at creation."""
    context = RequestContext(UserInfo("u"), "ns", "s", 0.0, 36)
    obj = endpoint_slice("db.example.com", kind="FQDN")
    EndpointSliceStrategy().warnings_on_update(context, obj, obj)
    assert context.warnings == []
    EndpointSliceStrategy().warnings_on_create(context, obj)
    assert context.warnings == ["spec.addressType: FQDN endpoints are deprecated"]


def test_the_table_shows_numbers_or_names_of_ports():
    """More than three addresses are counted."""
    obj = endpoint_slice("a", "b", "c", "d", ports=[{"port": 443}, {"name": "any"}])
    assert ENDPOINT_SLICE.cells(obj, 0.0)[1:4] == ["IPv4", "443,any", "a,b,c + 1 more..."]
    assert ENDPOINT_SLICE.cells(endpoint_slice(), 0.0)[2:4] == ["<unset>", "<unset>"]
