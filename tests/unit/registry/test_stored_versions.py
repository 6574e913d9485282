"""Objects that an older server stored."""

from __future__ import annotations

import orjson
import pytest

from kapi.apimachinery.types import GroupVersionKind
from kapi.apis.install import install
from kapi.registry.rules import Rules
from kapi.registry.stored_versions import upgrade
from kapi.storage.cacher.codec import JSONCodec, value_header
from kapi.storage.errors import Corrupt

CLAIM = GroupVersionKind("resource.k8s.io", "v1", "ResourceClaim")
PREFIX = "/registry/resourceclaims/"


@pytest.fixture(scope="module")
def codec():
    """Of ResourceClaims stored as v1."""
    rules = Rules()
    install(rules)
    header = value_header(CLAIM.api_version, CLAIM.kind)
    convert = upgrade(rules.get(CLAIM.group, "resourceclaims"), CLAIM)
    return JSONCodec(PREFIX, [header], convert=convert)


def stored(version, request):
    obj = {
        "apiVersion": f"resource.k8s.io/{version}",
        "kind": "ResourceClaim",
        "metadata": {"name": "a", "namespace": "n"},
        "spec": {"devices": {"requests": [request]}},
    }
    return orjson.dumps(obj)


@pytest.mark.parametrize("version", ["v1alpha3", "v1beta1"])
def test_an_older_form_is_converted_when_it_is_loaded(codec, version):
    """Readers see the present form whatever was stored."""
    value = stored(version, {"name": "r", "deviceClassName": "c"})
    entry = codec.decode(f"{PREFIX}n/a", value, 7)
    body = orjson.loads(entry.body)
    assert body["spec"]["devices"]["requests"] == [
        {"name": "r", "exactly": {"deviceClassName": "c"}}
    ]
    assert body["metadata"]["resourceVersion"] == "7"
    assert not entry.header  # so that a write stores the new form


def test_the_same_form_of_another_version_is_kept(codec):
    """v1beta2 only differs in its name."""
    request = {"name": "r", "exactly": {"deviceClassName": "c"}}
    body = orjson.loads(codec.decode(f"{PREFIX}n/a", stored("v1beta2", request), 7).body)
    assert body["spec"]["devices"]["requests"] == [request]


def test_a_value_that_cannot_be_converted_is_corrupt(codec):
    """The key is named instead of failing somewhere else."""
    value = stored("v1beta1", "not a request")
    with pytest.raises(Corrupt, match="n/a"):
        codec.decode(f"{PREFIX}n/a", value, 7)
