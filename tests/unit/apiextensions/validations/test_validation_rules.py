"""Rules of schemas on objects."""

from __future__ import annotations

from kapi.apiextensions.validations.check import compile_rule_check
from kapi.apiextensions.validations.definition import validate_rules
from kapi.apimachinery.field import ErrorList


def schema(rule, **part):
    spec = {"type": "object", "properties": {"a": {"type": "string", **part}}}
    spec["properties"]["a"]["x-kubernetes-validations"] = [rule]
    return {"type": "object", "properties": {"spec": spec}}


def check(rule, obj, old=None):
    errors, warnings = ErrorList(), []
    compile_rule_check(schema(rule))(obj, old, errors, warnings.append)
    return [str(error) for error in errors], warnings


def test_a_broken_rule_is_told_at_its_value():
    """Scalars are shown, and a message expression outweighs a message."""
    rule = {"rule": "self != 'x'", "message": "m", "messageExpression": "'not ' + self"}
    assert check(rule, {"spec": {"a": "x"}})[0] == ['spec.a: Invalid value: "x": not x']


def test_transition_rules_need_an_old_value():
    """A rule with oldSelf says nothing of new objects and new fields."""
    rule = {"rule": "self == oldSelf"}
    assert check(rule, {"spec": {"a": "x"}}) == ([], [])
    assert check(rule, {"spec": {"a": "x"}}, {"spec": {}}) == ([], [])
    assert check(rule, {"spec": {"a": "x"}}, {"spec": {"a": "y"}})[0]


def test_what_did_not_change_is_only_warned_of():
    """A value that was there before the rule may stay."""
    same = {"spec": {"a": "x"}}
    errors, warnings = check({"rule": "self == 'y'"}, same, same)
    assert (errors, len(warnings)) == ([], 1)


def test_rules_wait_for_a_valid_object():
    """After a type error no rule is evaluated, and that is told."""
    errors = ErrorList()
    errors.required("spec.b")
    check_rules = compile_rule_check(schema({"rule": "self == 'y'"}))
    check_rules({"spec": {"a": "x"}}, None, errors, lambda _text: None)
    assert [error.path for error in errors] == ["spec.b", "<nil>"]


def test_rules_of_definitions_are_type_checked():
    """A rule over a field that the schema does not have is refused at the rule."""
    errors = ErrorList()
    validate_rules(schema({"rule": "self.zz == 1"}), "schema", errors)
    at = "schema.properties[spec].properties[a].x-kubernetes-validations[0].rule"
    assert [error.path for error in errors] == [at]


def test_items_of_sets_have_no_old_value():
    """A transition rule needs a way to find the item that it was."""
    rules = [{"rule": "self == oldSelf"}]
    item = {"type": "string", "maxLength": 9, "x-kubernetes-validations": rules}
    atomic = {"type": "array", "maxItems": 9, "items": item}
    errors = ErrorList()
    validate_rules({"type": "object", "properties": {"l": atomic}}, "s", errors)
    assert "uncorrelatable portion of the schema within s.properties[l]" in str(errors[0])


def test_changes_and_failed_evaluations_are_always_told():
    """What the old value had to do with, and what has no result, does not stay as it was."""
    same = {"spec": {"a": "x"}}
    for rule in ("oldSelf == 'never'", "self.substring(9) == ''"):
        errors, warnings = check({"rule": rule}, same, same)
        assert (len(errors), warnings) == (1, [])


def test_a_stored_rule_that_is_none_any_more_refuses_everything():
    """It may have been written to another server; nothing can be judged by it."""
    errors, _ = check({"rule": "math.greatest(1, 2) == 2"}, {"spec": {"a": "x"}})
    assert len(errors) == 1
    problem = "rule compile error: compilation failed: ERROR: <input>:1:1: undeclared reference"
    assert errors[0].startswith(f'spec.a: Invalid value: "string": {problem}')
