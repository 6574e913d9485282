"""Containers, ports and addresses that connect subresources lead to."""

from __future__ import annotations

import pytest

from kapi.apimachinery.errors import BadRequest, ServiceUnavailable
from kapi.endpoints.connect.locations import (
    choose_container,
    is_proxyable,
    pod_address,
    pod_port,
    service_candidates,
    service_port_name,
    slices_as_subsets,
    split_target,
)


def pod(**spec):
    return {"metadata": {"name": "p"}, "spec": spec}


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("s", ("", "s", "")),
        ("s:80", ("", "s", "80")),
        ("https:s:web", ("https", "s", "web")),
        ("https:s:", ("https", "s", "")),
        (":s:web", ("", "s", "web")),
    ],
)
def test_names_of_proxies(text, target):
    """A name may have a port behind it and a scheme before it."""
    assert split_target(text, "service") == target


@pytest.mark.parametrize("text", [":80", "ftp:s:80", "a:b:c:d", "http::80"])
def test_names_that_are_none(text):
    """Other schemes, more parts and empty names are refused."""
    with pytest.raises(BadRequest, match=rf'^invalid pod request "{text}"$'):
        split_target(text, "pod")


def test_only_container():
    """A pod's only container needs no name, also beside init containers."""
    single = pod(initContainers=[{"name": "init"}], containers=[{"name": "main"}])
    assert choose_container(single, "") == "main"
    assert choose_container(single, "init") == "init"


def test_choice_of_containers():
    """Who does not choose is told all names, in the order in which containers start."""
    several = pod(
        containers=[{"name": "a"}, {"name": "b"}],
        initContainers=[{"name": "init"}],
        ephemeralContainers=[{"name": "debug"}],
    )
    with pytest.raises(BadRequest, match=r"choose one of: \[init a b debug\]$"):
        choose_container(several, "")
    assert choose_container(several, "debug") == "debug"
    with pytest.raises(BadRequest, match=r"^container c is not valid for pod p$"):
        choose_container(several, "c")


def test_addresses_of_this_machine():
    """Nobody gets through the server to what listens only on its own machine."""
    refused = ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "x", ""]
    assert not any(map(is_proxyable, refused))
    assert is_proxyable("10.0.0.1")
    assert is_proxyable("fd00::1")


def test_pod_without_address():
    """A pod that has no address cannot be reached."""
    with pytest.raises(BadRequest, match=r"^address not allowed$"):
        pod_address({**pod(), "status": {}})
    assert pod_address({**pod(), "status": {"podIPs": [{"ip": "10.1.0.2"}]}}) == "10.1.0.2"


def test_first_port():
    """Without a port the first one that any container declares is meant."""
    ports = [{"containerPort": 8080}, {"containerPort": 9090}]
    several = pod(containers=[{"name": "a"}, {"name": "b", "ports": ports}])
    assert pod_port(several, "") == "8080"
    assert pod_port(several, "1") == "1"
    assert pod_port(pod(containers=[{"name": "a"}]), "") == ""


def test_service_port_by_number():
    """A number stands for the name of the service's port."""
    service = {"spec": {"ports": [{"name": "web", "port": 80}, {"port": 81}]}}
    assert service_port_name(service, "s", 80) == "web"
    assert service_port_name(service, "s", 81) == ""
    with pytest.raises(ServiceUnavailable, match=r'^no service port 82 found for service "s"$'):
        service_port_name(service, "s", 82)


def address(ip, pod_name, namespace="ns"):
    return {"ip": ip, "targetRef": {"kind": "Pod", "name": pod_name, "namespace": namespace}}


def test_addresses_of_a_service():
    """Each address of the port is tried once; those of other namespaces and of no pod are not."""
    mixed = [
        address("1", "a"),
        address("2", "b"),
        address("3", "c", "other"),
        {"ip": "4"},
    ]
    subsets = [
        {"addresses": mixed, "ports": [{"name": "web", "port": 8080}, {"name": "x", "port": 1}]},
        {"addresses": [address("5", "e")], "ports": [{"port": 80}]},
        {"addresses": [address("6", "f")], "ports": [{"name": "web", "port": 8081}]},
    ]
    everything = {("1", 8080, "a"), ("2", 8080, "b"), ("6", 8081, "f")}
    firsts = set()
    for seed in range(6):
        found = list(service_candidates(subsets, "ns", "web", seed))
        assert sorted(found) == sorted(everything)
        firsts.add(found[0])
    assert len(firsts) > 1
    assert list(service_candidates(subsets, "ns", "", 0)) == [("5", 80, "e")]


def test_addresses_of_slices():
    """Endpoints that are not ready are left out; unknown readiness counts as ready."""
    target = {"name": "a", "namespace": "ns"}
    each = {
        "ports": [{"name": "web", "port": 1}],
        "endpoints": [
            {"addresses": ["1"], "conditions": {"ready": False}, "targetRef": target},
            {"addresses": ["2"], "conditions": {}, "targetRef": target},
        ],
    }
    found = service_candidates(slices_as_subsets([each]), "ns", "web", 0)
    assert [candidate.ip for candidate in found] == ["2"]
