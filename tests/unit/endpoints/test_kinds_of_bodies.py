"""Bodies of another kind than the path's are told from bodies that are not even what they say."""

from __future__ import annotations

import pytest

from kapi.apimachinery.errors import BadRequest
from kapi.apimachinery.scheme import Scheme
from kapi.apimachinery.types import GroupVersionKind
from kapi.endpoints.body import Body, OtherVersion, check_kind

CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
SCALER = GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler")
PLACE = 'in scheme "pkg/api/legacyscheme/scheme.go:30"'


@pytest.mark.parametrize(
    ("minor", "value", "expected", "why"),
    [
        (
            36,
            {"apiVersion": "v1", "kind": "Secret", "data": {"a": "%"}},
            CONFIG_MAP,
            "illegal base64 data at input byte 0",
        ),
        (
            36,
            {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"foo": 1}},
            CONFIG_MAP,
            "converting (v1.Deployment) to (core.ConfigMap): unknown conversion",
        ),
        (
            36,
            {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "spec": 5},
            CONFIG_MAP,
            f'no kind "APIService" is registered for version "apiregistration.k8s.io/v1" {PLACE}',
        ),
        (
            36,
            {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "spec": 5},
            SCALER,
            (
                "json: cannot unmarshal number into Go struct field HorizontalPodAutoscaler.spec "
                "of type v1.HorizontalPodAutoscalerSpec"
            ),
        ),
        (
            36,
            {"apiVersion": "autoscaling/v2beta2", "kind": "HorizontalPodAutoscaler"},
            SCALER,
            'no kind "HorizontalPodAutoscaler" is registered for version "autoscaling/v2beta2" '
            + PLACE,
        ),
    ],
)
def test_why_a_body_is_refused(
    minor: int, value: dict, expected: GroupVersionKind, why: str
) -> None:
    """A body is read as its own kind before that is compared."""
    with pytest.raises(BadRequest) as caught:
        check_kind(Scheme.load(minor), Body(value, []), b"{}", expected)
    kind, version = value["kind"], value["apiVersion"].rpartition("/")[2]
    prefix = f'{kind} in version "{version}" cannot be handled as a {expected.kind}: '
    assert caught.value.message == prefix + why


@pytest.mark.parametrize(("minor", "former"), [(35, "autoscaling/v2beta2"), (36, "autoscaling/v1")])
def test_other_versions_of_the_kind(minor: int, former: str) -> None:
    """A kind that is known at another version is told by the versions."""
    value = {"apiVersion": former, "kind": SCALER.kind}
    with pytest.raises(BadRequest) as caught:
        check_kind(Scheme.load(minor), Body(value, []), b"{}", SCALER)
    assert caught.value.message == (
        f"the API version in the data ({former}) does not match the expected API version "
        "(autoscaling/v2)"
    )


def test_unknown_fields_of_other_versions() -> None:
    """A body at another version still brings the names of fields that are unknown there."""
    value = {"apiVersion": "autoscaling/v1", "kind": SCALER.kind, "specX": 1}
    with pytest.raises(OtherVersion) as caught:
        check_kind(Scheme.load(36), Body(value, []), b"{}", SCALER)
    assert caught.value.unknown == ["specX"]
