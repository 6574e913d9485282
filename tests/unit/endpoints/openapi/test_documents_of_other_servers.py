"""The v2 document as servers behind this one come and go."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from kapi.apimachinery.scheme import Scheme
from kapi.apis.install import install
from kapi.endpoints.openapi.documents import OpenAPI
from kapi.registry.catalogue import Catalogue, builtin_resources
from kapi.registry.rules import Rules
from kapi.util.clock import SystemClock

PATH = "/apis/example.com/v1/widgets"


class Behind:
    """One group version of another server."""

    def __init__(self):
        self.generation = 0
        self.remote = SimpleNamespace(
            group="example.com", version="v1", openapi_v2=None, openapi_v3={}
        )

    def versions(self):
        return {("example.com", "v1"): self.remote}

    def says(self, openapi_v2):
        self.remote.openapi_v2 = openapi_v2
        self.generation += 1


@pytest.fixture(scope="module")
def small_catalogue():
    """A server of one group."""
    rules, scheme, catalogue = Rules(), Scheme.load(37), Catalogue()
    install(rules)
    settings = {"api/all": False, "coordination.k8s.io/v1": True}
    catalogue.add(builtin_resources(scheme, rules, settings))
    return scheme, catalogue


def test_what_is_the_same_is_not_built_again(small_catalogue):
    """Only what another server says makes the document another one."""
    scheme, catalogue = small_catalogue
    behind = Behind()
    openapi = OpenAPI(scheme, catalogue, SystemClock(), "v1.37.0", behind)
    request = SimpleNamespace(
        info=SimpleNamespace(path="/openapi/v2"), method="GET", header=lambda _: ""
    )

    def ask():
        return openapi.respond(request).body

    alone = ask()
    behind.says(None)
    assert ask() is alone
    document = {"paths": {PATH: {"get": {"operationId": "x"}}, "/other": {}}, "definitions": {}}
    behind.says(document)
    merged = ask()
    assert json.loads(merged)["paths"].keys() - json.loads(alone)["paths"].keys() == {PATH}
    behind.says(dict(document))
    assert ask() is merged
    behind.says(None)
    assert ask() == alone
