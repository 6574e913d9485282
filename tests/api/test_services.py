"""Services: addresses and ports are given out once, and come back."""

from __future__ import annotations

import ipaddress

import pytest

SERVICES = "/api/v1/namespaces/default/services"


def service(name, **spec):
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **spec}}


async def test_first_address_is_the_api_servers(cluster):
    """The service kubernetes has the first address of the range."""
    spec = (await cluster.read(f"{SERVICES}/kubernetes"))["spec"]
    assert (spec["clusterIP"], spec["ports"][0]["port"]) == ("10.0.0.1", 443)


async def test_addresses_are_unique_and_in_range(cluster):
    """Each service gets an address of its own, and what else a service has by default."""
    seen = set()
    for number in range(30):
        spec = (await cluster.create(SERVICES, service(f"s{number}")))["spec"]
        assert spec["clusterIPs"] == [spec["clusterIP"]]
        assert (spec["type"], spec["ipFamilies"], spec["ports"][0]["targetPort"]) == (
            "ClusterIP",
            ["IPv4"],
            80,
        )
        seen.add(ipaddress.ip_address(spec["clusterIP"]))
    assert len(seen) == 30
    assert all(address in ipaddress.ip_network("10.0.0.0/24") for address in seen)


async def test_address_that_was_asked_for(cluster, fails):
    """A free one is given, a taken one or one outside of the range is refused."""
    await cluster.create(SERVICES, service("a", clusterIP="10.0.0.50"))
    for address, why in (
        ("10.0.0.50", "provided IP is already allocated"),
        ("10.9.9.9", "the provided network does not match the current range"),
    ):
        status = fails(
            await cluster.post(SERVICES, service("b", clusterIP=address)), 422, "Invalid"
        )
        assert status["details"]["causes"][0]["field"] == "spec.clusterIPs"
        assert why in status["message"]


async def test_deleted_services_give_back(cluster):
    """Address and node port can be had again."""
    body = service("a", type="NodePort", clusterIP="10.0.0.60")
    body["spec"]["ports"][0]["nodePort"] = 30123
    for _ in range(2):
        await cluster.create(SERVICES, body)
        assert (await cluster.delete(f"{SERVICES}/a")).status_code == 200


async def test_refused_services_take_nothing(cluster):
    """A creation that fails for another reason leaves its address free."""
    body = service("a", clusterIP="10.0.0.70")
    assert (await cluster.post(SERVICES, {**body, "metadata": {"name": "A"}})).status_code == 422
    await cluster.create(SERVICES, service("taken"))
    again = {**body, "metadata": {"name": "taken"}}
    assert (await cluster.post(SERVICES, again)).status_code == 409
    await cluster.create(SERVICES, body)


async def test_addresses_run_out(start_cluster):
    """A small range ends with an error, and goes on when one is given back."""
    cluster = await start_cluster(service_cluster_ip_range="10.1.0.0/29")
    for number in range(5):
        await cluster.create(SERVICES, service(f"s{number}"))
    full = await cluster.post(SERVICES, service("more"))
    assert full.status_code == 500
    assert "range is full" in full.json()["message"]
    await cluster.delete(f"{SERVICES}/s3")
    await cluster.create(SERVICES, service("more"))


async def test_node_ports(cluster, fails):
    """They come from their range, and each only once for a protocol."""
    spec = (await cluster.create(SERVICES, service("a", type="NodePort")))["spec"]
    port = spec["ports"][0]["nodePort"]
    assert 30000 <= port <= 32767
    body = service("b", type="NodePort")
    body["spec"]["ports"][0]["nodePort"] = port
    status = fails(await cluster.post(SERVICES, body), 422, "Invalid")
    assert "provided port is already allocated" in status["message"]
    body["spec"]["ports"][0]["nodePort"] = 80
    fails(await cluster.post(SERVICES, body), 422, "Invalid")


async def test_change_of_type(cluster):
    """NodePort and back gives the ports back; ExternalName gives the address back."""
    first = (await cluster.create(SERVICES, service("a", type="NodePort")))["spec"]
    path = f"{SERVICES}/a"
    plain = await cluster.patch("merge", path, {"spec": {"type": "ClusterIP"}})
    assert "nodePort" not in plain.json()["spec"]["ports"][0]
    name = {"spec": {"type": "ExternalName", "externalName": "x.io", "clusterIP": None}}
    name["spec"]["clusterIPs"] = None
    outside = await cluster.patch("merge", path, name)
    assert "clusterIP" not in outside.json()["spec"], outside.text
    body = service("b", type="NodePort", clusterIP=first["clusterIP"])
    body["spec"]["ports"][0]["nodePort"] = first["ports"][0]["nodePort"]
    await cluster.create(SERVICES, body)


@pytest.mark.parametrize("value", ["10.0.0.99", "None"])
async def test_address_does_not_change(cluster, fails, value):
    """ClusterIP is immutable once given."""
    await cluster.create(SERVICES, service("a"))
    patch = {"spec": {"clusterIP": value, "clusterIPs": [value]}}
    status = fails(await cluster.patch("merge", f"{SERVICES}/a", patch), 422, "Invalid")
    assert "spec.clusterIPs[0]" in {cause["field"] for cause in status["details"]["causes"]}


async def test_headless(cluster):
    """ClusterIP None stays None and takes no address."""
    spec = (await cluster.create(SERVICES, service("a", clusterIP="None")))["spec"]
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("None", ["None"])


async def test_dual_stack(start_cluster):
    """With two ranges a service that asks for both families gets two addresses."""
    cluster = await start_cluster(service_cluster_ip_range="10.0.0.0/24,fd00::/112")
    spec = (await cluster.create(SERVICES, service("a", ipFamilyPolicy="PreferDualStack")))["spec"]
    assert spec["ipFamilies"] == ["IPv4", "IPv6"]
    assert [ipaddress.ip_address(text).version for text in spec["clusterIPs"]] == [4, 6]
    single = (await cluster.create(SERVICES, service("b")))["spec"]
    assert (single["ipFamilyPolicy"], single["ipFamilies"]) == ("SingleStack", ["IPv4"])


async def test_service_that_somebody_creates_by_put(cluster):
    """PUT of a missing service creates it with an address."""
    answer = await cluster.put(f"{SERVICES}/new", service("new"))
    assert (answer.status_code, answer.json()["spec"]["clusterIP"][:7]) == (201, "10.0.0.")
