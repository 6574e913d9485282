"""Behaviour: the functions of one declared resource, as a server calls them.

Implements ``apiextensions.customresource.functions.ResourceFunctions``, and what admission and the
handlers of subresources need. Functions are only called with objects that fit the schema of the
stored version.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from kapi.apiextensions.schema.failures import ABSENT, Failures
from kapi.apiextensions.schema.reading import compile_reader
from kapi.apiextensions.schema.validation import compile_validator
from kapi.apiextensions.schema.validity import compile_validity
from kapi.apimachinery.errors import InternalError, Invalid
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.field import FieldError as APIFieldError
from kapi.ext.errors import FieldError, Unfit
from kapi.ext.objects import Object, Request, check_json
from kapi.ext.structs import json_name
from kapi.registry.catalogue import Subresource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from kapi.apiextensions.schema.failures import Check
    from kapi.apiextensions.schema.reading import Reader
    from kapi.apiextensions.schema.validity import IsValid
    from kapi.apimachinery.types import GroupVersionKind, JSONObject, JSONValue
    from kapi.ext.client import Client
    from kapi.ext.declaration import Declaration, SubresourceFunction
    from kapi.ext.functions import Function
    from kapi.ext.scalars import Shape
    from kapi.registry.context import RequestContext

__all__ = ["Behaviour"]

_LOG = logging.getLogger(__name__)
# What becomes of values of other types than declared.
_OTHER_TYPES = (TypeError, AttributeError, KeyError, ValueError, RecursionError)
_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "DELETE": "delete"}


class Behaviour:
    """The functions of one resource; belongs to one server."""

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration
        self.client: Client | None = None  # given once the server is complete
        self.converts = declaration.converted()
        hub = declaration.storage
        self._hub = hub
        self._validators = [f for f in declaration.validators if not f.waits]
        self._waiting = [f for f in declaration.validators if f.waits]
        self._status_validators = [f for f in declaration.status_validators if not f.waits]
        self._waiting_status = [f for f in declaration.status_validators if f.waits]
        every = (declaration.validators, declaration.status_validators, declaration.mutators)
        self._wants_old = any("old" in f.wanted for functions in every for f in functions)
        self._surely_fits: IsValid | None = None
        # Of bodies of subresources, by the identity of their shapes.
        self._bodies: dict[int, tuple[Reader, Check]] = {}

    def fit(self, versions: Collection[str], stored: str) -> bool:
        """Whether the code is for a definition with these versions."""
        return set(versions) == self.declaration.versions.keys() and stored == self._hub.name

    def view(self, obj: JSONObject) -> Object[Any, Any]:
        """An object of the stored version as functions see it."""
        return Object(obj, self._hub.spec, self._hub.status)

    # -- validation ---------------------------------------------------------------------------

    def validate(
        self,
        context: RequestContext,
        obj: JSONObject,
        old: JSONObject | None,
        errors: ErrorList,
    ) -> None:
        """Call the plain @validate functions; those that wait follow in admission.

        A write that changes nothing but metadata is not refused for what was wrong before.
        """
        on_status = context.subresource == "status"
        functions = self._status_validators if on_status else self._validators
        if not (functions or self._hub.judges) or _only_leaves(obj, old):
            return
        found = self._judged(functions, context, obj, old)
        if found and old is not None and _same_content(obj, old):
            found = _new_in(found, self._judged(functions, context, old, old))
        errors.extend(found)

    def _judged(
        self,
        functions: Sequence[Function],
        context: RequestContext,
        obj: JSONObject,
        old: JSONObject | None,
    ) -> ErrorList:
        """What the classes and plain functions say about an object."""
        found = ErrorList()
        view, given = self._given(context, obj, old)
        try:
            _ = view.status if context.subresource == "status" else view.spec
        except Unfit as error:
            _add(error, found)
            return found
        for function in functions:
            try:
                _collect(function.run(view, given), function, found)
            except (FieldError, Unfit) as error:
                _add(error, found)
        return found

    async def validate_waiting(
        self, context: RequestContext, obj: JSONObject, old: JSONObject | None
    ) -> None:
        """Call the @validate functions that wait; raises Invalid with every cause."""
        on_status = context.subresource == "status"
        functions = self._waiting_status if on_status else self._waiting
        if not functions or _only_leaves(obj, old):
            return
        found = await self._judged_waiting(functions, context, obj, old)
        if found and old is not None and _same_content(obj, old):
            found = _new_in(found, await self._judged_waiting(functions, context, old, old))
        if found:
            raise self.invalid(obj, found)

    async def _judged_waiting(
        self,
        functions: Sequence[Function],
        context: RequestContext,
        obj: JSONObject,
        old: JSONObject | None,
    ) -> ErrorList:
        found = ErrorList()
        view, given = self._given(context, obj, old)
        for function in functions:
            try:
                _collect(await function.wait(view, given), function, found)
            except (FieldError, Unfit) as error:
                _add(error, found)
        return found

    def invalid(self, obj: JSONObject, errors: ErrorList) -> Invalid:
        """The refusal of an object."""
        name = obj["metadata"].get("name") or ""
        return Invalid.kind(self.declaration.group, self.declaration.kind, name, errors)

    def refused(self, obj: JSONObject, error: FieldError | Unfit) -> Invalid:
        """The refusal of an object for what a function raised."""
        errors = ErrorList()
        _add(error, errors)
        return self.invalid(obj, errors)

    def _given(
        self, context: RequestContext, obj: JSONObject, old: JSONObject | None
    ) -> tuple[Object[Any, Any], dict[str, Any]]:
        before = None if old is None or not self._wants_old else self._before(old)
        given = {"old": before, "request": Request(context), "client": self.client}
        return self.view(obj), given

    def _before(self, old: JSONObject) -> Object[Any, Any] | None:
        """The object so far; None where the classes of today do not take it any more."""
        view = self.view(old)
        try:
            _ = (view.spec, view.status)
        except Unfit:
            return None
        return view

    # -- mutation -----------------------------------------------------------------------------

    async def mutate(
        self, context: RequestContext, obj: JSONObject, old: JSONObject | None
    ) -> None:
        """Let the @mutate functions change an object; one that breaks its schema stays as it is.

        Validation, which follows, says then what is wrong with it.
        """
        functions = self.declaration.mutators
        if not functions or not self._fits(obj) or self._refuses(obj):
            return
        for function in functions:
            view, given = self._given(context, obj, old)
            try:
                if function.waits:
                    await function.wait(view, given)
                else:
                    function.run(view, given)
            except (FieldError, Unfit) as error:
                raise self.refused(obj, error) from error
            self._take_changes(view, function)

    def _take_changes(self, view: Object[Any, Any], function: Function) -> None:
        """Bring what a function has changed into its object."""
        try:
            view.changed()
        except Unfit as error:
            raise self.refused(view.json, error) from error
        except _OTHER_TYPES as error:
            _LOG.exception("%s left an object that is none", function.label)
            why = f"{function.label} left values of other types than declared, see the log"
            raise InternalError(why) from error

    def _fits(self, obj: JSONObject) -> bool:
        spec = obj.get("spec") or {}
        if self._surely_fits is None:
            self._surely_fits = compile_validity(self._hub.spec.schema)
        if self._surely_fits(spec):
            return True
        failures = Failures()
        compile_validator(self._hub.spec.schema)(spec, ABSENT, "", failures)
        return not failures

    def _refuses(self, obj: JSONObject) -> bool:
        """Whether the class of the spec itself does not take an object that fits its schema."""
        if not self._hub.judges:
            return False
        try:
            _ = self.view(obj).spec
        except Unfit:
            return True
        return False

    # -- conversion ---------------------------------------------------------------------------

    def convert(self, obj: JSONObject, source: str, target: str) -> JSONObject:
        """A copy of an object at another version; metadata stays as it is."""
        converted = {**obj}
        before, after = self._version(source), self._version(target)
        for name in ("spec", "status"):
            if name not in obj:
                continue
            shapes = (before.spec, after.spec) if name == "spec" else (before.status, after.status)
            kinds = (
                (before.spec_class, after.spec_class)
                if name == "spec"
                else (before.status_class, after.status_class)
            )
            if kinds[0] is kinds[1] or shapes[0] is None or shapes[1] is None:
                continue
            assert kinds[0] is not None
            assert kinds[1] is not None
            function = self.declaration.conversions[kinds[0], kinds[1]]
            converted[name] = self._converted(function, obj, name, shapes[0], shapes[1])
        return converted

    def _version(self, name: str) -> Any:
        found = self.declaration.versions.get(name)
        if found is None:
            raise InternalError(
                f"the Python extension {self.declaration.extension} of this server does not know "
                f"{self.declaration.kind} {name}"
            )
        return found

    def _converted(
        self, function: Function, obj: JSONObject, name: str, source: Shape, target: Shape
    ) -> JSONValue:
        try:
            value = target.write(function.run(source.read(obj[name]), {}))
            check_json(value)
        except Unfit as error:
            raise self.refused(obj, error.below(name)) from error
        except FieldError as error:
            raise self.refused(obj, error) from error
        except _OTHER_TYPES as error:
            _LOG.exception("%s failed", function.label)
            why = f"{function.label} failed with {type(error).__name__}, see the log"
            raise InternalError(why) from error
        return value

    # -- subresources -------------------------------------------------------------------------

    def subresources(self, kind: GroupVersionKind) -> Sequence[Subresource]:
        """The declared functions' subresources at a version."""
        found: list[Subresource] = []
        for name, methods in self.declaration.subresources.items():
            title = json_name(name.replace("-", "_"))
            own = kind._replace(kind=f"{kind.kind}{title[:1].upper()}{title[1:]}")
            verbs = tuple(_VERBS[method] for method in methods)
            bodies = [f.body.schema for f in methods.values() if f.body is not None]
            results = [f.result.schema for f in methods.values() if f.result is not None]
            found.append(
                Subresource(
                    name,
                    own,
                    verbs,
                    body=bodies[0] if bodies else {},
                    result=results[0] if results else {},
                )
            )
        return found

    def body(
        self,
        function: SubresourceFunction,
        kind: str,
        name: str,
        value: JSONValue,
        unknown: list[str],
    ) -> Any:
        """The body of a subresource's request as its function wants it; raises Invalid.

        ``unknown`` collects the paths of fields that its class does not have.
        """
        shape = function.body
        if shape is None or (value is None and shape.optional):
            return value
        compiled = self._bodies.get(id(shape))
        if compiled is None:
            reader = compile_reader(shape.schema, _no_metadata)
            compiled = self._bodies[id(shape)] = (reader, compile_validator(shape.schema))
        read, check = compiled
        value = read(value, unknown)
        errors, failures = ErrorList(), Failures()
        check(value, ABSENT, "", failures)
        failures.report("", errors)
        if not errors:
            try:
                return shape.read(value)
            except Unfit as error:
                _add(error, errors)
        raise Invalid.kind(self.declaration.group, kind, name, errors)

    async def call(
        self,
        function: SubresourceFunction,
        context: RequestContext,
        obj: JSONObject,
        given: Mapping[str, Any],
    ) -> tuple[Object[Any, Any], Any]:
        """Call the function of a subresource; the object as it left it, and what it returned."""
        view = self.view(obj)
        try:
            result = await function.function.wait(view, {**given, "client": self.client})
        except (FieldError, Unfit) as error:
            raise self.refused(obj, error) from error
        if function.changes:
            self._take_changes(view, function.function)
        return view, result

    def answer(self, function: SubresourceFunction, result: Any) -> JSONValue:
        """What a function of a subresource returned, as JSON."""
        if function.result is not None:
            try:
                return function.result.write(result)
            except (TypeError, AttributeError, ValueError) as error:
                why = f"{function.function.label} returned something else than it declares"
                _LOG.exception("%s", why)
                raise InternalError(why) from error
        return result


def _no_metadata(value: JSONValue, unknown: list[str]) -> JSONValue:
    """Bodies of subresources are plain values."""
    return value


def _same_content(obj: JSONObject, old: JSONObject) -> bool:
    return bool(obj.get("spec") == old.get("spec") and obj.get("status") == old.get("status"))


def _only_leaves(obj: JSONObject, old: JSONObject | None) -> bool:
    """Whether an object that is being deleted merely gets closer to it (its finalizers)."""
    if old is None or "deletionTimestamp" not in old["metadata"]:
        return False
    return _same_content(obj, old)


def _new_in(found: ErrorList, before: ErrorList) -> ErrorList:
    """The errors that were not there before."""
    known = {(error.reason, str(error)) for error in before}
    return ErrorList(error for error in found if (error.reason, str(error)) not in known)


def _collect(result: Any, function: Function, errors: ErrorList) -> None:
    """The errors that a @validate function returned."""
    if result is None:
        return
    found: Iterable[Any] = (result,) if isinstance(result, FieldError) else result
    try:
        for error in found:
            if error is not None:
                _add(error, errors)
    except (TypeError, AttributeError) as error:
        why = f"{function.label} returned {type(result).__name__} instead of field errors"
        _LOG.exception("%s", why)
        raise InternalError(why) from error


def _add(error: FieldError | Unfit, errors: ErrorList) -> None:
    if isinstance(error, Unfit):
        for path, text in error.problems:
            errors.append(APIFieldError("FieldValueInvalid", path, f"Invalid value: {text}"))
    else:
        errors.append(APIFieldError(error.reason, error.field, error.body))
