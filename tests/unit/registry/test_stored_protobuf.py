"""Stored values in protobuf: what kube-apiserver wrote is read, what is written it can read."""

from __future__ import annotations

import orjson
import pytest

from kapi.apimachinery.scheme import Scheme
from kapi.apimachinery.serializer.protobuf import unwrap
from kapi.apimachinery.types import GroupVersionKind
from kapi.registry.rules import KindRules
from kapi.registry.stored_protobuf import StoredProtobuf
from kapi.storage.cacher.codec import JSONCodec, value_header
from kapi.storage.errors import Corrupt

SCHEME = Scheme.load(36)
KIND = GroupVersionKind("", "v1", "ConfigMap")
STORED = StoredProtobuf(SCHEME.protobuf, KIND, KindRules())
CODEC = JSONCodec("/r/", [value_header("v1", "ConfigMap")], read=STORED.read)
OBJECT = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "b", "labels": {"x": "y"}, "resourceVersion": "5"},
    "data": {"k": "v"},
}
BODY = {
    "metadata": {"name": "a", "namespace": "b", "labels": {"x": "y"}, "resourceVersion": "9"},
    "data": {"k": "v"},
}


def test_written_value_is_an_envelope_without_resource_version():
    """The store's revision is the only resourceVersion."""
    envelope = unwrap(STORED.write(OBJECT))
    assert (envelope.api_version, envelope.kind) == ("v1", "ConfigMap")
    assert "resourceVersion" not in STORED.read(STORED.write(OBJECT))["metadata"]


@pytest.mark.parametrize("note", [True, False])
def test_entry_of_a_protobuf_value(note):
    """An entry is the same whether this process or another one wrote the value."""
    value = STORED.write(OBJECT)
    if note:
        CODEC.note(value, OBJECT)
    entry = CODEC.decode("/r/b/a", value, 9)
    assert orjson.loads(entry.body) == BODY
    assert entry.body.startswith(b'{"metadata":{"resourceVersion":"9"')
    assert entry.labels == {"x": "y"}
    assert not entry.holds(value)


def test_json_values_are_read_beside_protobuf():
    """Both encodings may be in one store."""
    value = orjson.dumps({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}})
    assert orjson.loads(CODEC.decode("/r/b/a", value, 1).body)["metadata"]["name"] == "a"


def test_broken_value_is_corrupt():
    """A cut-off value is reported as such."""
    with pytest.raises(Corrupt):
        CODEC.decode("/r/b/a", STORED.write(OBJECT)[:-9], 9)


def test_stateful_set_claims_get_their_types():
    """Embedded claims show apiVersion and kind, which messages do not carry."""
    kind = GroupVersionKind("apps", "v1", "StatefulSet")

    def default(obj):
        for claim in obj["spec"].get("volumeClaimTemplates", ()):
            claim["kind"] = "PersistentVolumeClaim"

    rules = KindRules(defaults={"v1": default})
    stored = StoredProtobuf(SCHEME.protobuf, kind, rules)
    obj = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {}}
    obj["spec"] = {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    claims = stored.read(stored.write(obj))["spec"]["volumeClaimTemplates"]
    assert claims[0]["kind"] == "PersistentVolumeClaim"


def test_definitions_stay_json():
    """kube-apiserver stores CRDs and APIServices as JSON in any case."""
    kind = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    assert not StoredProtobuf(SCHEME.protobuf, kind, KindRules()).is_writable
    assert STORED.is_writable
