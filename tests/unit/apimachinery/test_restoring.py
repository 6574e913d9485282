"""Objects are restored from untyped maps by other rules than from JSON."""

from __future__ import annotations

import pytest

from kapi.apimachinery.scheme.decode import DecodeError
from kapi.apimachinery.scheme.scheme import Scheme


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    """One version's types."""
    return Scheme.load(36)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("ConfigMap", {"data": {"a": 5}}, "cannot convert int64 to string"),
        ("ConfigMap", {"data": {"a": 1.5}}, "unrecognized type: string"),
        ("ConfigMap", {"data": {"a": True}}, "unrecognized type: string"),
        ("ConfigMap", {"data": {"a": []}}, "unrecognized type: string"),
        ("ConfigMap", {"data": 5}, "cannot restore map from int64"),
        ("ConfigMap", {"data": "x"}, "cannot restore map from string"),
        ("ConfigMap", {"data": [1]}, "cannot restore map from slice"),
        ("ConfigMap", {"kind": 5}, "cannot convert int64 to string"),
        ("ConfigMap", {"immutable": 1}, "unrecognized type: bool"),
        ("ConfigMap", {"binaryData": {"x": 5}}, "cannot restore slice from int64"),
        (
            "ConfigMap",
            {"binaryData": {"x": "%"}},
            "error decoding from json: illegal base64 data at input byte 0",
        ),
        ("ConfigMap", {"metadata": 5}, "cannot restore struct from: int64"),
        ("ConfigMap", {"metadata": {"uid": 5}}, "cannot convert int64 to types.UID"),
        ("ConfigMap", {"metadata": {"generation": 1.5}}, "cannot convert float64 to int64"),
        ("ConfigMap", {"metadata": {"generation": "1"}}, "unrecognized type: int64"),
        (
            "ConfigMap",
            {"metadata": {"creationTimestamp": 5}},
            "json: cannot unmarshal number into Go value of type string",
        ),
        (
            "ConfigMap",
            {"metadata": {"creationTimestamp": "x"}},
            'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
        ),
        ("ConfigMap", {"metadata": {"finalizers": "x"}}, "cannot restore slice from string"),
        ("ConfigMap", {"metadata": {"finalizers": [1]}}, "cannot convert int64 to string"),
        ("Pod", {"spec": {"dnsPolicy": 5}}, "cannot convert int64 to v1.DNSPolicy"),
        (
            "Pod",
            {"spec": {"containers": [{"image": 5}], "volumes": 5}},
            "cannot restore slice from int64",
        ),
        (
            "Pod",
            {"spec": {"tolerations": [{"tolerationSeconds": "5", "key": 5}]}},
            "cannot convert int64 to string",
        ),
        (
            "Pod",
            {"spec": {"containers": [{"livenessProbe": {"httpGet": {"port": 99999999999}}}]}},
            "json: cannot unmarshal number 99999999999 into Go value of type int32",
        ),
        (
            "Pod",
            {"spec": {"containers": [{"livenessProbe": {"httpGet": {"port": True}}}]}},
            "json: cannot unmarshal bool into Go value of type int32",
        ),
    ],
)
def test_what_does_not_fit(scheme: Scheme, kind: str, value: dict, message: str) -> None:
    """The first wrong member, in the order of declaration, is told in the converter's words."""
    with pytest.raises(DecodeError) as caught:
        scheme.restore(scheme.named(f"io.k8s.api.core.v1.{kind}"), value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("kind", "value", "restored"),
    [
        ("Pod", {"spec": {"priority": 2.0}}, {"spec": {"priority": 2}}),
        ("Pod", {"spec": {"priority": 99999999999}}, {"spec": {"priority": 1215752191}}),
        (
            "Pod",
            {"spec": {"activeDeadlineSeconds": 1e20}},
            {"spec": {"activeDeadlineSeconds": -(1 << 63)}},
        ),
        ("ConfigMap", {"binaryData": {"x": [1, 258]}}, {"binaryData": {"x": "AQI="}}),
        ("ConfigMap", {"data": None, "foo": 1}, {"data": None, "foo": 1}),
    ],
)
def test_what_is_converted(scheme: Scheme, kind: str, value: dict, restored: dict) -> None:
    """Whole numbers become integers, which are cut to their field; bytes may be numbers."""
    assert scheme.restore(scheme.named(f"io.k8s.api.core.v1.{kind}"), value) == restored


def test_null_bytes_in_maps(scheme: Scheme) -> None:
    """A null among bytes is no bytes, as it comes back from storage."""
    kind = scheme.named("io.k8s.api.core.v1.ConfigMap")
    assert scheme.decode(kind, {"binaryData": {"k": None}}).obj["binaryData"] == {"k": ""}
