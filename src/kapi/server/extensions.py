"""Extensions: the Python extensions of one server, and their definitions in its store.

A declared resource is an ordinary CustomResourceDefinition that the server writes when it starts,
before anybody is served; its functions hang on this object.
"""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import TYPE_CHECKING

from kapi.admission.plugins.python_extensions import PythonExtensions
from kapi.apiextensions.customresource.functions import EXTENSION_ANNOTATION
from kapi.apiextensions.definition.versions import condition, is_true
from kapi.apimachinery.errors import AlreadyExists, NotFound, StatusError
from kapi.client.inprocess import InProcessClient
from kapi.endpoints.handlers.extension_functions import ExtensionFunctions
from kapi.ext.behaviour import Behaviour
from kapi.ext.errors import DeclarationError
from kapi.server.custom_resources import DEFINITIONS
from kapi.server.extension_client import ExtensionClient
from kapi.server.options import OptionsError, StartError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.admission.chain import Plugin
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.router import Handler
    from kapi.ext.extension import Extension
    from kapi.server.custom_resources import CustomResources

__all__ = ["Extensions"]

_LOG = logging.getLogger(__name__)


class Extensions:
    """What the extensions of one server declare; raises OptionsError for what cannot be served."""

    def __init__(self, extensions: Sequence[Extension]) -> None:
        self.behaviours: dict[str, Behaviour] = {}
        self._definitions: dict[str, JSONObject] = {}
        # As they are in the store; known once the server is.
        self._specs: dict[str, JSONObject] = {}
        for extension in extensions:
            try:
                declarations = extension.declarations()
            except DeclarationError as error:
                raise OptionsError(f"extension {extension.name}: {error}") from error
            for declaration in declarations:
                if declaration.name in self.behaviours:
                    raise OptionsError(f"two extensions declare {declaration.name}")
                self.behaviours[declaration.name] = Behaviour(declaration)
                self._definitions[declaration.name] = declaration.definition()

    def with_plugin(self, plugins: Sequence[Plugin]) -> list[Plugin]:
        """Admission plugins with the one that runs their functions.

        It comes once it is known that there is a namespace, and before all others.
        """
        own = PythonExtensions(self.behaviours, self._specs)
        first = sum(plugin.name == "NamespaceLifecycle" for plugin in plugins[:1])
        return [*plugins[:first], own, *plugins[first:]]

    def handlers(self) -> dict[tuple[str, str, str], Handler]:
        """The handlers of their subresources, by group, resource and subresource."""
        found: dict[tuple[str, str, str], Handler] = {}
        for behaviour in self.behaviours.values():
            declaration = behaviour.declaration
            handler = ExtensionFunctions(behaviour).handle
            for name in declaration.subresources:
                found[declaration.group, declaration.plural, name] = handler
        return found

    async def install(
        self, api: API, client: InProcessClient, custom_resources: CustomResources
    ) -> None:
        """Write the definitions that are not there as declared, and serve them.

        Raises StartError.
        """
        for behaviour in self.behaviours.values():
            name = behaviour.declaration.extension
            own = InProcessClient(api, f"system:extension:{name}", name)
            behaviour.client = ExtensionClient(own)
        resource = api.catalogue.get(*DEFINITIONS)
        if resource is None:
            raise StartError("extensions need customresourcedefinitions, which are switched off")
        for name, declared in self._definitions.items():
            decoded = resource.codec.decode(deepcopy(declared))
            if decoded.unknown:
                paths = ", ".join(decoded.unknown)
                _LOG.warning("Kubernetes 1.%d does not have %s of %s", api.minor, paths, name)
            definition = decoded.obj
            self._specs[name] = definition["spec"]
            try:
                await self._write(client, name, definition)
                await custom_resources.reconcile(name)
                await _check_served(client, name)
            except StatusError as error:
                raise StartError(f"{name} cannot be served: {error}") from error

    async def _write(self, client: InProcessClient, name: str, definition: JSONObject) -> None:
        """Make the stored definition what is declared, unless it is."""
        extension = self.behaviours[name].declaration.extension
        try:
            found = await client.get(DEFINITIONS, "", name)
        except NotFound:
            try:
                await client.create(DEFINITIONS, "", definition)
                return
            except AlreadyExists:  # a server of the same store that starts at the same time
                found = await client.get(DEFINITIONS, "", name)
        mark = (found["metadata"].get("annotations") or {}).get(EXTENSION_ANNOTATION)
        if found["spec"] != definition["spec"] or mark != extension:
            _LOG.info("definition %s becomes what extension %s declares", name, extension)
            await client.update(DEFINITIONS, "", name, lambda live: _declared(live, definition))


async def _check_served(client: InProcessClient, name: str) -> None:
    found = await client.get(DEFINITIONS, "", name)
    if "deletionTimestamp" in found["metadata"]:
        raise StartError(f"{name} cannot be served: its definition is being deleted")
    if not is_true(found, "Established"):
        names = condition(found, "NamesAccepted") or {}
        raise StartError(f"{name} cannot be served: {names.get('message', 'not established')}")


def _declared(live: JSONObject, definition: JSONObject) -> JSONObject:
    """The stored definition as declared now; what others wrote into its metadata stays."""
    meta = live["metadata"]
    annotations = {**(meta.get("annotations") or {}), **definition["metadata"]["annotations"]}
    return {**live, "metadata": {**meta, "annotations": annotations}, "spec": definition["spec"]}
