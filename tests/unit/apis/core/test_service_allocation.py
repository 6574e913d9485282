"""Allocation for services: create, update, rollback, families."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.errors import Invalid, StatusError
from kapi.apis.core.service_allocation import ServiceAllocators
from kapi.apis.core.service_defaults import default_service
from kapi.registry.allocator import ClusterIPAllocator, NodePortAllocator
from kapi.util.ids import SeededIDs


def cluster(*cidrs):
    ids = SeededIDs(3)
    ranges = cidrs or ("10.0.0.0/24",)
    return ServiceAllocators([ClusterIPAllocator(c, ids) for c in ranges], NodePortAllocator(ids))


def service(**spec):
    obj = {"metadata": {"name": "s"}, "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}]}}
    obj["spec"].update(spec)
    default_service(obj)
    return obj


def create(allocators, **spec):
    obj = service(**spec)
    allocators.begin_create(obj).commit()
    return obj


def update(allocators, old, **spec):
    new = copy.deepcopy(old)
    new["spec"].update(spec)
    default_service(new)
    allocators.begin_update(new, old).commit()
    return new


def causes(error):
    return [(c["field"], c["message"]) for c in error.value.details["causes"]]


def test_new_service_gets_address_and_families():
    """A plain service is single stack in the cluster's first family."""
    spec = create(cluster())["spec"]
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert spec["clusterIP"].startswith("10.0.0.")
    assert spec["ipFamilies"] == ["IPv4"]
    assert spec["ipFamilyPolicy"] == "SingleStack"


def test_taken_address_is_reported_on_the_list():
    """The error stands on clusterIPs with the whole list."""
    allocators = cluster()
    create(allocators, clusterIP="10.0.0.9")
    with pytest.raises(Invalid) as error:
        allocators.begin_create(service(clusterIP="10.0.0.9"))
    assert causes(error) == [
        (
            "spec.clusterIPs",
            (
                'Invalid value: ["10.0.0.9"]: failed to allocate IP 10.0.0.9: provided IP is'
                " already"
                " allocated"
            ),
        )
    ]


def test_failed_creation_gives_everything_back():
    """A bad node port releases the address that was taken before it."""
    allocators = cluster()
    with pytest.raises(Invalid):
        allocators.begin_create(
            service(
                type="NodePort",
                clusterIP="10.0.0.9",
                ports=[
                    {"name": "a", "port": 1, "nodePort": 30001},
                    {"name": "b", "port": 2, "nodePort": 1},
                ],
            )
        )
    assert not allocators.cluster_ips["IPv4"].has("10.0.0.9")
    assert not allocators.node_ports.has(30001)


def test_revert_after_begin_releases():
    """What was taken for a write that failed is free again."""
    allocators = cluster()
    obj = service(type="NodePort")
    allocators.begin_create(obj).revert()
    assert not allocators.cluster_ips["IPv4"].has(obj["spec"]["clusterIP"])
    assert not allocators.node_ports.has(obj["spec"]["ports"][0]["nodePort"])


def test_dry_run_holds_nothing():
    """A dry run answers with address and port and takes neither."""
    allocators = cluster()
    obj = service(type="NodePort")
    allocators.begin_create(obj, dry_run=True).commit()
    assert not allocators.cluster_ips["IPv4"].has(obj["spec"]["clusterIP"])
    assert not allocators.node_ports.has(obj["spec"]["ports"][0]["nodePort"])


def test_two_protocols_share_a_node_port():
    """The same port of TCP and UDP gets one number, chosen or not."""
    both = [{"name": "t", "port": 53}, {"name": "u", "port": 53, "protocol": "UDP"}]
    spec = create(cluster(), type="NodePort", ports=both)["spec"]
    assert spec["ports"][0]["nodePort"] == spec["ports"][1]["nodePort"]


def test_equal_node_ports_of_different_ports_collide():
    """Two ports cannot have one number, and the second is blamed."""
    equal = [
        {"name": "a", "port": 80, "nodePort": 30043},
        {"name": "b", "port": 81, "nodePort": 30043},
    ]
    with pytest.raises(Invalid) as error:
        cluster().begin_create(service(type="NodePort", ports=equal))
    assert causes(error) == [
        ("spec.ports[1].nodePort", "Invalid value: 30043: provided port is already allocated")
    ]


def test_update_keeps_what_the_client_left_out():
    """A replacement without addresses and ports keeps them."""
    allocators = cluster()
    old = create(allocators, type="LoadBalancer", externalTrafficPolicy="Local")
    new = service(type="LoadBalancer", externalTrafficPolicy="Local")
    transaction = allocators.begin_update(new, old)
    for name in ("clusterIP", "clusterIPs", "healthCheckNodePort", "ports"):
        assert new["spec"][name] == old["spec"][name]
    assert (transaction.allocated_ips, transaction.released_ips) == ([], [])


def test_node_ports_are_released_with_the_commit_only():
    """A port stays taken until the change of type is durable."""
    allocators = cluster()
    old = create(allocators, type="NodePort")
    port = old["spec"]["ports"][0]["nodePort"]
    new = service(type="ClusterIP", clusterIP=old["spec"]["clusterIP"])
    transaction = allocators.begin_update(new, old)
    assert allocators.node_ports.has(port)
    transaction.commit()
    assert not allocators.node_ports.has(port)


def test_external_name_gives_the_address_back_and_gets_a_new_one():
    """Only a service with cluster IPs holds one."""
    allocators = cluster()
    old = create(allocators, clusterIP="10.0.0.9")
    external = service(type="ExternalName", externalName="x.example.com")
    allocators.begin_update(external, old).commit()
    assert not allocators.cluster_ips["IPv4"].has("10.0.0.9")
    back = service()
    allocators.begin_update(back, external).commit()
    assert allocators.cluster_ips["IPv4"].has(back["spec"]["clusterIP"])


def test_wrong_health_check_port_is_no_field_error():
    """A health check port that is taken fails the request without a reason."""
    allocators = cluster()
    create(allocators, type="NodePort", ports=[{"port": 80, "nodePort": 30099}])
    with pytest.raises(StatusError) as error:
        allocators.begin_create(
            service(type="LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=30099)
        )
    assert error.value.code == 500
    assert error.value.message == (
        "failed to allocate requested HealthCheck NodePort 30099: "
        "provided port is already allocated"
    )


def test_dual_stack_grows_and_shrinks():
    """A second address comes with RequireDualStack and goes with SingleStack."""
    allocators = cluster("10.0.0.0/24", "fd00::/112")
    old = create(allocators)
    both = update(allocators, old, ipFamilyPolicy="RequireDualStack")
    assert both["spec"]["ipFamilies"] == ["IPv4", "IPv6"]
    assert both["spec"]["clusterIPs"][0] == old["spec"]["clusterIP"]
    second = both["spec"]["clusterIPs"][1]
    assert allocators.cluster_ips["IPv6"].has(second)
    single = update(allocators, both, ipFamilyPolicy="SingleStack")
    assert single["spec"]["clusterIPs"] == [old["spec"]["clusterIP"]]
    assert not allocators.cluster_ips["IPv6"].has(second)


@pytest.mark.parametrize(
    ("spec", "field", "message"),
    [
        (
            {"ipFamilyPolicy": "RequireDualStack"},
            "spec.ipFamilyPolicy",
            (
                'Invalid value: "RequireDualStack": this cluster is not configured for dual-stack'
                " services"
            ),
        ),
        (
            {"ipFamilies": ["IPv6"]},
            "spec.ipFamilies[0]",
            'Invalid value: "IPv6": not configured on this cluster',
        ),
        (
            {"clusterIP": "fd00::1"},
            "spec.clusterIPs[0]",
            'Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
        ),
        (
            {"clusterIP": "10.0.0.10", "clusterIPs": ["10.0.0.11"]},
            "spec.clusterIPs",
            'Invalid value: ["10.0.0.11"]: first value must match `clusterIP`',
        ),
    ],
)
def test_wishes_that_do_not_fit_the_cluster(spec, field, message):
    """Families and addresses must be those of the cluster."""
    with pytest.raises(Invalid) as error:
        cluster().begin_create(service(**spec))
    assert causes(error) == [(field, message)]


def test_headless_without_selector_is_dual_stack_everywhere():
    """Such a service may name families that the cluster does not have."""
    spec = create(cluster(), clusterIP="None", selector=None)["spec"]
    assert spec["ipFamilies"] == ["IPv4", "IPv6"]
    assert spec["ipFamilyPolicy"] == "RequireDualStack"
    assert spec["clusterIPs"] == ["None"]


def test_rebuild_takes_what_stored_services_hold():
    """After a restart nothing is handed out twice."""
    first = cluster()
    stored = create(first, type="LoadBalancer", externalTrafficPolicy="Local")
    second = cluster()
    second.rebuild([stored])
    assert second.cluster_ips["IPv4"].has(stored["spec"]["clusterIP"])
    assert second.node_ports.has(stored["spec"]["healthCheckNodePort"])
    second.release(stored)
    assert not second.node_ports.has(stored["spec"]["ports"][0]["nodePort"])


def test_node_ports_that_nobody_wants_any_more_go():
    """A load balancer that no longer gets node ports does not keep those it had."""
    allocators = cluster()
    old = create(allocators, type="LoadBalancer")
    new = service(type="LoadBalancer", allocateLoadBalancerNodePorts=False)
    allocators.begin_update(new, old)
    assert "nodePort" in old["spec"]["ports"][0]
    assert "nodePort" not in new["spec"]["ports"][0]


def test_a_changed_address_alone_replaces_the_list():
    """A client that knows one address only means that one; validation refuses the change."""
    allocators = cluster()
    old = create(allocators)
    new = service(clusterIP="None")
    allocators.begin_update(new, old)
    assert new["spec"]["clusterIPs"] == ["None"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"ipFamilies": ["IPv4", "IPv6"]}, "when multiple IP families are specified"),
        (
            {"clusterIP": "10.0.0.5", "clusterIPs": ["10.0.0.5", "fd00::5"]},
            "when multiple cluster IPs are specified",
        ),
    ],
)
def test_a_service_is_of_one_family_unless_it_says_otherwise(spec, message):
    """Two families without a policy contradict the policy that is assumed."""
    with pytest.raises(Invalid) as error:
        create(cluster("10.0.0.0/24", "fd00::/108"), **spec)
    (cause,) = causes(error)
    assert cause[0] == "spec.ipFamilyPolicy"
    assert cause[1].endswith(message)


def test_an_update_adopts_the_policy():
    """Who names none keeps the old one, which a second family may only leave by SingleStack."""
    allocators = cluster("10.0.0.0/24", "fd00::/108")
    old = create(allocators, ipFamilyPolicy="PreferDualStack")
    new = service()
    allocators.begin_update(new, old)
    assert new["spec"]["ipFamilyPolicy"] == "PreferDualStack"
    with pytest.raises(Invalid) as error:
        update(allocators, old, ipFamilies=["IPv4"])
    (cause,) = causes(error)
    assert cause[0] == "spec.ipFamilyPolicy"
    assert cause[1].endswith("must be 'SingleStack' to release the secondary IP family")
