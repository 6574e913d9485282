"""CONNECT: exec, attach, portforward, proxy and log, which lead to a node, a pod or a service.

Implements the connect operations of pods, services and nodes of the Kubernetes API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest, NotFound, ServiceUnavailable
from kapi.apimachinery.field import quote
from kapi.apimachinery.types import GroupResource
from kapi.endpoints.connect import locations
from kapi.endpoints.connect.forwarding import forward, tunnel
from kapi.endpoints.connect.kubelet import Backend, KubeletClient, proxy_backend
from kapi.endpoints.connect.options import (
    log_query,
    port_forward_options,
    port_forward_query,
    stream_options,
    stream_query,
)
from kapi.endpoints.filters.authorization import attributes_of, refusal
from kapi.endpoints.handlers.log import accept_log, read_log
from kapi.endpoints.request import Response
from kapi.registry.admission import Attributes
from kapi.util.http_client import resolve

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.connect.exchange import Exchange
    from kapi.endpoints.request import Request
    from kapi.endpoints.router import Handler
    from kapi.registry.catalogue import Resource

__all__ = ["Connector"]

_PODS = GroupResource("", "pods")
_NODES = GroupResource("", "nodes")
_SERVICES = GroupResource("", "services")
_ENDPOINTS = GroupResource("", "endpoints")
_SLICES = GroupResource("discovery.k8s.io", "endpointslices")
_SERVICE_NAME = "kubernetes.io/service-name"
# The version since when GET on exec, attach and portforward needs the right to create.
_CREATE_SINCE_MINOR = 35
_PORTS = {"http": 80, "https": 443}


class Connector:
    """The handlers of one server's connect subresources."""

    def __init__(self, kubelets: KubeletClient) -> None:
        self._kubelets = kubelets

    def handlers(self) -> dict[tuple[str, str, str], Handler]:
        """The handlers by group, resource and subresource."""
        return {
            ("", "pods", "log"): self.log,
            ("", "pods", "exec"): self.exec,
            ("", "pods", "attach"): self.attach,
            ("", "pods", "portforward"): self.port_forward,
            ("", "pods", "proxy"): self.proxy_pod,
            ("", "services", "proxy"): self.proxy_service,
            ("", "nodes", "proxy"): self.proxy_node,
        }

    async def log(self, api: API, request: Request, resource: Resource) -> Response:
        """Read a container's log; no content before the pod has a node."""
        accept_log(api, request)
        query = log_query(request)
        pod = await _get(api, request, _PODS, request.info.name)
        container = locations.choose_container(pod, request.parameter("container"))
        if not pod["spec"].get("nodeName"):
            return Response(204, b"", b"")
        node = await _get(api, request, _NODES, pod["spec"]["nodeName"])
        insecure = request.flag("insecureSkipTLSVerifyBackend")
        backend = self._kubelets.backend(node, insecure=insecure)
        path = _kubelet_path("containerLogs", pod, container)
        return await read_log(request, _exchange(request), backend, path, query)

    async def exec(self, api: API, request: Request, resource: Resource) -> Response:
        """Run a command in a container."""
        options = stream_options(request, "PodExecOptions")
        await _admit(api, request, resource, options)
        return await self._stream(api, request, "exec", options)

    async def attach(self, api: API, request: Request, resource: Resource) -> Response:
        """Join a container's main process."""
        options = stream_options(request, "PodAttachOptions")
        await _admit(api, request, resource, options)
        return await self._stream(api, request, "attach", options)

    async def _stream(self, api: API, request: Request, verb: str, options: JSONObject) -> Response:
        _authorize_create(api, request)
        pod = await _get(api, request, _PODS, request.info.name)
        container = locations.choose_container(pod, options.get("container", ""))
        backend = await self._kubelet(api, request, locations.node_name(pod))
        path = _kubelet_path(verb, pod, container)
        return await _upgrade(request, backend, path, stream_query(options))

    async def port_forward(self, api: API, request: Request, resource: Resource) -> Response:
        """Reach ports of a pod through its node."""
        options = port_forward_options(request)
        await _admit(api, request, resource, options)
        _authorize_create(api, request)
        pod = await _get(api, request, _PODS, request.info.name)
        backend = await self._kubelet(api, request, locations.node_name(pod))
        path = _kubelet_path("portForward", pod)
        return await _upgrade(request, backend, path, port_forward_query(options))

    async def proxy_pod(self, api: API, request: Request, resource: Resource) -> Response:
        """Pass a request on to a pod."""
        await _admit_proxy(api, request, resource)
        target = locations.split_target(request.info.name, "pod")
        pod = await _get(api, request, _PODS, target.name)
        port = locations.pod_port(pod, target.port)
        scheme = target.scheme or "http"
        address = locations.pod_address(pod)
        return await _proxy(request, proxy_backend(scheme, address, _port_number(port, scheme)))

    async def proxy_service(self, api: API, request: Request, resource: Resource) -> Response:
        """Pass a request on to one of a service's pods."""
        await _admit_proxy(api, request, resource)
        target = locations.split_target(request.info.name, "service")
        port = target.port
        if port.isascii() and port.isdigit():
            service = await _get(api, request, _SERVICES, target.name)
            port = locations.service_port_name(service, target.name, int(port))
        subsets = await _subsets(api, request, target.name)
        if not subsets:
            raise ServiceUnavailable(f"no endpoints available for service {quote(target.name)}")
        namespace, seed = request.info.namespace, api.ids.below(1 << 30)
        for found in locations.service_candidates(subsets, namespace, port, seed):
            pod = await _find(api, _PODS, namespace, found.pod)
            if pod is not None and found.ip in locations.pod_ips(pod):
                backend = proxy_backend(target.scheme or "http", found.ip, found.port)
                return await _proxy(request, backend)
        name = quote(request.info.name)
        raise ServiceUnavailable(f"no endpoints available for service {name}")

    async def proxy_node(self, api: API, request: Request, resource: Resource) -> Response:
        """Pass a request on to a node: to its kubelet, unless another port is named."""
        await _admit_proxy(api, request, resource)
        target = locations.split_target(request.info.name, "node")
        kubelet = await self._kubelet(api, request, target.name)
        if target.port in {"", str(kubelet.port)}:
            return await _proxy(request, kubelet)
        await _check_host(kubelet.host)
        scheme = target.scheme or "http"
        port = _port_number(target.port, scheme)
        return await _proxy(request, proxy_backend(scheme, kubelet.host, port))

    async def _kubelet(self, api: API, request: Request, name: str) -> Backend:
        return self._kubelets.backend(await _get(api, request, _NODES, name))


async def _admit(api: API, request: Request, resource: Resource, options: JSONObject) -> None:
    """Ask admission about a connection; its object are the options."""
    if request.query_string and "dryRun" in request.query:
        raise BadRequest("dryRun is not supported")
    context = api.context(request, "CONNECT", dry_run=False)
    subresource = request.info.subresource
    attributes = Attributes(context, resource, "CONNECT", subresource, options, None, {})
    await api.admission.mutate(attributes)
    await api.admission.validate(attributes)


async def _admit_proxy(api: API, request: Request, resource: Resource) -> None:
    options: JSONObject = {"kind": f"{resource.kind}ProxyOptions", "apiVersion": "v1"}
    path = _proxied_path(request)
    await _admit(api, request, resource, {**options, "path": path} if path else options)


def _authorize_create(api: API, request: Request) -> None:
    """Whoever starts something by GET, as WebSocket clients must, needs the right to create."""
    if request.method != "GET" or api.minor < _CREATE_SINCE_MINOR:
        return
    attributes = attributes_of(request)
    attributes.verb = "create"
    decision = api.authorizer.authorize(attributes)
    if not decision.allowed:
        raise refusal(attributes, decision.reason)


def _exchange(request: Request) -> Exchange:
    assert request.exchange is not None, "the application passes connect requests on unread"
    return request.exchange


async def _find(api: API, resource: GroupResource, namespace: str, name: str) -> JSONObject | None:
    store = api.stores[resource]
    entry = await store.find(store.key(namespace, name))
    return None if entry is None else store.load(entry)


async def _get(api: API, request: Request, resource: GroupResource, name: str) -> JSONObject:
    """An object on the way; one that is missing is reported as of the resource asked for."""
    namespace = "" if resource == _NODES else request.info.namespace
    found = await _find(api, resource, namespace, name)
    if found is None:
        raise NotFound.resource("", request.info.resource, name)
    return found


async def _subsets(api: API, request: Request, name: str) -> list[JSONObject]:
    """The addresses of a service, of its Endpoints or, without them, its EndpointSlices."""
    namespace = request.info.namespace
    endpoints = await _find(api, _ENDPOINTS, namespace, name)
    if endpoints is not None:
        return endpoints.get("subsets") or []
    store = api.stores.get(_SLICES)
    slices: list[JSONObject] = []
    if store is not None:
        listed = await store.storage.list(store.key(namespace, ""))
        slices = [
            each
            for each in map(store.load, listed.entries)
            if (each["metadata"].get("labels") or {}).get(_SERVICE_NAME) == name
        ]
    if not slices:
        raise NotFound.resource("", request.info.resource, name)
    return locations.slices_as_subsets(slices)


def _kubelet_path(what: str, pod: JSONObject, *container: str) -> str:
    metadata = pod["metadata"]
    return "/" + "/".join((what, metadata["namespace"], metadata["name"], *container))


def _port_number(port: str, scheme: str) -> int:
    if not port:
        return _PORTS[scheme]
    if port.isascii() and port.isdigit() and int(port) < 1 << 16:
        return int(port)
    raise ServiceUnavailable(
        f"error trying to reach service: dial tcp: lookup tcp/{port}: unknown port"
    )


async def _check_host(host: str) -> None:
    addresses = await resolve(host)
    if not addresses:
        raise BadRequest("no addresses for hostname")
    if not all(locations.is_proxyable(address) for address in addresses):
        raise BadRequest("address not allowed")


async def _upgrade(request: Request, backend: Backend, path: str, query: str) -> Response:
    exchange = _exchange(request)
    if exchange.upgrade is None or not exchange.wants_upgrade:
        raise BadRequest("Upgrade request required")
    return await tunnel(exchange, request.method, backend, path, query)


def _proxied_path(request: Request) -> str:
    """What follows ``proxy`` in the path, with its closing slash."""
    path = "".join(f"/{part}" for part in request.info.parts)
    return f"{path}/" if request.info.path.endswith("/") else path


async def _proxy(request: Request, backend: Backend) -> Response:
    exchange = _exchange(request)
    path = _proxied_path(request)
    query = request.query_string.decode("ascii")
    if exchange.upgrade is not None and exchange.wants_upgrade:
        return await tunnel(exchange, request.method, backend, path, query)
    return await forward(exchange, request.method, backend, path, query)
