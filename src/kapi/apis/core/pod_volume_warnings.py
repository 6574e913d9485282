"""Warnings about the volumes of pods: types that no longer work, files that hide each other.

A volume that is filled with files (ConfigMap, Secret, downward API, projected) may be told to put
two of them at one path, or one below the other. The kubelet cannot do that, so the writer is
warned; it is not refused, because old pods have such volumes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.apimachinery.field import quote
from kapi.apis.core.resource_names import fraction_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kapi.apimachinery.types import JSONObject

__all__ = ["volume_warnings"]

# Member of the volume, name in the path of the warning, what became of the type; in the order in
# which a volume is looked at, claims being looked at before the last two.
_DEAD_TYPES = (
    ("photonPersistentDisk", "photonPersistentDisk", "in v1.11, non-functional in v1.16+"),
    ("gitRepo", "gitRepo", "in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "scaleIO", "in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "in v1.25, non-functional in v1.26+"),
)
_DYING_TYPES = (
    ("cephfs", "cephfs", "in v1.28, non-functional in v1.31+"),
    ("rbd", "rbd", "in v1.28, non-functional in v1.31+"),
)


_TOLD_ABOUT = frozenset({"ephemeral", *(member for member, *_ in _DEAD_TYPES + _DYING_TYPES)})


class _File(NamedTuple):
    """A file of a volume: where it goes and, in a projected volume, what it comes from."""

    path: str
    source: str

    def __str__(self) -> str:
        return f"{quote(self.path)} ({self.source})" if self.source else quote(self.path)

    def collides(self, other: _File) -> bool:
        """Whether one of two files is the other, or a directory of it."""
        if not self.path or not other.path:
            return False
        mine, theirs = f"{self.path}/", f"{other.path}/"
        return mine.startswith(theirs) or theirs.startswith(mine)


def volume_warnings(volumes: Iterable[JSONObject], path: str) -> Iterator[str]:
    """The warnings of ``spec.volumes``, in order."""
    for index, volume in enumerate(volumes):
        if _TOLD_ABOUT.isdisjoint(volume):
            continue
        yield from _dead_types(volume, _DEAD_TYPES, f"{path}[{index}]")
        claim = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
        if claim:
            at = f"{path}[{index}].ephemeral.volumeClaimTemplate.spec"
            resources: JSONObject = (claim.get("spec") or {}).get("resources") or {}
            for kind in ("requests", "limits"):
                amounts = resources.get(kind) or {}
                yield from fraction_warnings(amounts, ("storage",), f"{at}.resources.{kind}")
        yield from _dead_types(volume, _DYING_TYPES, f"{path}[{index}]")
    for volume in volumes:
        name = volume.get("name", "")
        listed = volume.get("configMap") or volume.get("secret") or volume.get("downwardAPI")
        if listed and listed.get("items"):
            for description, files in _listed_files(volume):
                yield from _collisions(name, description, files, [])
        projected = volume.get("projected")
        if projected is not None:
            yield from _projected(name, projected.get("sources") or ())


def _dead_types(
    volume: JSONObject, types: tuple[tuple[str, str, str], ...], path: str
) -> Iterator[str]:
    for member, shown, since in types:
        if volume.get(member) is not None:
            yield f"{path}.{shown}: deprecated {since}"


def _listed_files(volume: JSONObject) -> Iterator[tuple[str, list[_File]]]:
    for member, what, name in (
        ("configMap", "ConfigMap", "name"),
        ("secret", "Secret", "secretName"),
        ("downwardAPI", "DownwardAPI", ""),
    ):
        source = volume.get(member)
        if source and source.get("items"):
            description = f"{what} {quote(source.get(name, ''))}" if name else what
            yield description, _files(source["items"], "")


def _files(items: Iterable[JSONObject], source: str) -> list[_File]:
    return [_File(item.get("path", "").rstrip("/"), source) for item in items]


def _collisions(
    name: str, description: str, files: Iterable[_File], earlier: list[_File]
) -> Iterator[str]:
    """Warn about files that collide with an earlier one; they become earlier ones themselves."""
    for file in files:
        for other in earlier:
            if file.collides(other):
                yield (
                    f"volume {quote(name)} ({description}): overlapping paths: {file} with {other}"
                )
        earlier.append(file)


def _projected(name: str, sources: Iterable[JSONObject]) -> Iterator[str]:
    earlier: list[_File] = []
    for source in sources:
        if any(value is not None for value in source.values()):
            yield from _collisions(name, "Projected", _projected_files(source), earlier)
        else:
            yield f"volume {quote(name)} (Projected) has no sources provided"


def _projected_files(source: JSONObject) -> list[_File]:
    for member, what in (("configMap", "ConfigMap"), ("secret", "Secret")):
        value = source.get(member)
        if value is not None and value.get("items") is not None:
            return _files(value["items"], f"{what} {quote(value.get('name', ''))}")
    downward = source.get("downwardAPI")
    if downward is not None and downward.get("items") is not None:
        return _files(downward["items"], "DownwardAPI")
    token = source.get("serviceAccountToken")
    if token is not None:
        return _files((token,), "ServiceAccountToken")
    bundle = source.get("clusterTrustBundle")
    if bundle is not None:
        named = bundle.get("name", bundle.get("signerName", ""))
        return _files((bundle,), f"ClusterTrustBundle {quote(named)}")
    certificate = source.get("podCertificate") or {}
    return [
        _File(certificate[member].rstrip("/"), f"PodCertificate {what}")
        for member, what in (
            ("certificateChainPath", "chain"),
            ("keyPath", "key"),
            ("credentialBundlePath", "credential bundle"),
        )
        if certificate.get(member)
    ]
