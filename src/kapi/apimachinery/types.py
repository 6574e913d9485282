"""The names that every layer above uses for JSON, groups, versions, kinds and resources.

An object is a plain JSON dictionary; there is no class per kind.
"""

from __future__ import annotations

from typing import Any, NamedTuple, NewType, TypeAlias

__all__ = [
    "UID",
    "GroupResource",
    "GroupVersion",
    "GroupVersionKind",
    "GroupVersionResource",
    "JSONObject",
    "JSONValue",
    "Namespace",
    "ResourceVersion",
    "Revision",
]

JSONValue: TypeAlias = Any
JSONObject: TypeAlias = dict[str, Any]

Namespace = NewType("Namespace", str)
UID = NewType("UID", str)
ResourceVersion = NewType("ResourceVersion", str)  # text on the wire
Revision = NewType("Revision", int)  # number in the store


class GroupVersion(NamedTuple):
    """An API group and one of its versions; the core group is the empty string."""

    group: str
    version: str

    @classmethod
    def parse(cls, api_version: str) -> GroupVersion:
        """Read an ``apiVersion``: ``v1`` or ``group/version``."""
        group, slash, version = api_version.rpartition("/")
        return cls(group, version) if slash else cls("", api_version)

    def __str__(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


class GroupVersionKind(NamedTuple):
    """The type of an object as ``apiVersion`` and ``kind`` name it."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """The ``apiVersion`` text."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_version(self) -> GroupVersion:
        """Group and version."""
        return GroupVersion(self.group, self.version)


class GroupResource(NamedTuple):
    """A resource independent of its versions: what is stored under one prefix."""

    group: str
    resource: str

    def __str__(self) -> str:
        return f"{self.resource}.{self.group}" if self.group else self.resource


class GroupVersionResource(NamedTuple):
    """A resource at one of its versions: what a request path names."""

    group: str
    version: str
    resource: str

    @property
    def group_resource(self) -> GroupResource:
        """The resource without its version."""
        return GroupResource(self.group, self.resource)

    @property
    def group_version(self) -> GroupVersion:
        """Group and version."""
        return GroupVersion(self.group, self.version)
