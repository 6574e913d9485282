"""Ingress and IngressClass."""

from __future__ import annotations

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.networking.columns import INGRESS
from kapi.apis.networking.defaults import default_ingress_class
from kapi.apis.networking.ingress_validation import (
    validate_ingress,
    validate_ingress_class,
    validate_ingress_class_update,
    validate_ingress_create,
)
from kapi.apis.networking.strategy import IngressStrategy
from kapi.registry.context import RequestContext, UserInfo

BACKEND = {"service": {"name": "front", "port": {"number": 80}}}


def ingress(path=None, *, host="shop.example.com", **spec):
    if path is not None:
        spec["rules"] = [{"host": host, "http": {"paths": [path]}}]
    return {"metadata": {"name": "site"}, "spec": spec}


def errors_of(validate, *objects):
    errors = ErrorList()
    validate(*objects, errors)
    return [str(error) for error in errors]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("shop", "must be an absolute path"),
        ("/a//b", "must not contain '//'"),
        ("/a/..", "cannot end with '/..'"),
        ("/a%2fb", "must not contain '%2f'"),
    ],
)
def test_paths_are_plain(path, message):
    """A path that could be read in two ways is refused."""
    obj = ingress({"path": path, "pathType": "Exact", "backend": BACKEND})
    assert errors_of(validate_ingress, obj) == [
        f'spec.rules[0].http.paths[0].path: Invalid value: "{path}": {message}'
    ]


def test_an_implementation_reads_its_own_paths():
    """Without a strict type a path only has to start with a slash, if it is there at all."""
    for path in ({}, {"path": "/a//b"}):
        obj = ingress({"pathType": "ImplementationSpecific", "backend": BACKEND, **path})
        assert errors_of(validate_ingress, obj) == []


def test_a_backend_is_a_service_with_one_port_or_a_resource():
    """What is missing or too much is said about the backend as a whole."""
    port = {"name": "http", "number": 80}
    wrong = [{}, {"service": {"name": "a", "port": port}}, {**BACKEND, "resource": {}}]
    found = [errors_of(validate_ingress, ingress(defaultBackend=backend)) for backend in wrong]
    assert found == [
        ['spec.defaultBackend: Invalid value: "": resource or service backend is required'],
        ['spec.defaultBackend: Invalid value: "": cannot set both port name & port number'],
        ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends'],
    ]


def test_hosts_are_names():
    """An address is no host; a wildcard has its own form."""
    path = {"path": "/", "pathType": "Prefix", "backend": BACKEND}
    assert errors_of(validate_ingress, ingress(path, host="192.0.2.1"))[0].endswith(
        "must be a DNS name, not an IP address"
    )
    assert "wildcard" in errors_of(validate_ingress, ingress(path, host="a.*.com"))[0]
    assert errors_of(validate_ingress, ingress(path, host="*.a.com")) == []


def test_a_secret_name_that_was_bad_may_stay():
    """An update is not refused for what was stored before."""
    obj = ingress(defaultBackend=BACKEND, tls=[{"secretName": "Bad_Name"}])
    assert len(errors_of(validate_ingress, obj)) == 1
    errors = ErrorList()
    validate_ingress(obj, errors, old=obj)
    assert errors == []


def test_class_and_annotation_agree_at_creation():
    """The old annotation is accepted beside the field when it says the same."""
    obj = ingress(defaultBackend=BACKEND, ingressClassName="nginx")
    obj["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "other"}
    assert errors_of(validate_ingress_create, obj) == [
        (
            'annotations.kubernetes.io/ingress.class: Invalid value: "other": must match '
            "`ingressClassName` when both are specified"
        )
    ]
    obj["metadata"]["annotations"]["kubernetes.io/ingress.class"] = "nginx"
    assert errors_of(validate_ingress_create, obj) == []


def test_the_annotation_alone_is_warned_of():
    """Only without the field is the annotation deprecated use."""
    context = RequestContext(UserInfo("u"), "ns", "site", 0.0, 36)
    obj = ingress(defaultBackend=BACKEND)
    obj["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "nginx"}
    IngressStrategy().warnings_on_create(context, obj)
    assert context.warnings == [
        (
            'annotation "kubernetes.io/ingress.class" is deprecated, please use '
            "'spec.ingressClassName' instead"
        )
    ]


def test_parameters_of_a_class_are_cluster_wide_by_default():
    """A namespace goes with the scope Namespace only."""
    parameters = {"kind": "A", "name": "b", "namespace": "x"}
    obj = {"spec": {"controller": "example.com/gw", "parameters": parameters}}
    default_ingress_class(obj)
    assert errors_of(validate_ingress_class, obj) == [
        "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"
    ]


def test_the_controller_of_a_class_is_fixed():
    """Another controller is another class."""
    old = {"spec": {"controller": "example.com/a"}}
    new = {"spec": {"controller": "example.com/b"}}
    assert errors_of(validate_ingress_class_update, new, old) == [
        'spec.controller: Invalid value: "example.com/b": field is immutable'
    ]


def test_the_table_shows_three_hosts_and_counts_the_rest():
    """Addresses are sorted; TLS adds its port."""
    rules = [{"host": f"{letter}.com"} for letter in "abcde"]
    obj = ingress(rules=rules, tls=[{}])
    obj["status"] = {"loadBalancer": {"ingress": [{"hostname": "lb"}, {"ip": "192.0.2.9"}]}}
    assert INGRESS.cells(obj, 0.0) == [
        "site",
        "<none>",
        "a.com,b.com,c.com + 2 more...",
        "192.0.2.9,lb",
        "80, 443",
        "<unknown>",
    ]
