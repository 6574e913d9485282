"""APIService."""

from __future__ import annotations

from kapi.apimachinery.field import ErrorList
from kapi.apis.apiregistration.columns import API_SERVICE
from kapi.apis.apiregistration.strategy import APIServiceStrategy
from kapi.apis.apiregistration.validation import validate_api_service
from kapi.registry.context import RequestContext, UserInfo


def api_service(name="v1.example.com", **spec):
    whole = {"group": "example.com", "version": "v1", "groupPriorityMinimum": 1000}
    return {"metadata": {"name": name}, "spec": {**whole, "versionPriority": 15, **spec}}


def errors_of(obj):
    errors = ErrorList()
    validate_api_service(obj, errors)
    return [str(error) for error in errors]


def test_the_name_is_version_and_group():
    """The wanted name is told."""
    assert errors_of(api_service()) == []
    assert errors_of(api_service("x")) == [
        'metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.example.com"'
    ]


def test_local_services_need_no_trust():
    """Certificates belong to a service."""
    assert errors_of(api_service(caBundle="AAAA")) == [
        'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle'
    ]
    service = {"namespace": "n", "name": "s", "port": 443}
    both = api_service(service=service, caBundle="AAAA", insecureSkipTLSVerify=True)
    assert errors_of(both) == [
        "spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present"
    ]


def test_a_local_service_is_available_at_once():
    """Of others nothing is known yet; the Table says so."""
    context = RequestContext(UserInfo("u"), "", "x", 0.0, 36)
    local, remote = api_service(), api_service(service={"namespace": "n", "name": "s"})
    for obj in (local, remote):
        APIServiceStrategy().prepare_for_create(context, obj)
    assert API_SERVICE.cells(local, 0.0)[1:3] == ["Local", "True"]
    assert API_SERVICE.cells(remote, 0.0)[1:3] == ["n/s", "Unknown"]
    condition = {"type": "Available", "status": "False", "reason": "ServiceNotFound"}
    remote["status"] = {"conditions": [condition]}
    assert API_SERVICE.cells(remote, 0.0)[2] == "False (ServiceNotFound)"
