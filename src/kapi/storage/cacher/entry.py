"""Entry: one object in the watch cache, as the bytes that are served."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

__all__ = ["Entry", "alternates", "resource_version_prefix"]


def alternates(
    entries: Iterable[Entry], form: Hashable, build: Callable[[Entry], bytes]
) -> list[bytes]:
    """Many objects in another form, as ``Entry.alternate`` gives it."""
    found: list[bytes] = []
    for entry in entries:
        kept = entry._alternates  # noqa: SLF001 - a list has many, each call costs
        known = kept.get(form) if kept is not None else None
        found.append(entry.alternate(form, build) if known is None else known)
    return found


def resource_version_prefix(revision: int) -> bytes:
    """How every body begins: ``{"metadata":{"resourceVersion":"7"``."""
    return b'{"metadata":{"resourceVersion":"%d"' % revision


class Entry:
    """One version of one object; never changed after it was made, apart from its caches.

    ``body`` is the object's compact JSON without ``kind`` and ``apiVersion``, beginning with
    ``{"metadata":{"resourceVersion":"<revision>"``. ``labels`` is None when the object has none.
    ``fields`` are the values for field selectors in the order of the resource's field names.
    ``header`` is what the stored value has in front of the members of ``metadata``
    (``{"apiVersion":"v1","kind":"Pod","metadata":{``), empty when the value was laid out
    otherwise and had to be rewritten.
    """

    __slots__ = (
        "_alternates",
        "body",
        "create_revision",
        "fields",
        "header",
        "key",
        "labels",
        "name",
        "namespace",
        "revision",
    )

    def __init__(
        self,
        key: str,
        revision: int,
        body: bytes,
        namespace: str,
        name: str,
        labels: dict[str, str] | None = None,
        fields: tuple[str, ...] = (),
        header: bytes = b"",
        create_revision: int = 0,
    ) -> None:
        self.key = key
        self.revision = revision
        self.create_revision = create_revision
        self.body = body
        self.namespace = namespace
        self.name = name
        self.labels = labels
        self.fields = fields
        self.header = header
        self._alternates: dict[Hashable, bytes] | None = None

    def __repr__(self) -> str:
        return f"Entry({self.key!r}, revision={self.revision})"

    def alternate(self, form: Hashable, build: Callable[[Entry], bytes]) -> bytes:
        """The object in another form (protobuf, Table row, other version), built once."""
        alternates = self._alternates
        if alternates is None:
            alternates = self._alternates = {}
        found = alternates.get(form)
        if found is None:
            found = alternates[form] = build(self)
        return found

    def kept(self, form: Hashable) -> bytes | None:
        """The object in another form if that is known."""
        return None if self._alternates is None else self._alternates.get(form)

    def keep(self, form: Hashable, data: bytes) -> None:
        """Keep the object in a form that somebody else made, in place of what was kept."""
        if self._alternates is None:
            self._alternates = {}
        self._alternates[form] = data

    def at(self, revision: int) -> Entry:
        """The same content under another resourceVersion: what a DELETED event shows."""
        rest = self.body[len(resource_version_prefix(self.revision)) :]
        return Entry(
            self.key,
            revision,
            resource_version_prefix(revision) + rest,
            self.namespace,
            self.name,
            self.labels,
            self.fields,
            self.header,
            self.create_revision,
        )

    def holds(self, value: bytes) -> bool:
        """Whether ``value`` is exactly what the store has: then a write would change nothing."""
        header = self.header
        if not header or not value.startswith(header):
            return False
        prefix_length = len(resource_version_prefix(self.revision))
        members = value[len(header) :]
        if not members.startswith(b"}"):
            prefix_length += 1  # the comma between resourceVersion and the next member
        return self.body[prefix_length:] == members
