"""The protobuf form of built-in kinds: recorded objects, round trips, broken bytes."""

from __future__ import annotations

import base64
import random
import struct
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapi.apimachinery.scheme import DecodeError, Scheme
from kapi.apimachinery.scheme.protobuf import ProtobufCodec
from kapi.apimachinery.serializer.protobuf import (
    ProtobufError,
    framed,
    unwrap,
    watch_frame,
    wrap,
)
from kapi.apimachinery.serializer.protobuf_wire import LENGTH, delimited, tag
from kapi.apimachinery.types import GroupVersionKind

SCHEME = Scheme.load(36)
CODEC = ProtobufCodec(SCHEME)
RECORDED = [
    orjson.loads(line)
    for line in Path(__file__).with_name("protobuf_objects.jsonl").read_bytes().splitlines()
]
KINDS = [
    (gvk, SCHEME.type(gvk))
    for gvk in sorted(SCHEME.kinds())
    if CODEC.type(gvk) is not None and not gvk.kind.endswith("Options")
]
FUZZ_INPUTS = 50_000


@pytest.mark.parametrize("record", RECORDED, ids=lambda record: record["json"]["kind"])
def test_recorded_bytes(record):
    """What a real server encoded is read as its JSON and written as the same bytes."""
    data = base64.b64decode(record["protobuf"])
    expected = record["json"]
    for claim in expected.get("spec", {}).get("volumeClaimTemplates", ()):
        del claim["kind"], claim["apiVersion"]  # set by defaulting, not carried in the message
    assert CODEC.encode_object(expected) == data
    assert CODEC.decode_object(data) == expected


# -- round trips ----------------------------------------------------------------------------------

_TEXTS = ("", "a", "ünïcödé", "x" * 200, "a/b.c", "\U0001f600")
_SCALARS = {
    "string": lambda r: r.choice(_TEXTS),
    "boolean": lambda r: r.random() < 0.5,
    "int32": lambda r: r.choice((0, 1, -1, 127, 128, 2**31 - 1, -(2**31))),
    "int64": lambda r: r.choice((0, 1, -1, 300, 2**63 - 1, -(2**63))),
    "double": lambda r: r.choice((0, 1, -3, 0.5, 1e300)),
    "bytes": lambda r: base64.b64encode(r.randbytes(r.randrange(5))).decode(),
    "time": lambda r: f"{r.randrange(1, 9999):04}-02-03T04:05:06Z",
    "microtime": lambda r: f"{r.randrange(1800, 2200)}-02-03T04:05:06.{r.randrange(10**6):06}Z",
    "quantity": lambda r: r.choice(("0", "1", "100m", "5Gi", "-3k", 7)),
    "int-or-string": lambda r: r.choice((0, 80, -5, "http", "50%")),
    "any": lambda r: r.choice(({"a": [1, 2.5, None]}, "text", 7, [1], True, {})),
}


def _value(kind, r, depth):
    """A random value of a Type; members become rare with depth."""
    if kind.kind in _SCALARS:
        return _SCALARS[kind.kind](r)
    if kind.kind == "list":
        return [_value(kind.element, r, depth + 1) for _ in range(r.randrange(3))]
    if kind.kind == "map":
        return {r.choice(_TEXTS): _value(kind.element, r, depth + 1) for _ in range(r.randrange(3))}
    if kind.kind == "struct":
        share = 0.8 / (depth + 1)
        return {
            name: _value(field.type, r, depth + 1)
            for name, field in kind.fields.items()
            if field.number and r.random() < share
        }
    schema = _value(kind.element, r, depth + 2)
    other = {
        "schema-or-bool": True,
        "schema-or-array": [schema, schema],
        "schema-or-strings": ["a", "b"],
    }[kind.kind]
    return r.choice((schema, other))


def _without_types(kind, value):
    """The value without what messages do not carry.

    That is apiVersion and kind of embedded objects, and that a list without items is there.
    """
    if kind.kind == "struct" and isinstance(value, dict):
        return {
            name: None if item == [] else _without_types(kind.fields[name].type, item)
            for name, item in value.items()
            if kind.fields[name].number
        }
    if kind.kind == "list" and isinstance(value, list):
        return [_without_types(kind.element, item) for item in value]
    return value


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_round_trip(seed):
    """Every built-in kind is read back as it was written, whatever it holds."""
    r = random.Random(seed)
    for gvk, kind in KINDS:
        obj = _without_types(kind, SCHEME.decode(kind, _value(kind, r, 0)).obj)
        assert CODEC.decode(kind, CODEC.encode(kind, obj)) == obj, gvk


@pytest.mark.parametrize("minor", range(25, 38))
def test_every_field_has_a_number(minor):
    """No member of a served kind is without field number, but what the envelope carries."""
    scheme = Scheme.load(minor)
    for gvk in scheme.kinds():
        kind = scheme.type(gvk)
        if gvk.kind == "Info" or not scheme.presence.message(kind.name):
            continue
        missing = {name for name, field in kind.fields.items() if not field.number}
        if minor == 31 and gvk.version == "v1alpha3":
            missing.discard("listMeta")  # as that alpha named the metadata of its lists
        assert missing <= {"apiVersion", "kind"}, (gvk, missing)


# -- rules of the encoding ------------------------------------------------------------------------


def _object(kind, group="", version="v1"):
    return SCHEME.type(GroupVersionKind(group, version, kind))


def test_zero_values_of_plain_members_are_written():
    """Members that Go does not declare as pointers are on the wire even when they are empty."""
    name = b"\x0a\x00\x12\x00\x1a\x00\x22\x00\x2a\x00\x32\x00\x38\x00\x42\x00"
    assert CODEC.encode(_object("ConfigMap"), {"metadata": {}}) == b"\x0a\x10" + name


def test_pointers_keep_zero():
    """A pointer to zero is something else than no pointer."""
    kind = _object("Deployment", "apps")
    with_zero = SCHEME.decode(kind, {"spec": {"replicas": 0}}).obj
    assert CODEC.decode(kind, CODEC.encode(kind, with_zero))["spec"]["replicas"] == 0
    without = SCHEME.decode(kind, {"spec": {}}).obj
    assert "replicas" not in CODEC.decode(kind, CODEC.encode(kind, without))["spec"]


def test_specs_are_remembered_by_content():
    """An object that changed is encoded as it is now, however often it was encoded before."""
    kind = _object("Deployment", "apps")
    for replicas in [*range(600), 1, 0]:
        obj = SCHEME.decode(kind, {"spec": {"replicas": replicas}}).obj
        assert CODEC.decode(kind, CODEC.encode(kind, obj))["spec"]["replicas"] == replicas


def test_unknown_fields_are_skipped():
    """Fields of a newer client, groups included, are no error."""
    kind = _object("ConfigMap")
    raw = CODEC.encode(kind, {"metadata": {"name": "a"}, "data": {"k": "v"}})
    newer = (
        b"\xfa\x01\x03abc" + b"\xf8\x01\x07" + b"\xfb\x01\x08\x01\xfc\x01" + b"\xf9\x01" + bytes(8)
    )
    assert CODEC.decode(kind, newer + raw) == {"metadata": {"name": "a"}, "data": {"k": "v"}}


def test_packed_numbers_are_read():
    """Repeated numbers may come packed or one by one."""
    kind = SCHEME.named("io.k8s.api.core.v1.PodSecurityContext")
    assert CODEC.decode(kind, b"\x22\x03\x01\x02\x03") == {"supplementalGroups": [1, 2, 3]}
    assert CODEC.decode(kind, b"\x20\x01\x20\x02") == {"supplementalGroups": [1, 2]}


def test_wrong_wire_type_is_refused():
    """A known field with another wire type is no unknown field."""
    with pytest.raises(ProtobufError, match="wrong wireType"):
        CODEC.decode(_object("ConfigMap"), b"\x08\x01")


def test_envelope_inside_a_raw_extension():
    """What a RawExtension carries may be a protobuf envelope again."""
    inner = CODEC.encode_object(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    )
    raw = b"\x0a" + bytes([len(inner)]) + inner
    message = b"\x12" + bytes([len(raw)]) + raw
    data = CODEC.decode(_object("ControllerRevision", "apps"), message)["data"]
    assert data == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}


def test_items_are_field_two():
    """Every list of resources has its items where envelopes have their message."""
    for gvk, kind in KINDS:
        if gvk.kind.endswith("List") and "items" in kind.fields:
            assert kind.fields["items"].number == 2, gvk


def test_list_is_joined_from_items():
    """A list of kept messages is the list that encoding the whole list gives."""
    kind = _object("ConfigMap")
    items = [{"metadata": {"name": name}} for name in "ab"]
    gvk = GroupVersionKind("", "v1", "ConfigMapList")
    joined = CODEC.encode_list(
        gvk, {"resourceVersion": "7"}, [framed(CODEC.encode(kind, item)) for item in items]
    )
    whole = {"apiVersion": "v1", "kind": "ConfigMapList"}
    whole |= {"metadata": {"resourceVersion": "7"}, "items": items}
    assert joined == CODEC.encode_object(whole)


def test_watch_frame():
    """An event is its length in four bytes, type and envelope."""
    assert watch_frame("ADDED", b"k8s\0") == b"\0\0\0\x0f\x0a\x05ADDED\x12\x06\x0a\x04k8s\0"


# -- broken bytes ---------------------------------------------------------------------------------


def test_deep_nesting_is_refused():
    """What is nested too deeply to be written again is an error, not a crash."""
    schema = SCHEME.named(
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
    )
    key = tag(schema.fields["not"].number, LENGTH)
    raw = b""
    for _ in range(5000):
        raw = key + delimited(raw)
    with pytest.raises(ProtobufError, match="exceeded max depth"):
        CODEC.decode(schema, raw)


def _mutations(r, samples):
    """Endlessly: truncated, spliced, bit-flipped and random inputs."""
    while True:
        data = bytearray(r.choice(samples))
        for _ in range(r.randrange(1, 6)):
            where = r.randrange(len(data) + 1)
            action = r.randrange(5)
            if action == 0:
                del data[where:]
            elif action == 1 and data:
                data[where % len(data)] ^= 1 << r.randrange(8)
            elif action == 2:
                data[where:where] = r.randbytes(r.randrange(1, 12))
            elif action == 3:
                other = r.choice(samples)
                data[where:] = other[r.randrange(len(other)) :]
            else:
                data[where : where + 2] = struct.pack(">H", r.randrange(1 << 16))
        yield bytes(data)


def test_random_bytes_raise_nothing_else():
    """Whatever comes in is an object that can be written, or a ProtobufError."""
    r = random.Random(36)
    samples = [base64.b64decode(record["protobuf"]) for record in RECORDED]
    samples = [data for data in samples if len(data) < 1500]
    read = refused = 0
    for data, _ in zip(_mutations(r, samples), range(FUZZ_INPUTS), strict=False):
        try:
            obj = CODEC.decode_object(data)
        except ProtobufError:
            refused += 1
            continue
        orjson.dumps(obj)
        CODEC.encode_object(obj)
        read += 1
    assert read > 1000
    assert refused > 1000


def test_decoded_objects_are_canonical():
    """What protobuf gives passes the JSON decoder unchanged: both lead to one form."""
    r = random.Random(7)
    samples = [base64.b64decode(record["protobuf"]) for record in RECORDED]
    for data, _ in zip(_mutations(r, samples), range(3000), strict=False):
        try:
            obj = CODEC.decode_object(data)
        except ProtobufError:
            continue
        kind = CODEC.type(GroupVersionKind(*_group_version(obj["apiVersion"]), obj["kind"]))
        try:
            again = SCHEME.decode(kind, obj)
        except DecodeError as error:
            raise AssertionError(f"{error}: {obj}") from error
        assert again.unknown == []


def _group_version(text):
    group, _, version = text.rpartition("/")
    return group, version


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty data"),
        (b"{}", "expected prefix"),
        (b"k8s\0\x0a\x7f", "unexpected EOF"),
        (b"k8s\0\x0a", "unexpected EOF"),
        (b"k8s\0\x07", "illegal"),
        (wrap(b"k8s\0", framed(b""))[:-2] + b"\xff" * 11, "overflow"),
    ],
)
def test_broken_envelopes(data, message):
    """Broken envelopes are told apart."""
    with pytest.raises(ProtobufError, match=message):
        unwrap(data)
