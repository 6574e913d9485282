"""Availability of APIServices."""

from __future__ import annotations

import pytest

from kapi.aggregator.availability import LOCAL, PASSED, service_failure, with_verdict

REFERENCE = {"namespace": "ns", "name": "nobody", "port": 443}


def service(*ports, **spec):
    return {"spec": {"ports": list(ports), **spec}}


SLICE = {
    "ports": [{"name": "https", "port": 8443}],
    "endpoints": [{"addresses": ["192.0.2.1"], "conditions": {"ready": True}}],
}


@pytest.mark.parametrize(
    ("found", "slices", "reason", "message"),
    [
        (None, [], "ServiceNotFound", 'service/nobody in "ns" is not present'),
        (
            service({"port": 80}),
            [SLICE],
            "ServicePortError",
            'service/nobody in "ns" is not listening on port 443',
        ),
        (
            service({"port": 443}),
            [],
            "EndpointsNotFound",
            'cannot find endpointslices for service/nobody in "ns"',
        ),
        (
            service({"port": 443, "name": "other"}),
            [SLICE],
            "MissingEndpoints",
            'endpointslices for service/nobody in "ns" have no addresses with port name "other"',
        ),
    ],
)
def test_reason_why_a_service_cannot_answer(found, slices, reason, message):
    """Each thing that is missing has a reason and a message of its own."""
    verdict = service_failure(REFERENCE, found, slices, None)
    assert verdict == (False, reason, message)


def test_services_that_may_answer():
    """Ready addresses at the named port, in slices or Endpoints, or a name of another place."""
    https = service({"port": 443, "name": "https"})
    assert service_failure(REFERENCE, https, [SLICE], None) is None
    subset = {"addresses": [{"ip": "192.0.2.1"}], "ports": [{"name": "https", "port": 8443}]}
    assert service_failure(REFERENCE, https, [], {"subsets": [subset]}) is None
    assert service_failure(REFERENCE, service(type="ExternalName"), [], None) is None


def test_addresses_that_are_not_ready_do_not_count():
    """A slice whose endpoints are all unready leaves the service without endpoints."""
    unready = {**SLICE, "endpoints": [{"addresses": ["192.0.2.1"], "conditions": {"ready": False}}]}
    verdict = service_failure(REFERENCE, service({"port": 443, "name": "https"}), [unready], None)
    assert verdict is not None
    assert verdict.reason == "MissingEndpoints"


def test_transition_time_is_that_of_the_last_change_of_status():
    """A new reason keeps the time, a new status sets it, and the same verdict changes nothing."""
    first = with_verdict({}, LOCAL, "t1")
    assert with_verdict(first, LOCAL, "t2") is first
    second = with_verdict(first, PASSED, "t2")
    assert second["conditions"][0]["lastTransitionTime"] == "t1"
    assert second["conditions"][0]["reason"] == "Passed"
    failure = service_failure(REFERENCE, None, [], None)
    assert with_verdict(second, failure, "t3")["conditions"][0]["lastTransitionTime"] == "t3"
