"""Conversion: how stored objects reach a version of a resource when somebody has to be asked.

Built-in kinds, and custom resources without a conversion webhook, are converted by functions
(``KindRules.from_hub``); their resources have no Conversion and pay nothing for it. With one, the
rules of a request see objects at the version of the request, and only the store and those who
read cached entries ask for another form: before they decide anything, and for many objects at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.catalogue import Resource
    from kapi.storage.cacher.entry import Entry

__all__ = ["Conversion"]


class Conversion(Protocol):
    """Converts between the versions that objects are stored in and that of one resource.

    Every coroutine raises StatusError (500) when the objects cannot be converted.
    """

    async def views(self, entries: Sequence[Entry], *, selectable: bool = False) -> list[Entry]:
        """The entries as if they were stored at the resource's version, in their order.

        Forms that are known are used, and many are asked for at once. Labels and fields are
        there only where ``selectable`` asks for them.
        """
        ...

    async def fresh(self, entry: Entry) -> Entry:
        """The view of one entry, converted now."""
        ...

    def body(self, entry: Entry) -> bytes:
        """The body of an entry's view that ``views`` has made already, or of a view itself."""
        ...

    async def load(self, entry: Entry) -> JSONObject:
        """The stored object at the resource's version, converted now; the caller's own."""
        ...

    async def stored(self, obj: JSONObject) -> JSONObject:
        """An object of the resource's version in the form in which it is to be stored."""
        ...

    async def convert(self, obj: JSONObject, api_version: str) -> JSONObject:
        """An object of any version of the kind at another one, with all that it was given."""
        ...

    def is_current(self, entry: Entry) -> bool:
        """Whether a write would store the entry in the version in which it is stored."""
        ...

    def at_rest(self, entry: Entry) -> Resource:
        """The resource at the version in which an entry is stored, which stays that.

        For steps of the server's own that only read and change metadata: nobody is asked.
        """
        ...
