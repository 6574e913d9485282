"""What a request wants to do, as authorizers are asked."""

from __future__ import annotations

import pytest

from kapi.apimachinery.errors import Forbidden
from kapi.apimachinery.user import UserInfo
from kapi.authorization.always import AlwaysDeny
from kapi.endpoints.filters.authorization import attributes_of, authorize
from kapi.endpoints.request import Request, parse_path

_PODS = "/api/v1/namespaces/ns/pods"


def _request(method, path, query=""):
    return Request(method, parse_path(path), {}, query.encode(), b"", UserInfo("ann"), "audit")


@pytest.mark.parametrize(
    ("method", "path", "query", "verb"),
    [
        ("GET", _PODS, "", "list"),
        ("HEAD", _PODS, "", "list"),
        ("GET", _PODS, "watch=true", "watch"),
        ("GET", _PODS, "watch=0", "list"),
        ("GET", "/api/v1/watch/namespaces/ns/pods", "", "watch"),
        ("POST", "/api/v1/watch/namespaces/ns/pods/a", "", "watch"),
        ("GET", "/api/v1/watch/namespaces/ns/pods/a/exec", "", "watch"),
        ("GET", f"{_PODS}/a", "watch=1", "get"),
        ("POST", _PODS, "", "create"),
        ("PUT", f"{_PODS}/a", "", "update"),
        ("PATCH", f"{_PODS}/a", "", "patch"),
        ("DELETE", f"{_PODS}/a", "", "delete"),
        ("DELETE", _PODS, "", "deletecollection"),
        ("OPTIONS", f"{_PODS}/a/proxy", "", ""),
    ],
)
def test_verbs(method, path, query, verb):
    """The verb of a request for a resource comes of method, path and query."""
    assert attributes_of(_request(method, path, query)).verb == verb


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("fieldSelector=metadata.name%3Da", "a"),
        ("fieldSelector=metadata.name=a,spec.nodeName=n&watch=1", "a"),
        ("fieldSelector=metadata.name!=a", ""),
        ("fieldSelector=spec.nodeName=a", ""),
        ("fieldSelector=metadata.name=a%2Fb", ""),
        ("fieldSelector=metadata.name=", ""),
        ("fieldSelector=x", ""),
        ("labelSelector=metadata.name=a", ""),
    ],
)
def test_a_list_of_one_object(query, name):
    """A list or watch of the object with a name is asked for with this name."""
    assert attributes_of(_request("GET", _PODS, query)).name == name


def test_selectors():
    """What narrows a request is told; for one object there is nothing to narrow."""
    query = "fieldSelector=spec.nodeName=n&labelSelector=a%20in%20(b)"
    for method in ("GET", "DELETE"):
        attributes = attributes_of(_request(method, _PODS, query))
        assert attributes.field_selector == "spec.nodeName=n"
        assert attributes.label_selector == "a in (b)"
        assert attributes.name == ""
    assert attributes_of(_request("GET", f"{_PODS}/a", query)).field_selector == ""


def test_collections_are_deleted_without_a_name():
    """The name in a selector is none of a deletion's."""
    query = "fieldSelector=metadata.name=a"
    assert attributes_of(_request("DELETE", _PODS, query)).name == ""


def test_refusals():
    """A refusal says who wants what where, and why not; browsers must not guess its type."""
    with pytest.raises(Forbidden) as raised:
        authorize(_request("GET", _PODS, "fieldSelector=metadata.name=a"), AlwaysDeny())
    assert raised.value.message == (
        'pods "a" is forbidden: User "ann" cannot list resource "pods" in API group "" in the '
        'namespace "ns": Everything is forbidden.'
    )
    assert raised.value.headers == {"X-Content-Type-Options": "nosniff"}
    with pytest.raises(Forbidden) as raised:
        authorize(_request("POST", "/metrics"), AlwaysDeny())
    assert raised.value.message.startswith('forbidden: User "ann" cannot post path "/metrics"')
