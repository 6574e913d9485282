"""What the rules of a definition may cost."""

from __future__ import annotations

import copy

import pytest

from kapi.apiextensions.definition.schema_validation import validate_schema
from kapi.apiextensions.definition.validation import validate_definition_update
from kapi.apiextensions.validations.bounds import bounded, most_repeated
from kapi.apiextensions.validations.cost_limits import RULE_LIMIT, exceeds
from kapi.apiextensions.validations.evaluation import compile_rules, evaluate_rules
from kapi.apimachinery.field import ErrorList

ADVICE = (
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, "
    "maps, and strings are declared)"
)


def rules(*texts):
    return {"x-kubernetes-validations": [{"rule": text} for text in texts]}


def causes(spec, *, unchanged=False):
    """The errors of a schema whose spec is this: where they are and what they say."""
    errors = ErrorList()
    schema = {"type": "object", "properties": {"spec": spec}}
    validate_schema(schema, "s", errors, status_subresource=False, unchanged=unchanged)
    prefix = "s.properties[spec]."
    return [(e.path.removeprefix(prefix), e.body.removeprefix("Forbidden: ")) for e in errors]


def text_list(**limits):
    return {
        "type": "array",
        "items": {"type": "string"} | ({"maxLength": limits.pop("length")} if limits else {}),
        **limits,
    }


ALL_PAIRS = "self.all(x, self.all(y, x == y))"


def test_a_rule_has_a_limit():
    """An estimate above ten million is refused."""
    assert causes(text_list(maxItems=200, length=500) | rules(ALL_PAIRS)) == []
    # Two variables and a tenth of the 4,000 bytes of a text, and three for the loop.
    inner = 200 * (2 + 400 + 3) + 1 + 1
    factor = (200 * (inner + 3) + 1 + 1) / 10_000_000
    text = f"estimated rule cost exceeds budget by factor of {factor:.1f}x {ADVICE}"
    found = causes(text_list(maxItems=200, length=1000) | rules(ALL_PAIRS))
    assert found == [("x-kubernetes-validations[0].rule", text)]


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (10_000_001, "1.000000x"),
        (14_999_999, "1.500000x"),
        (15_000_000, "1.5x"),
        (1_000_000_000, "100.0x"),
        (1_000_000_001, "more than 100x"),
    ],
)
def test_the_factor_is_shown_as_exactly_as_it_helps(cost, shown):
    """A little too much is told with all digits, far too much with none."""
    assert exceeds("cost", cost, RULE_LIMIT) == f"cost exceeds budget by factor of {shown} {ADVICE}"


def test_a_rule_is_multiplied_by_how_often_its_value_can_occur():
    """Limits of the lists and maps around a rule count; without one, the size of a request."""
    item = {"type": "string", "maxLength": 100} | rules("self.matches('^[a-z]{1,63}$')")
    assert causes({"type": "array", "maxItems": 100, "items": item}) == []
    unlimited = causes({"type": "array", "items": item})
    assert unlimited[0][0] == "items.x-kubernetes-validations[0].rule"
    assert "factor of 17.3x" in unlimited[0][1]  # a million times
    nested = {"type": "array", "maxItems": 300, "items": item}
    outer = {"type": "object", "maxProperties": 200, "additionalProperties": nested}
    # 41 * 4 + 1 each, 60,000 times
    assert causes(outer) == []
    outer["maxProperties"] = 400
    factor = (1 + 41 * 4) * 300 * 400 / 10_000_000
    assert f"factor of {factor:.1f}x" in causes(outer)[0][1]


def test_all_rules_of_a_schema_have_a_limit():
    """The four that cost the most are told, and the total."""
    one = text_list(maxItems=200, length=30) | rules("self.all(x, self.all(y, x == y + x))")
    spec = {"type": "object", "properties": {f"p{n:02}": copy.deepcopy(one) for n in range(60)}}
    found = causes(spec)
    told = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3"
    assert [text.startswith(told) for _, text in found] == [True] * 4 + [False]
    assert found[-1][0] == "s"
    total = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
    assert found[-1][1].startswith(f"{total} exceeds budget by factor of 1.")


def test_messages_have_the_same_limit():
    """The expression of a message is counted once, however often its rule is."""
    text = "self.map(x, self.map(y, x + y).join(',')).join(';')"
    spec = text_list(maxItems=300, length=300)
    spec["x-kubernetes-validations"] = [{"rule": "self.size() < 9", "messageExpression": text}]
    path, text = causes(spec)[0]
    assert path == "x-kubernetes-validations[0].messageExpression"
    assert text.startswith("estimated messageExpression cost exceeds budget by factor of ")


def test_unchanged_schemas_keep_their_rules():
    """What an older server accepted stays, as long as the schema does."""
    spec = text_list() | rules(ALL_PAIRS)
    told = [text for _, text in causes(spec, unchanged=True)]
    assert not any(text.startswith("estimated rule cost") for text in told)


def test_versions_are_compared_with_what_they_were():
    """A version whose schema does not change is not checked again, a changed one is."""
    spec = text_list(maxItems=200, length=1000) | rules(ALL_PAIRS)
    schema = {"type": "object", "properties": {"spec": spec}}
    version = {"name": "v1", "served": True, "storage": True}
    version["schema"] = {"openAPIV3Schema": schema}
    old = {
        "metadata": {"name": "a.b.c"},
        "spec": {"group": "b.c", "scope": "Cluster", "names": {}, "versions": [version]},
        "status": {"storedVersions": ["v1"]},
    }
    for change, refused in ((None, False), ("changed", True)):
        new, errors = copy.deepcopy(old), ErrorList()
        if change:
            changed = new["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
            changed["properties"]["spec"]["description"] = change
        validate_definition_update(new, old, errors)
        assert any("estimated rule cost" in str(error) for error in errors) is refused


@pytest.mark.parametrize(
    ("schema", "most", "repeated"),
    [
        ({"type": "string"}, 3145726, 1048576),
        ({"type": "string", "maxLength": 5}, 20, 1048576),
        ({"type": "string", "enum": ["a", "long"]}, 4, 1048576),
        ({"type": "string", "format": "byte", "maxLength": 5}, 5, 1048576),
        ({"type": "string", "format": "date-time"}, 32, 142987),
        ({"type": "integer"}, 0, 1572864),
        ({"x-kubernetes-int-or-string": True}, 3145726, 1572864),
        ({"type": "array", "items": {"type": "boolean"}}, 629145, 1048576),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, 449389, 1048576),
    ],
)
def test_what_has_no_limit_has_that_of_a_request(schema, most, repeated):
    """Sizes without a limit are those of the largest request, in bytes."""
    bounds = bounded(schema)
    assert (bounds.most, most_repeated(bounds)) == (most, repeated)


def test_required_members_make_objects_larger():
    """Only what must be written counts for the smallest object."""
    schema = {
        "type": "object",
        "required": ["name", "made"],
        "properties": {
            "name": {"type": "string"},
            "made": {"type": "integer", "default": 1},
            "free": {"type": "string"},
        },
    }
    assert bounded(schema).least_bytes == 2 + len("name") + 2 + 4


def evaluated(schema, value):
    errors = ErrorList()
    evaluate_rules(compile_rules(schema), value, None, "", errors)
    return [str(error) for error in errors]


def test_a_rule_that_costs_too_much_ends_the_validation():
    """The limit of one evaluation is told with its rule; those after it are not evaluated."""
    rule = "self.all(x, self.all(y, true))"
    schema = {"type": "array", "items": {"type": "integer"}} | rules(rule, "false")
    told = (
        "<nil>: Invalid value: \"array\": 'operation cancelled: actual cost limit exceeded': no "
        f"further validation rules will be run due to call cost exceeds limit for rule: {rule}"
    )
    assert evaluated(schema, list(range(600))) == [told]


def test_the_rules_of_an_object_share_a_budget():
    """After ten million nothing is evaluated any more."""
    item = {"type": "array", "items": {"type": "integer"}}
    item |= rules("self.all(x, self.all(y, true))")
    schema = {"type": "array", "items": item}
    value = [list(range(560))] * 30
    told = (
        '[10]: Invalid value: "array": validation failed due to running out of cost budget, no '
        "further validation rules will be run"
    )
    assert evaluated(schema, value) == [told]


def test_messages_are_paid_from_the_same_budget():
    """A message that costs too much is an error of its own."""
    message = "self.map(x, self.map(y, string(y)).join(',')).join(';')"
    schema = {"type": "array", "items": {"type": "integer"}}
    schema["x-kubernetes-validations"] = [{"rule": "false", "messageExpression": message}]
    told = (
        '<nil>: Invalid value: "array": no further validation rules will be run due to call cost '
        f'exceeds limit for messageExpression: "{message}"'
    )
    assert evaluated(schema, list(range(400))) == [told]
