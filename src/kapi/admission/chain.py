"""AdmissionChain: the admission plugins of one server, in kube-apiserver's order.

Implements "Admission control in Kubernetes": all mutating plugins, then all validating ones; a
plugin sees only the operations and resources that it handles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.registry.admission import Attributes

__all__ = ["AdmissionChain", "Plugin"]


class Plugin:
    """One admission plugin; override ``mutate`` or ``validate``.

    ``operations`` and ``resources`` (group, resource; empty: every resource) say what it handles,
    ``subresources`` which endpoints ("" is the object itself).
    """

    name: ClassVar[str] = ""
    operations: ClassVar[frozenset[str]] = frozenset({"CREATE"})
    resources: ClassVar[frozenset[tuple[str, str]]] = frozenset()
    subresources: ClassVar[frozenset[str]] = frozenset({""})

    def handles(self, attributes: Attributes) -> bool:
        """Whether this plugin looks at the operation at all."""
        resource = attributes.resource
        return (
            attributes.operation in self.operations
            and attributes.subresource in self.subresources
            and (not self.resources or (resource.group, resource.resource) in self.resources)
        )

    async def mutate(self, attributes: Attributes) -> None:
        """Change ``attributes.obj`` or raise StatusError."""

    async def validate(self, attributes: Attributes) -> None:
        """Raise StatusError to refuse."""


class AdmissionChain:
    """Runs the plugins; which ones handle a kind of operation is found once and kept."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self._plugins = tuple(plugins)
        self._mutating = [p for p in plugins if type(p).mutate is not Plugin.mutate]
        self._validating = [p for p in plugins if type(p).validate is not Plugin.validate]
        self._handlers: dict[tuple[str, str, str, str], tuple[list[Plugin], list[Plugin]]] = {}

    @property
    def names(self) -> list[str]:
        """The plugins in their order."""
        return [plugin.name for plugin in self._plugins]

    def _chosen(self, attributes: Attributes) -> tuple[list[Plugin], list[Plugin]]:
        resource = attributes.resource
        key = (resource.group, resource.resource, attributes.operation, attributes.subresource)
        found = self._handlers.get(key)
        if found is None:
            found = (
                [plugin for plugin in self._mutating if plugin.handles(attributes)],
                [plugin for plugin in self._validating if plugin.handles(attributes)],
            )
            self._handlers[key] = found
        return found

    async def mutate(self, attributes: Attributes) -> None:
        """Run the mutating plugins; raises StatusError to refuse the operation.

        They run a second time where one of them asked for it: what came from outside may be
        incomplete in the eyes of those before it.
        """
        plugins = self._chosen(attributes)[0]
        for plugin in plugins:
            await plugin.mutate(attributes)
        reinvocation = attributes.reinvocation
        if reinvocation is not None and reinvocation.wanted:
            reinvocation.again = True
            for plugin in plugins:
                await plugin.mutate(attributes)

    async def validate(self, attributes: Attributes) -> None:
        """Run the validating plugins; raises StatusError to refuse the operation."""
        for plugin in self._chosen(attributes)[1]:
            await plugin.validate(attributes)
