"""Valid instances of a structural schema: a small one, a full one, and one that holds a field."""

from __future__ import annotations

import itertools
import re

import jsonschema_rs

from schema_instances.expectations import META, with_defaults
from schema_instances.numbers import numbers
from schema_instances.rules import Rules
from schema_instances.texts import texts

ALTERNATIVES = ("allOf", "anyOf", "oneOf", "not")
_VARIANTS = 64
_TRIES = 400
_WORD = re.compile(r"'([\w.*/:-]+)'")
_PAIRS = 120
_VALUES = 12


class Unreachable(Exception):
    """No valid value was found."""


def has_alternatives(schema):
    """Whether a schema has alternatives of its own; those of IntOrString are a type."""
    if schema.get("x-kubernetes-int-or-string"):
        return False
    return any(schema.get(keyword) for keyword in ALTERNATIVES)


def variants(schema):
    """The schema with each choice of its alternatives laid over it."""
    plain = {key: value for key, value in schema.items() if key not in ALTERNATIVES}
    if not has_alternatives(schema):
        return [plain]
    found = [plain]
    for part in schema.get("allOf") or ():
        found = [overlay(base, choice) for base in found for choice in variants(part)]
    for keyword in ("anyOf", "oneOf"):
        choices = [v for part in schema.get(keyword) or () for v in variants(part)]
        if choices:
            found = [overlay(base, choice) for base in found for choice in choices][:_VARIANTS]
    return found


def overlay(base, more):
    """A schema that demands what both demand, as far as one can be laid over the other."""
    out = {**base}
    for key, value in more.items():
        if key == "properties":
            known = base.get("properties") or {}
            out[key] = {**known, **{n: overlay(known.get(n) or {}, p) for n, p in value.items()}}
        elif key == "required":
            out[key] = list(dict.fromkeys([*base.get("required", ()), *value]))
        elif key == "items" and isinstance(value, dict):
            out[key] = overlay(base.get("items") or {}, value)
        elif key == "enum" and "enum" in base:
            out[key] = [item for item in value if item in base["enum"]] or value
        else:
            out[key] = value
    return out


def _words(schema):
    """The texts that stand in the rules of a schema and below; rules tell cases apart by them."""
    found = {}
    if isinstance(schema, dict):
        for rule in schema.get("x-kubernetes-validations") or ():
            found |= dict.fromkeys(_WORD.findall(rule.get("rule", "")))
    for part in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(part, (dict, list)):
            found |= dict.fromkeys(_words(part))
    return tuple(found)


def _without_meta(schema):
    properties = schema.get("properties") or {}
    return {**schema, "properties": {n: p for n, p in properties.items() if n not in META}}


class Generator:
    """Makes instances; asks ``jsonschema`` about alternatives and kapi about rules in CEL."""

    def __init__(self, schema, metadata):
        self.schema = _without_meta(schema)
        self.metadata = metadata
        # Fields that the full instance has not, because they contradict others.
        self.left_out = 0
        self._words = _words(schema)
        self._minimal = {}
        self._full = {}
        self._checks = {}
        self._whole = {}

    # -- what is valid --------------------------------------------------------------------------

    def holds(self, schema, value):
        """Whether a value, valid otherwise, fits the alternatives and rules of its schema."""
        alternatives, rules, _ = self._checks_of(schema)
        if alternatives is None and not rules:
            return True
        value = self.complete(schema, value)
        return (alternatives is None or alternatives.is_valid(value)) and not rules.broken(value)

    def is_alternative(self, schema, value):
        """Whether a value fits the alternatives of its schema."""
        alternatives = self._checks_of(schema)[0]
        return alternatives is None or alternatives.is_valid(self.complete(schema, value))

    def fits(self, schema, value):
        """Whether a value fits its whole schema, but for rules."""
        if id(schema) not in self._whole:
            self._whole[id(schema)] = (jsonschema_rs.Draft4Validator(schema), schema)
        return self._whole[id(schema)][0].is_valid(with_defaults(schema, value))

    def _checks_of(self, schema):
        if id(schema) not in self._checks:
            check = None
            if has_alternatives(schema):
                own = {key: schema[key] for key in ALTERNATIVES if key in schema}
                check = jsonschema_rs.Draft4Validator(own)
            # The schema stays in the cache so that its id stays its own.
            self._checks[id(schema)] = (check, Rules(schema, root=schema is self.schema), schema)
        return self._checks[id(schema)]

    def complete(self, schema, value):
        """A value as rules see it: defaults filled in, the root with its metadata."""
        value = with_defaults(schema, value)
        if schema is self.schema:
            value = {"apiVersion": "x/v1", "kind": "X", "metadata": self.metadata, **value}
        return value

    # -- values ---------------------------------------------------------------------------------

    def minimal(self, schema):
        """The first valid value with as little in it as there can be; raises Unreachable."""
        if id(schema) not in self._minimal:
            tries = itertools.islice(self.candidates(schema), _TRIES)
            value = next((value for value in tries if self.holds(schema, value)), Unreachable)
            self._minimal[id(schema)] = (value, schema)
        value = self._minimal[id(schema)][0]
        if value is Unreachable:
            raise Unreachable
        return value

    def candidates(self, schema, forced=None):
        """Values that fit all but the alternatives and the rules; those are only aimed at."""
        for variant in variants(schema):
            yield from self._plain(variant, forced or {})

    def _plain(self, schema, forced):
        kind = schema.get("type")
        if kind == "object":
            yield from self._objects(schema, forced)
            return
        if "enum" in schema:
            yield from (value for value in schema["enum"] if value is not None)
            return
        if schema.get("x-kubernetes-int-or-string"):
            yield from numbers({**schema, "type": "integer"})
            yield from texts(schema, self._words)
        elif kind == "string":
            yield from texts(schema, self._words)
        elif kind in {"integer", "number"}:
            yield from numbers(schema)
        elif kind == "boolean":
            yield from (True, False)
        elif kind == "array":
            yield from self._lists(schema)
        elif schema.get("x-kubernetes-preserve-unknown-fields"):
            yield from ({"kept": {"a": [1, "b"]}}, "kept", 1)
        if "default" in schema:
            yield schema["default"]

    def _lists(self, schema):
        least = schema.get("minItems", 0)
        for count in (least, least + 1):
            if count <= schema.get("maxItems", count):
                try:
                    yield self.items(schema, count)
                except Unreachable:
                    return
        items = schema.get("items")
        if isinstance(items, dict) and least <= 1 <= schema.get("maxItems", 1):
            for item in itertools.islice(self.candidates(items), 40):
                if self.holds(items, item):
                    yield [item]

    def items(self, schema, count):
        """So many items of a list, different where its type demands it; raises Unreachable."""
        items = schema.get("items") or {}
        if count == 0:
            return []
        list_type = schema.get("x-kubernetes-list-type")
        if count == 1 or list_type not in {"set", "map"}:
            return [self.minimal(items)] * count
        if list_type == "set":
            found = self._different(items, count)
        else:
            key = schema["x-kubernetes-list-map-keys"][0]
            item = self.minimal(items)
            found = [{**item, key: v} for v in self._different(items["properties"][key], count)]
            found = [item for item in found if self.holds(items, item)]
        if len(found) < count:
            raise Unreachable
        return found

    def _different(self, schema, count):
        found = []
        for value in self.candidates(schema):
            if value not in found and self.holds(schema, value):
                found.append(value)
                if len(found) == count:
                    break
        return found

    # -- objects --------------------------------------------------------------------------------

    def _objects(self, schema, forced):
        """Objects with what is required, then with one and with two fields more."""
        properties = self._properties(schema)
        base = {**self._meta(schema), **forced}
        for name in schema.get("required") or ():
            if name in base or name not in properties or "default" in properties[name]:
                continue
            base[name] = self.minimal(properties[name])
        additional = schema.get("additionalProperties")
        if isinstance(additional, dict):
            for number in range(schema.get("minProperties", 0) - len(base)):
                base[f"key{number}"] = self.minimal(additional)
        most = schema.get("maxProperties", len(properties) + len(base))
        for more in self._additions(schema, properties, base, forced):
            candidate = {**base, **more}
            if schema.get("minProperties", 0) <= len(candidate) <= most:
                yield candidate
        if isinstance(additional, dict) and len(base) < most:
            yield {**base, "key": self.minimal(additional)}

    def _additions(self, schema, properties, base, forced):
        yield {}
        optional = {}
        for name, part in properties.items():
            if name in base:
                continue
            try:
                optional[name] = self.minimal(part)
            except Unreachable:
                continue
            yield {name: optional[name]}
        # A rule may want other values than the first of what is there.
        for name in schema.get("required") or ():
            if name in properties and name not in forced:
                yield from self._other_values(name, properties[name])
        pairs = itertools.combinations(optional, 2)
        for names in itertools.islice(pairs, _PAIRS):
            yield {name: optional[name] for name in names}
        for name in optional:
            yield from self._other_values(name, properties[name])
        for names in itertools.islice(itertools.combinations(optional, 3), _PAIRS):
            yield {name: optional[name] for name in names}

    def _other_values(self, name, schema):
        for value in itertools.islice(self.candidates(schema), _VALUES):
            if self.holds(schema, value):
                yield {name: value}

    def _properties(self, schema):
        if schema.get("x-kubernetes-embedded-resource"):
            schema = _without_meta(schema)
        return schema.get("properties") or {}

    def _meta(self, schema):
        if not schema.get("x-kubernetes-embedded-resource"):
            return {}
        return {"apiVersion": "v1", "kind": "ConfigMap"}

    def full(self, schema):
        """A valid value with as many fields as go together; raises Unreachable."""
        if id(schema) not in self._full:
            self._full[id(schema)] = (self._fill(schema, self.minimal(schema)), schema)
        return self._full[id(schema)][0]

    def _fill(self, schema, value):
        if isinstance(value, dict):
            value = self._fill_object(schema, value)
        elif isinstance(value, list) and isinstance(schema.get("items"), dict):
            try:
                longer = [self.full(schema["items"]), *value[1:]]
            except Unreachable:
                return value
            if self.holds(schema, longer) and not _repeats(schema, longer):
                return longer
        return value

    def _fill_object(self, schema, value):
        most = schema.get("maxProperties", 1 << 31)
        parts = self._properties(schema)
        additional = schema.get("additionalProperties")
        if isinstance(additional, dict) and "key" not in parts:
            parts = {**parts, "key": additional}
        if schema.get("x-kubernetes-preserve-unknown-fields") and self.schema is not schema:
            more = {**value, "kept": {"a": [1, "b", {"c": None}]}}
            if len(more) <= most and self.holds(schema, more):
                value = more
        for name, part in parts.items():
            if name not in value and len(value) >= most:
                continue
            value = self._with_member(schema, value, name, part)
        return value

    def _with_member(self, schema, value, name, part):
        for make in (self.full, self.minimal):
            try:
                more = {**value, name: make(part)}
            except Unreachable:
                break
            if self.holds(schema, more):
                return more
        self.left_out += name not in value
        return value

    # -- contexts -------------------------------------------------------------------------------

    def context(self, schema, path):
        """A valid instance in which there is a value at a path; raises Unreachable."""
        if not path:
            return self.minimal(schema)
        (kind, name), *rest = path
        tries = self._lists_with(schema, rest) if kind == "item" else self._with(schema, name, rest)
        for value in itertools.islice(tries, _TRIES):
            if self.holds(schema, value):
                return value
        raise Unreachable

    def _lists_with(self, schema, path):
        inner = self.context(schema["items"], path)
        count = max(1, schema.get("minItems", 0))
        yield [inner, *self.items(schema, count)[1:]]
        if count > 1:
            others = [item for item in self.items(schema, count) if item != inner]
            value = [inner, *others][:count]
            if len(value) == count and not _repeats(schema, value):
                yield value

    def _with(self, schema, name, path):
        for variant in variants(schema):
            part = (variant.get("properties") or {}).get(name)
            try:
                inner = self.context(part or variant["additionalProperties"], path)
            except Unreachable:
                continue
            yield from self._plain(variant, {name: inner})


def _repeats(schema, items):
    list_type = schema.get("x-kubernetes-list-type")
    if list_type == "map":
        names = schema["x-kubernetes-list-map-keys"]
        keys = [[with_defaults(schema["items"], i).get(name) for name in names] for i in items]
    else:
        keys = items if list_type == "set" else []
    return any(key in keys[:index] for index, key in enumerate(keys))
