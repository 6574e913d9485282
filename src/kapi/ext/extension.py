"""Extension: a set of resources declared in Python, and the functions that run for them.

    shop = ext.Extension("shop.example.com")

    @shop.resource(version="v1")
    @dataclass
    class Shop:
        replicas: int = 1

An Extension is given to a server (``kapi up --extension``, ``kapi.testing``); nothing is registered
anywhere else, so any number of servers can have the same or different ones.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_type_hints

from kapi.ext.declaration import Column, Declaration, Scale, SubresourceFunction, Version
from kapi.ext.errors import DeclarationError
from kapi.ext.functions import Function
from kapi.ext.objects import Object
from kapi.ext.shapes import ShapeCompiler
from kapi.ext.structs import is_struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.ext.markers import Rule
    from kapi.ext.scalars import Shape

__all__ = ["Extension"]

_Class = TypeVar("_Class", bound=type)
_Call = TypeVar("_Call", bound="Callable[..., Any]")
METHODS = ("GET", "POST", "PUT", "DELETE")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
# What is served by the definition itself, or as a stream.
_TAKEN = frozenset({"status", "scale", "log", "exec", "attach", "portforward", "proxy"})


class Extension:
    """The resources of one API group."""

    def __init__(self, group: str, *, name: str = "") -> None:
        self.group = group
        self.name = name or group
        self._declarations: dict[str, Declaration] = {}
        # Which resource and version a class was declared for, and the names its module saw.
        self._classes: dict[type, list[tuple[Declaration, Version]]] = {}
        self._checks: list[tuple[Declaration, type, str]] = []

    def __repr__(self) -> str:
        return f"<Extension {self.name}: {', '.join(self._declarations) or 'nothing'}>"

    # -- resources ----------------------------------------------------------------------------

    def resource(
        self,
        *,
        version: str,
        kind: str = "",
        plural: str = "",
        singular: str = "",
        scope: Literal["", "Namespaced", "Cluster"] = "",
        short_names: Sequence[str] = (),
        categories: Sequence[str] = (),
        status: type | None = None,
        scale: Scale | None = None,
        columns: Sequence[Column] = (),
        rules: Sequence[Rule] = (),
        selectable_fields: Sequence[str] = (),
        description: str = "",
        served: bool = True,
        storage: bool | None = None,
        deprecated: bool | str = False,
    ) -> Callable[[_Class], _Class]:
        """Declare a class (dataclass or pydantic model) as the spec of a resource.

        Objects are in namespaces unless ``scope`` is Cluster. ``kind`` is the name of the class,
        without ``Spec`` at its end, if none is given; further versions of a kind name it, and need
        not repeat names, scope and scale. ``status`` is the class of the status; all of its fields
        need defaults. ``rules`` are CEL rules over the whole object. The most stable version is
        stored unless one says ``storage=True``.
        """
        names = _names_of_caller()

        def declare(spec_class: _Class) -> _Class:
            found = kind or spec_class.__name__.removesuffix("Spec")
            names_given = {
                "plural": plural,
                "singular": singular,
                "scope": scope,
                "short_names": short_names,
                "categories": categories,
                "scale": scale,
            }
            declaration = self._declared(found, names_given)
            if version in declaration.versions:
                raise DeclarationError(f"{found}: {version} is declared twice")
            compiler = ShapeCompiler(names)
            spec_shape, status_shape = _shapes(compiler, spec_class, status)
            declared = Version(
                version,
                spec_class,
                status,
                spec_shape,
                status_shape,
                compiler.judges,
                columns,
                rules,
                selectable_fields,
                description,
                served,
                storage,
                deprecated,
            )
            declaration.versions[version] = declared
            self._declarations[found] = declaration
            self._classes.setdefault(spec_class, []).append((declaration, declared))
            return spec_class

        return declare

    def _declared(self, kind: str, given: Mapping[str, Any]) -> Declaration:
        """The resource of a kind; what later versions say again has to be the same."""
        declaration = self._declarations.get(kind)
        if declaration is None:
            return Declaration(
                self.name,
                self.group,
                kind,
                given["plural"] or _plural(kind.lower()),
                given["singular"] or kind.lower(),
                given["scope"] or "Namespaced",
                given["short_names"],
                given["categories"],
                given["scale"],
            )
        for name, value in given.items():
            if value and value != getattr(declaration, name):
                raise DeclarationError(
                    f"{kind}: all versions share {name}, and another one says "
                    f"{getattr(declaration, name)!r}"
                )
        return declaration

    # -- functions ----------------------------------------------------------------------------

    def validate(
        self, kind: type, *, on: Literal["object", "status"] = "object", thread: bool = False
    ) -> Callable[[_Call], _Call]:
        """A function that judges new and changed objects; it yields, returns or raises FieldErrors.

        It is called with the object and, by the name of the parameter, ``old`` (the object so
        far, None for a new one), ``request`` and, if it is ``async``, ``client``. ``on="status"``
        is for writes of the status subresource, which others are not called for.
        """
        declaration = self._declaration(kind, "validate")

        def declare(call: _Call) -> _Call:
            function = _function(call, "validate", ("old", "request"), thread=thread)
            functions = declaration.status_validators if on == "status" else declaration.validators
            functions.append(function)
            self._checks.append((declaration, kind, function.label))
            return call

        if on not in {"object", "status"}:
            raise DeclarationError(f"@validate: on is object or status, not {on!r}")
        return declare

    def mutate(self, kind: type, *, thread: bool = False) -> Callable[[_Call], _Call]:
        """A function that changes objects on their way in, before webhooks see them.

        It is called with the object, whose parts it changes in place, and by name ``old``,
        ``request`` and ``client``. It may be called twice for one request.
        """
        declaration = self._declaration(kind, "mutate")

        def declare(call: _Call) -> _Call:
            function = _function(call, "mutate", ("old", "request"), thread=thread)
            declaration.mutators.append(function)
            self._checks.append((declaration, kind, function.label))
            return call

        return declare

    def convert(self, source: type, target: type) -> Callable[[_Call], _Call]:
        """A plain function that makes one version's spec (or status) of another one's."""
        declaration = self._converted(source, target)

        def declare(call: _Call) -> _Call:
            function = Function(call, "convert", ())
            if function.is_async:
                raise DeclarationError(f"{function.label}: conversions are plain functions")
            if (source, target) in declaration.conversions:
                raise DeclarationError(
                    f"{function.label}: {source.__name__} is converted to {target.__name__} already"
                )
            declaration.conversions[source, target] = function
            return call

        return declare

    def subresource(
        self,
        kind: type,
        name: str,
        method: Literal["GET", "POST", "PUT", "DELETE"] = "GET",
        *,
        changes: bool = False,
        thread: bool = False,
    ) -> Callable[[_Call], _Call]:
        """A function that answers ``METHOD .../NAME/name``; what it returns is the JSON answer.

        It is called with the object and by name ``body``, ``request`` and ``client``. A ``body``
        whose parameter is annotated with a class is checked and given as its instance. With
        ``changes`` the object is stored as the function left it; the function may be called again
        when somebody else changed the object meanwhile.
        """
        declaration = self._declaration(kind, "subresource")
        if not _LABEL.fullmatch(name) or name in _TAKEN:
            raise DeclarationError(f"@subresource: {name!r} cannot be the name of a subresource")
        if method not in METHODS:
            raise DeclarationError(f"@subresource {name}: the method is one of {METHODS}")
        names = _names_of_caller()

        def declare(call: _Call) -> _Call:
            function = _function(call, "subresource", ("body", "request"), thread=thread)
            methods = declaration.subresources.setdefault(name, {})
            if method in methods:
                raise DeclarationError(f"{function.label}: {method} {name} is answered already")
            body, result = _signature(call, function, names)
            methods[method] = SubresourceFunction(function, changes, body, result)
            self._checks.append((declaration, kind, function.label))
            return call

        return declare

    def _declaration(self, kind: type, what: str) -> Declaration:
        found = self._classes.get(kind)
        if found is None:
            name = getattr(kind, "__name__", repr(kind))
            raise DeclarationError(f"@{what}: {name} is not declared with @resource before")
        return found[0][0]

    def _converted(self, source: type, target: type) -> Declaration:
        for declaration in self._declarations.values():
            classes = {
                each
                for version in declaration.versions.values()
                for each in (version.spec_class, version.status_class)
            }
            if source in classes and target in classes:
                return declaration
        raise DeclarationError(
            f"@convert: {source.__name__} and {target.__name__} are no versions of one resource; "
            "declare both with @resource before"
        )

    # -- for tests ----------------------------------------------------------------------------

    def object(
        self, spec: Any, *, name: str = "", status: Any = None, **metadata: Any
    ) -> Object[Any, Any]:
        """An object as functions are given one, to call them without a server.

        ``metadata`` has the members of its metadata as in JSON: ``labels={"a": "b"}``.
        """
        declared = self._classes.get(type(spec))
        if declared is None:
            raise DeclarationError(f"{type(spec).__name__} is not declared with @resource")
        declaration, version = declared[0]
        json: JSONObject = {
            "apiVersion": f"{declaration.group}/{version.name}",
            "kind": declaration.kind,
            "metadata": {"name": name, **metadata},
            "spec": version.spec.write(spec),
        }
        if status is not None and version.status is not None:
            json["status"] = version.status.write(status)
        return Object(json, version.spec, version.status)

    # -- for servers --------------------------------------------------------------------------

    def declarations(self) -> list[Declaration]:
        """The resources, checked; raises DeclarationError for what no server could serve."""
        if not self._declarations:
            raise DeclarationError(f"extension {self.name} declares no resource")
        for declaration, kind, label in self._checks:
            declaration.owner(kind, label)
        for declaration in self._declarations.values():
            declaration.check()
        return list(self._declarations.values())


def _function(call: Any, what: str, known: tuple[str, ...], *, thread: bool) -> Function:
    """Only a function that may wait can use a client."""
    waits = inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)
    return Function(call, what, (*known, "client") if waits else known, thread=thread)


def _shapes(compiler: ShapeCompiler, spec: type, status: type | None) -> tuple[Shape, Shape | None]:
    for kind in (spec, status):
        if kind is not None and not is_struct(kind):
            name = getattr(kind, "__name__", repr(kind))
            hint = "put @dataclass below @resource" if isinstance(kind, type) else "it is no class"
            raise DeclarationError(f"{name} is neither a dataclass nor a pydantic model; {hint}")
    spec_shape = compiler.shape(spec, spec.__name__)
    if status is None:
        return spec_shape, None
    status_shape = compiler.shape(status, status.__name__)
    missing = status_shape.schema.get("required")
    if missing:
        raise DeclarationError(
            f"{status.__name__}: objects start without a status, so {', '.join(missing)} need a "
            "default or None"
        )
    return spec_shape, status_shape


def _signature(
    call: Any, function: Function, names: Mapping[str, Any]
) -> tuple[Shape | None, Shape | None]:
    """The shapes of a subresource function's body and result, where it has annotations."""
    try:
        hints = get_type_hints(call, localns=dict(names), include_extras=True)
    except (NameError, TypeError) as error:
        raise DeclarationError(f"{function.label}: {error}") from error
    compiler = ShapeCompiler(names)
    body = hints.get("body") if "body" in function.wanted else None
    result = hints.get("return")
    shown = result is not None and result is not type(None)
    if shown and getattr(result, "__origin__", result) is Object:
        shown = False
    return (
        None if body is None else compiler.shape(body, f"{function.name}(body)"),
        compiler.shape(result, f"{function.name}() ->") if shown else None,
    )


def _names_of_caller() -> Mapping[str, Any]:
    """The names that annotations of classes inside a function may use."""
    frame = inspect.currentframe()
    caller = frame.f_back.f_back if frame is not None and frame.f_back is not None else None
    return {} if caller is None else dict(caller.f_locals)


def _plural(singular: str) -> str:
    """A resource name as English makes plurals; anything else is given as ``plural``."""
    if singular.endswith(("s", "x", "z", "ch", "sh")):
        return f"{singular}es"
    if singular.endswith("y") and singular[-2:-1] not in {"a", "e", "i", "o", "u"}:
        return f"{singular[:-1]}ies"
    return f"{singular}s"
