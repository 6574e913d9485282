"""Broken twins: for each constraint of a schema an instance that breaks it, and what is told."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from schema_instances import numbers
from schema_instances.expectations import META
from schema_instances.generator import ALTERNATIVES, Unreachable, has_alternatives
from schema_instances.locations import field, replaced, value_at
from schema_instances.rules import Rules
from schema_instances.texts import SAMPLES, fits, format_of, mismatch

_LONGEST = 500_000
_MOST = 1200
_WRONG = {
    "string": 5,
    "integer": "x",
    "number": "x",
    "boolean": "x",
    "object": "x",
    "array": "x",
}


@dataclass(frozen=True)
class Twin:
    """An instance that breaks ``keyword`` at ``path``, and the cause that must be told."""

    keyword: str
    path: tuple
    instance: dict
    field: str
    reason: str
    text: str


@dataclass(frozen=True)
class Break:
    """A value that breaks a constraint: ``at`` is where the cause is, below the value."""

    keyword: str
    value: object
    reason: str
    text: str = ""
    at: tuple = ()
    brackets: bool = False
    root: bool = False


def nodes(schema, path=()):
    """All schemas below one with the path of their values."""
    yield path, schema
    embedded = schema.get("x-kubernetes-embedded-resource")
    for name, part in (schema.get("properties") or {}).items():
        if not (embedded and name in META):
            yield from nodes(part, (*path, ("property", name)))
    additional, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(additional, dict):
        yield from nodes(additional, (*path, ("value", "key")))
    if isinstance(items, dict):
        yield from nodes(items, (*path, ("item", 0)))


def twins(generator, exclude, alone=None):
    """Twins for all constraints; ``exclude(reason, path)`` is told of each that has none.

    ``alone`` is a property that is judged by itself: what has no field is told there.
    """
    for path, schema in nodes(generator.schema):
        try:
            context = generator.context(generator.schema, path)
        except Unreachable:
            for _ in _breaks(generator, schema, None, _ignore):
                exclude("no valid object holds the field", path)
            continue
        valid = value_at(context, path)
        inside = path[:1] == (("property", alone),)
        root, seen_from = (alone, path[1:]) if inside else ("<nil>", path)

        def exclude_here(reason, path=path):
            exclude(reason, path)

        for each in _breaks(generator, schema, valid, exclude_here):
            if not path and each.keyword == "type":
                continue
            place = root if each.root else field((*path, *each.at), brackets=each.brackets)
            text = each.text.replace("PATH", field(seen_from))
            instance = replaced(context, path, each.value)
            yield Twin(each.keyword, path, instance, place or "<nil>", each.reason, text)


def _ignore(reason):
    pass


def _breaks(generator, schema, valid, exclude):
    yield from _types(schema)
    yield from _scalars(schema, exclude)
    yield from _lists(generator, schema, exclude)
    yield from _objects(generator, schema, valid, exclude)
    if valid is not None:
        yield from _alternatives(generator, schema, exclude)
        yield from _rules(generator, schema, valid, exclude)


def _types(schema):
    reason = "FieldValueTypeInvalid"
    if schema.get("x-kubernetes-int-or-string"):
        yield Break("type", True, reason, "must be of type integer,string")
        return
    kind = schema.get("type")
    if kind is None:
        return
    shown = schema.get("format") if kind == "string" and schema.get("format") else kind
    yield Break("type", _WRONG[kind], reason, f"must be of type {shown}")
    if kind == "integer":
        yield Break("type", 1.5, reason, "must be of type ")


def _scalars(schema, exclude):
    invalid = "FieldValueInvalid"
    kind, values = schema.get("type"), schema.get("enum")
    if values:
        other = "kapi-unlisted" if isinstance(values[0], str) else 987654
        if isinstance(values[0], bool):
            other = not values[0] if len(set(values)) == 1 else None
        if other is None:
            exclude("every boolean is listed")
        else:
            yield Break("enum", other, "FieldValueNotSupported", "supported values")
    if kind in {"integer", "number"} or schema.get("x-kubernetes-int-or-string"):
        if "minimum" in schema:
            yield Break("minimum", numbers.below(schema), invalid, "should be greater than")
        if "maximum" in schema:
            yield Break("maximum", numbers.above(schema), invalid, "should be less than")
        if schema.get("multipleOf"):
            uneven = numbers.uneven(schema)
            if uneven is None:
                exclude("every number is a multiple")
            else:
                yield Break("multipleOf", uneven, invalid, "should be a multiple of")
        if kind == "integer" and schema.get("format") == "int32":
            text = "Checked value must be of type integer with format int32 in PATH"
            yield Break("format", 1 << 31, invalid, text, root=True)
    yield from _texts(schema, exclude)


def _texts(schema, exclude):
    longest = schema.get("maxLength")
    if longest is not None and longest > _LONGEST:
        exclude("more than half a megabyte of text is allowed")
    elif longest is not None:
        yield Break("maxLength", "a" * (longest + 1), "FieldValueTooLong", "may not be more than")
    if schema.get("minLength"):
        short = "a" * (schema["minLength"] - 1)
        yield Break("minLength", short, "FieldValueInvalid", "should be at least")
    if schema.get("pattern"):
        text = mismatch(schema)
        if text is None:
            exclude("every text matches the pattern")
        else:
            yield Break("pattern", text, "FieldValueInvalid", "should match '")
    known = format_of(schema)
    if known is not None:
        text = f"must be of type {schema['format']}"
        yield Break("format", known[1], "FieldValueTypeInvalid", text)


def _lists(generator, schema, exclude):
    items = schema.get("items")
    if schema.get("type") != "array" or not isinstance(items, dict):
        return
    if not items.get("nullable") and "default" not in items and _typed(items):
        wrong = "FieldValueTypeInvalid"
        yield Break("items", [None], wrong, "must be of type", at=(("item", 0),))
    try:
        item = generator.minimal(items)
    except Unreachable:
        exclude("no valid item was found")
        return
    if schema.get("minItems"):
        few = generator.items(schema, schema["minItems"] - 1)
        yield Break("minItems", few, "FieldValueInvalid", "should have at least")
    if schema.get("maxItems", _MOST) < _MOST:
        try:
            many = generator.items(schema, schema["maxItems"] + 1)
        except Unreachable:
            many = [item] * (schema["maxItems"] + 1)
        yield Break("maxItems", many, "FieldValueTooMany", "must have at most")
    elif "maxItems" in schema:
        exclude(f"{_MOST} items or more are allowed")
    if schema.get("x-kubernetes-list-type") in {"set", "map"}:
        keyword, at = "x-kubernetes-list-type", (("item", 1),)
        yield Break(keyword, [item, item], "FieldValueDuplicate", "", at=at, brackets=True)


def _typed(schema):
    return bool(schema.get("type") or schema.get("x-kubernetes-int-or-string"))


def _objects(generator, schema, valid, exclude):
    if schema.get("type") != "object":
        return
    base = valid if isinstance(valid, dict) else {}
    properties = schema.get("properties") or {}
    if schema.get("x-kubernetes-embedded-resource"):
        for name in ("apiVersion", "kind"):
            less = {key: item for key, item in base.items() if key != name}
            keyword = "x-kubernetes-embedded-resource"
            at = (("property", name),)
            yield Break(keyword, less, "FieldValueRequired", "", at=at, brackets=True)
    for name in schema.get("required") or ():
        if "default" in properties.get(name, {}):
            exclude("a required field has a default")
            continue
        less = {key: item for key, item in base.items() if key != name}
        yield Break("required", less, "FieldValueRequired", "", at=(("property", name),))
    if schema.get("minProperties"):
        yield Break("minProperties", {}, "FieldValueInvalid", "should have at least")
    most, additional = schema.get("maxProperties"), schema.get("additionalProperties")
    if most is not None:
        if not isinstance(additional, dict):
            exclude("there are not more properties than are allowed")
            return
        try:
            many = dict.fromkeys(map(str, range(most + 1)), generator.minimal(additional))
        except Unreachable:
            exclude("no valid value was found")
            return
        yield Break("maxProperties", many, "FieldValueTooMany", "must have at most")


def _alternatives(generator, schema, exclude):
    if not has_alternatives(schema):
        return
    plain = {key: schema[key] for key in schema if key not in ALTERNATIVES}
    negated = (schema.get("not") or {}).get("enum") or ()
    for value in itertools.islice(itertools.chain(negated, generator.candidates(plain)), 200):
        if not generator.is_alternative(schema, value):
            text = '"PATH" must '
            yield Break("alternatives", value, "FieldValueInvalid", text, root=True)
            return
    exclude("no value breaks the alternatives")


def _rules(generator, schema, valid, exclude):
    rules = Rules(schema, root=schema is generator.schema)
    if not rules:
        return
    open_rules = dict(enumerate(rules.rules))
    tries = itertools.chain(
        [valid], generator.candidates(schema), _richer(generator, schema, valid)
    )
    for value in itertools.islice(tries, 1000):
        if not open_rules:
            return
        if not generator.fits(schema, value):
            continue
        for index in rules.broken(generator.complete(schema, value)):
            rule = open_rules.pop(index, None)
            if rule is not None:
                yield _rule_break(rules.definitions[index], rule, value)
    for rule in open_rules.values():
        exclude("a transition rule" if rule.uses_old else "no value was found that breaks a rule")


def _richer(generator, schema, valid):
    """Values with more in them, or less, than a valid one has."""
    if schema.get("type") == "object":
        if isinstance(schema.get("additionalProperties"), dict):
            yield from _odd_maps(
                valid or {"key": generator.minimal(schema["additionalProperties"])}
            )
        parts = {}
        for name, part in (schema.get("properties") or {}).items():
            try:
                parts[name] = generator.full(part)
            except Unreachable:
                continue
            yield {**valid, name: parts[name]}
        yield parts
        for (one, first), (two, second) in itertools.combinations(parts.items(), 2):
            yield {**valid, one: first, two: second}
        for name, part in (schema.get("properties") or {}).items():
            most = 60 if schema is generator.schema else 12
            for value in itertools.islice(generator.candidates(part), most):
                yield {**valid, name: value}
        yield from _pairs_of_values(generator, schema, valid, parts)
        for name in valid:
            yield {other: valid[other] for other in valid if other != name}
    elif schema.get("type") == "array":
        items = schema.get("items") or {}
        for count in (1, 2, 3, schema.get("maxItems", 0)):
            try:
                yield generator.items({**schema, "x-kubernetes-list-type": "atomic"}, count)
                yield generator.items(schema, count)
            except Unreachable:
                continue
        tries = itertools.chain(
            generator.candidates(items), _richer(generator, items, valid[0] if valid else {})
        )
        for value in itertools.islice(tries, 300):
            yield [value]
            yield [value, value]
            yield [*valid, value]
    elif schema.get("type") == "string":
        yield from (text for text in SAMPLES if not format_of(schema) and fits(schema, text))


def _pairs_of_values(generator, schema, valid, parts):
    """Objects in which one field has another value and one more is there."""
    for name in schema.get("required") or ():
        part = (schema.get("properties") or {}).get(name)
        if part is None or part.get("type") in {"object", "array"}:
            continue
        for value in itertools.islice(generator.candidates(part), 8):
            for other, item in parts.items():
                if other != name:
                    yield {**valid, name: value, other: item}


def _odd_maps(valid):
    """Maps with the values of a valid one under keys that are no names of labels."""
    for value in [*valid.values()][:1]:
        for key in ("", "a b", "a/b/c", "-a", "x" * 64, "x" * 64 + "/y", "A/b", "key"):
            yield {key: value}
            yield {**valid, key: value}


def _rule_break(definition, rule, value):
    text = definition.get("message", "").strip() if "messageExpression" not in definition else ""
    reason = definition.get("reason") or "FieldValueInvalid"
    if reason == "FieldValueDuplicate":
        text = ""
    below = tuple(("property", name) for name in rule.below.split(".") if name)
    return Break("rule", value, reason, text, at=below, brackets=True)
