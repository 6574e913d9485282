"""Wrong types are told with Go's names of fields, embedded structs and types."""

from __future__ import annotations

import pytest

from kapi.apimachinery.scheme.decode import DecodeError
from kapi.apimachinery.scheme.scheme import Scheme


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    """The newest version whose names are in the table."""
    return Scheme.load(36)


@pytest.mark.parametrize(
    ("definition", "value", "field", "go_type"),
    [
        ("core.v1.Pod", {"spec": {"dnsPolicy": {}}}, "PodSpec.spec.dnsPolicy", "v1.DNSPolicy"),
        (
            "core.v1.Pod",
            {"spec": {"volumes": [{"hostPath": {"path": {}}}]}},
            "HostPathVolumeSource.spec.volumes.VolumeSource.hostPath.path",
            "string",
        ),
        (
            "core.v1.Pod",
            {"spec": {"containers": [{"resources": {"limits": []}}]}},
            "ResourceRequirements.spec.containers.resources.limits",
            "v1.ResourceList",
        ),
        (
            "core.v1.PersistentVolumeClaim",
            {"spec": {"accessModes": [{}]}},
            "PersistentVolumeClaimSpec.spec.accessModes",
            "v1.PersistentVolumeAccessMode",
        ),
        (
            "core.v1.PersistentVolumeClaim",
            {"status": {"allocatedResourceStatuses": {"storage": []}}},
            "PersistentVolumeClaimStatus.status.allocatedResourceStatuses",
            "v1.ClaimResourceStatus",
        ),
        (
            "apps.v1.StatefulSet",
            {"spec": {"volumeClaimTemplates": [{"kind": {}}]}},
            "PersistentVolumeClaim.spec.volumeClaimTemplates.TypeMeta.kind",
            "string",
        ),
        ("core.v1.Pod", {"spec": []}, "Pod.spec", "v1.PodSpec"),
    ],
)
def test_fields_are_named_as_go_declares_them(
    scheme: Scheme, definition: str, value: dict[str, object], field: str, go_type: str
) -> None:
    """The message names the innermost struct, the path through embedded ones, and the type."""
    with pytest.raises(DecodeError) as caught:
        scheme.decode(scheme.named(f"io.k8s.api.{definition}"), value)
    text = str(caught.value)
    assert text.endswith(f" into Go struct field {field} of type {go_type}")


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([1, "a"], "string"),
        ([True], "bool"),
        ([256], "number 256"),
        ([-1], "number -1"),
        ([{}], "object"),
    ],
)
def test_bytes_given_one_by_one(scheme: Scheme, items: list[object], problem: str) -> None:
    """A list of numbers is bytes, too, and a null among them zero; others are no uint8."""
    kind = scheme.named("io.k8s.api.core.v1.Secret")
    good = scheme.decode(kind, {"data": {"a": [104, 105, None], "b": []}})
    assert good.obj["data"] == {"a": "aGkA", "b": ""}
    with pytest.raises(DecodeError) as caught:
        scheme.decode(kind, {"data": {"a": items}})
    assert str(caught.value) == (
        f"json: cannot unmarshal {problem} into Go struct field Secret.data of type uint8"
    )
