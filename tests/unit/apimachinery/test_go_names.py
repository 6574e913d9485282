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
