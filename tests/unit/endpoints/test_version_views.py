"""Other versions of an object are converted once and kept with it."""

from __future__ import annotations

import orjson
import pytest

from kapi.apimachinery.scheme import Scheme
from kapi.apis.install import install
from kapi.endpoints.negotiation import JSON
from kapi.endpoints.request import Request
from kapi.endpoints.table import TableWriter
from kapi.endpoints.writer import ObjectWriter
from kapi.registry.catalogue import Catalogue, builtin_resources
from kapi.registry.rules import Rules
from kapi.storage.cacher.entry import Entry, resource_version_prefix
from kapi.util.clock import SystemClock


@pytest.fixture
def setting():
    """A writer, autoscaling/v1 with conversions that are counted, and a stored v2 object."""
    rules = Rules()
    install(rules)
    scheme = Scheme.load(37)
    catalogue = Catalogue()
    catalogue.add(builtin_resources(scheme, rules))
    resource = catalogue.get("autoscaling", "v1", "horizontalpodautoscalers")
    assert resource is not None
    calls = []
    convert = resource.rules.from_hub["v1"]
    resource.rules.from_hub = {"v1": lambda obj: calls.append(1) or convert(obj)}
    body = resource_version_prefix(7) + b',"name":"a"},"spec":{"maxReplicas":3}}'
    entry = Entry("/registry/horizontalpodautoscalers/n/a", 7, body, "n", "a")
    return ObjectWriter(TableWriter(scheme), SystemClock()), resource, entry, calls


def request():
    """A GET without parameters."""
    return Request.__new__(Request)


def test_a_version_is_converted_once_for_all_reads(setting):
    """GET and LIST share what is kept."""
    writer, resource, entry, calls = setting
    asked = request()
    asked.query_string = b""
    for _ in range(3):
        answer = writer.object(asked, resource, entry.body, JSON, entry=entry)
    obj = orjson.loads(answer.body)
    assert obj["apiVersion"] == "autoscaling/v1"
    assert obj["metadata"] == {"resourceVersion": "7", "name": "a"}
    listed = writer.list(asked, resource, [entry.body], {}, JSON, [entry])
    assert orjson.loads(listed.body)["items"][0]["spec"] == obj["spec"]
    assert len(calls) == 1


def test_a_body_that_was_not_read_is_converted_each_time(setting):
    """The answer to a write has no entry."""
    writer, resource, entry, calls = setting
    asked = request()
    asked.query_string = b""
    for _ in range(2):
        writer.object(asked, resource, entry.body, JSON)
    assert len(calls) == 2
