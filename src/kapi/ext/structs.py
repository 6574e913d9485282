"""Structures: dataclasses and pydantic models as JSON objects.

``opening_hours`` in Python is ``openingHours`` in JSON. Descriptions are the docstring of the
class, the text below a field, or what its Field says. Pydantic is never imported from here:
whoever has a model has imported it.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, get_origin, get_type_hints

from kapi.ext.errors import DeclarationError, Unfit
from kapi.ext.markers import merged_field
from kapi.ext.scalars import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kapi.apimachinery.types import JSONObject, JSONValue

    ShapeOf = Callable[[Any, Iterable[Any], str], Shape]

__all__ = ["Member", "is_struct", "json_name", "judges", "struct_members", "struct_shape"]

_MISSING = dataclasses.MISSING
_CAPITAL = re.compile(r"_+([A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class Member:
    """One field of a structure: its name in Python, in JSON, for the constructor, and its shape.

    ``default`` is what the schema gives to objects without the field.
    """

    attribute: str
    name: str
    argument: str
    shape: Shape
    required: bool
    default: JSONValue = None
    # Without a value and without a default in Python the constructor is given None.
    none_if_absent: bool = False


def json_name(attribute: str) -> str:
    """``opening_hours`` as Kubernetes spells it: ``openingHours``."""
    head = attribute.rstrip("_")  # ``class_`` is how Python spells ``class``
    return head[:1] + _CAPITAL.sub(lambda match: match[1].upper(), head[1:])


def is_model(kind: Any) -> bool:
    """Whether a class is a pydantic model."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(kind, type) and issubclass(kind, pydantic.BaseModel)


def is_struct(kind: Any) -> bool:
    """Whether a type is a dataclass or a pydantic model."""
    return isinstance(kind, type) and (dataclasses.is_dataclass(kind) or is_model(kind))


def judges(kind: type) -> bool:
    """Whether a structure has rules of its own: validators of a model, ``__post_init__``."""
    return is_model(kind) or hasattr(kind, "__post_init__")


def description_of(kind: type) -> str:
    """The docstring of a class; nothing where a library wrote it."""
    text = kind.__dict__.get("__doc__") or ""
    if text.startswith(f"{kind.__name__}("):  # as dataclasses do
        return ""
    return inspect.cleandoc(text)


def struct_members(kind: type, names: Mapping[str, Any], shape_of: ShapeOf) -> list[Member]:
    """The fields of a structure; DeclarationError for what has no schema."""
    find = _model_members if is_model(kind) else _dataclass_members
    members = find(kind, names, shape_of)
    seen: dict[str, str] = {}
    for member in members:
        if member.name in seen:
            raise DeclarationError(
                f"{kind.__name__}: {seen[member.name]} and {member.attribute} are both called "
                f"{member.name} in JSON"
            )
        seen[member.name] = member.attribute
    return members


def _dataclass_members(kind: type, names: Mapping[str, Any], shape_of: ShapeOf) -> list[Member]:
    try:
        hints = get_type_hints(kind, localns=dict(names), include_extras=True)
    except NameError as error:
        raise DeclarationError(
            f"{kind.__name__}: {error}; annotations may name what is defined before the class"
        ) from error
    texts = _field_docstrings(kind)
    found: list[Member] = []
    for field in dataclasses.fields(kind):
        where = f"{kind.__name__}.{field.name}"
        if not field.init:
            raise DeclarationError(
                f"{where}: fields with init=False cannot be read; use a property"
            )
        hint = hints[field.name]
        if get_origin(hint) is ClassVar:
            continue
        factory = field.default_factory if field.default_factory is not _MISSING else None
        has_default = field.default is not _MISSING or factory is not None
        default = field.default if field.default is not _MISSING else None
        shape = shape_of(hint, (), where)
        own = merged_field(getattr(hint, "__metadata__", ()))
        found.append(
            _member(
                field.name,
                own.name or json_name(field.name),
                field.name,
                _described(shape, own.description or texts.get(field.name, "")),
                has_default,
                default,
                factory,
                where,
            )
        )
    return found


def _model_members(kind: Any, names: Mapping[str, Any], shape_of: ShapeOf) -> list[Member]:
    texts = _field_docstrings(kind)
    found: list[Member] = []
    for attribute, info in kind.model_fields.items():
        where = f"{kind.__name__}.{attribute}"
        hint = info.annotation
        shape = shape_of(hint, (*getattr(hint, "__metadata__", ()), *info.metadata), where)
        own = merged_field([*getattr(hint, "__metadata__", ()), *info.metadata])
        validation = info.validation_alias or info.alias
        if validation is not None and not isinstance(validation, str):
            raise DeclarationError(f"{where}: an alias is one name here")
        alias = info.serialization_alias or info.alias
        # A factory that looks at other fields is a rule of the model's own, not a default.
        factory = info.default_factory
        plain = factory if factory and not info.default_factory_takes_validated_data else None
        required = info.is_required()
        found.append(
            _member(
                attribute,
                own.name or alias or json_name(attribute),
                validation or attribute,
                _described(shape, info.description or own.description or texts.get(attribute, "")),
                not required,
                None if required or factory else info.default,
                plain,
                where,
            )
        )
    return found


def _described(shape: Shape, text: str) -> Shape:
    if not text:
        return shape
    return Shape({**shape.schema, "description": text}, shape.load, shape.dump, shape.optional)


def _member(
    attribute: str,
    name: str,
    argument: str,
    shape: Shape,
    has_default: bool,
    default: Any,
    factory: Callable[[], Any] | None,
    where: str,
) -> Member:
    if not has_default:
        optional = shape.optional
        return Member(attribute, name, argument, shape, not optional, None, optional)
    value = _default_value(shape, default, factory, where)
    if value is not None:
        schema = {**shape.schema, "default": value}
        shape = Shape(schema, shape.load, shape.dump, shape.optional)
    return Member(attribute, name, argument, shape, False, value)


def _default_value(
    shape: Shape, default: Any, factory: Callable[[], Any] | None, where: str
) -> JSONValue:
    """What the schema gives to objects without the field; nothing for None and empty ones."""
    if factory is not None:
        default = factory()
    if default is None:
        return None
    try:
        value = shape.write(default)
        if factory is not None and shape.write(factory()) != value:
            raise DeclarationError(
                f"{where}: its default_factory makes another value each time; let a @mutate "
                "function set it"
            )
    except (TypeError, ValueError, AttributeError) as error:
        raise DeclarationError(f"{where}: its default does not fit its type: {error}") from error
    if isinstance(value, dict) and "properties" in shape.schema:
        return value
    if value == "" and "format" in shape.schema:  # empty texts have none of the formats
        return None
    return None if value in ([], {}) else value


def _field_docstrings(kind: type) -> dict[str, str]:
    """The texts that stand below the fields of a class and of those it comes from."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        if base.__module__.partition(".")[0] == "pydantic":
            continue
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
        except (OSError, TypeError, SyntaxError):  # made at run time, or in a console
            continue
        body = tree.body[0].body if tree.body and isinstance(tree.body[0], ast.ClassDef) else []
        for statement, following in pairwise(body):
            if not isinstance(statement, ast.AnnAssign) or not isinstance(following, ast.Expr):
                continue
            text = following.value
            is_text = isinstance(text, ast.Constant) and isinstance(text.value, str)
            if is_text and isinstance(statement.target, ast.Name):
                found[statement.target.id] = inspect.cleandoc(str(text.value))  # type: ignore[attr-defined]
    return found


# -- reading and writing --------------------------------------------------------------------------


def struct_shape(kind: type, members: list[Member]) -> Shape:
    """The shape of a structure out of its fields'."""
    schema: JSONObject = {"type": "object"}
    text = description_of(kind)
    if text:
        schema["description"] = text
    schema["properties"] = {member.name: member.shape.schema for member in members}
    required = [member.name for member in members if member.required]
    if required:
        schema["required"] = required
    make = _model_maker(kind, members) if is_model(kind) else _maker(kind)
    return Shape(schema, _loader(members, make), _dumper(members))


def _maker(kind: Any) -> Callable[[dict[str, Any]], Any]:
    def make(arguments: dict[str, Any]) -> Any:
        try:
            return kind(**arguments)
        except ValueError as error:  # of __post_init__
            raise Unfit([("", str(error))]) from error

    return make


def _model_maker(kind: Any, members: list[Member]) -> Callable[[dict[str, Any]], Any]:
    names = {member.argument: member.name for member in members}

    def make(arguments: dict[str, Any]) -> Any:
        try:
            return kind.model_validate(arguments)
        except ValueError as error:
            problems = [
                (_location(problem["loc"], names), problem["msg"])
                for problem in error.errors()  # type: ignore[attr-defined]
            ]
            raise Unfit(problems) from error

    return make


def _location(location: tuple[Any, ...], names: Mapping[str, str]) -> str:
    """A pydantic location as a field path; names below the first are spelled as usual."""
    path = ""
    for index, part in enumerate(location):
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            name = names.get(part, part) if index == 0 else json_name(part)
            path = f"{path}.{name}" if path else name
    return path


def _loader(
    members: list[Member], make: Callable[[dict[str, Any]], Any]
) -> Callable[[JSONValue], Any]:
    parts = [(m.name, m.argument, m.shape.load, m.none_if_absent) for m in members]

    def load(value: JSONValue) -> Any:
        arguments: dict[str, Any] = {}
        for name, argument, convert, none_if_absent in parts:
            if name in value:
                given = value[name]
                if convert is not None and given is not None:
                    try:
                        given = convert(given)
                    except ValueError as error:
                        inner = error if isinstance(error, Unfit) else Unfit([("", str(error))])
                        raise inner.below(name) from error
                arguments[argument] = given
            elif none_if_absent:
                arguments[argument] = None
        return make(arguments)

    return load


def _dumper(members: list[Member]) -> Callable[[Any], JSONValue]:
    parts = [
        (m.attribute, m.name, m.shape.dump, bool(m.shape.schema.get("nullable"))) for m in members
    ]

    def dump(value: Any) -> JSONValue:
        found: JSONObject = {}
        for attribute, name, convert, nullable in parts:
            given = getattr(value, attribute)
            if given is None:
                if nullable:
                    found[name] = None
            elif convert is None:
                found[name] = given
            else:
                try:
                    found[name] = convert(given)
                except ValueError as error:
                    inner = error if isinstance(error, Unfit) else Unfit([("", str(error))])
                    raise inner.below(name) from error
        return found

    return dump
