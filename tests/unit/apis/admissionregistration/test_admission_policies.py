"""Admission policies and their bindings, but for their expressions."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.admissionregistration.columns import POLICY_BINDING, VALIDATING_POLICY
from kapi.apis.admissionregistration.defaults import default_policy, default_policy_binding
from kapi.apis.admissionregistration.policy_validation import (
    validate_mutating_policy,
    validate_policy_binding,
    validate_validating_policy,
)

RULE = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}


def policy(**spec):
    spec.setdefault("matchConstraints", {"resourceRules": [copy.deepcopy(RULE)]})
    obj = {"metadata": {"name": "p"}, "spec": spec}
    default_policy(obj)
    return obj


def errors_of(validate, obj, **options):
    errors = ErrorList()
    validate(obj, errors, **options)
    return [str(error) for error in errors]


def binding_errors(*, mutating=False, **spec):
    obj = {"spec": {"policyName": "p", "validationActions": ["Deny"], **spec}}
    default_policy_binding(obj)
    return errors_of(validate_policy_binding, obj, actions=not mutating)


def test_a_policy_does_something():
    """Validations and audit annotations are both named when both are missing."""
    assert errors_of(validate_validating_policy, policy(validations=[{"expression": "true"}])) == []
    assert [
        error.partition(":")[0] for error in errors_of(validate_validating_policy, policy())
    ] == [
        "spec.validations",
        "spec.auditAnnotations",
    ]


def test_a_policy_says_what_it_matches():
    """Rules are needed to know the types."""
    obj = policy(validations=[{"expression": "true"}], matchConstraints={})
    assert errors_of(validate_validating_policy, obj) == [
        "spec.matchConstraints.resourceRules: Required value"
    ]


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"expression": " "}, "expression: Required value: expression is not specified"),
        ({"message": " "}, "must be non-empty if specified"),
        ({"message": "a\nb"}, "must not contain line breaks"),
        ({"expression": "true\n&& true"}, "message must be specified if expression contains"),
        ({"reason": "Unauthorized"}, 'supported values: "Forbidden", "Invalid"'),
    ],
)
def test_messages_fit_on_a_line(validation, message):
    """Each wrong member of a validation is one error."""
    obj = policy(validations=[{"expression": "true", **validation}])
    (error,) = errors_of(validate_validating_policy, obj)
    assert message in error


def test_audit_keys_carry_the_name_of_the_policy():
    """The whole key is judged and shown."""
    obj = policy(auditAnnotations=[{"key": "bad key", "valueExpression": "'x'"}])
    (error,) = errors_of(validate_validating_policy, obj)
    assert error.startswith('spec.auditAnnotations[0].key: Invalid value: "p/bad key"')


def test_variables_are_identifiers():
    """Reserved words are none."""
    for name in ("1x", "in"):
        variables = [{"name": name, "expression": "1"}]
        obj = policy(variables=variables, validations=[{"expression": "true"}])
        assert errors_of(validate_validating_policy, obj) == [
            f'spec.variables[0].name: Invalid value: "{name}": must be a valid CEL identifier'
        ]


def test_a_mutation_has_the_patch_of_its_type():
    """And no other; how often it runs must be said."""
    patch = {"expression": "Object{}"}
    mutation = {"patchType": "JSONPatch", "applyConfiguration": patch}
    assert errors_of(validate_mutating_policy, policy(mutations=[mutation])) == [
        "spec.reinvocationPolicy: Required value",
        (
            "spec.mutations[0].applyConfiguration: Forbidden: must not be specified when patchType "
            "is JSONPatch"
        ),
        (
            "spec.mutations[0].jsonPatch: Required value: must be specified when patchType is "
            "JSONPatch"
        ),
    ]


def test_actions_of_a_binding_do_not_contradict():
    """Mutating bindings have none."""
    assert "must not contain both" in binding_errors(validationActions=["Deny", "Warn"])[0]
    assert binding_errors(validationActions=[], mutating=True) == []
    assert binding_errors(validationActions=[]) == [
        "spec.validationActions: Required value: at least one validation action is required"
    ]


def test_parameters_are_found_by_name_or_selector():
    """What happens without them must be said."""
    selector = {"matchLabels": {"a": "b"}}
    assert binding_errors(paramRef={"name": "x", "selector": selector}) == [
        "spec.paramRef.name: Forbidden: name and selector are mutually exclusive",
        "spec.paramRef.selector: Forbidden: name and selector are mutually exclusive",
        "spec.paramRef.parameterNotFoundAction: Required value",
    ]


def test_the_tables_of_policies_and_bindings():
    """Parameters are shown by kind and by name."""
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    obj = policy(validations=[{}, {}], paramKind=kind)
    assert VALIDATING_POLICY.cells(obj, 0.0)[:3] == ["p", 2, "v1/ConfigMap"]
    spec = {"policyName": "p", "paramRef": {"name": "x", "namespace": "ns"}}
    binding = {"metadata": {"name": "b"}, "spec": spec}
    assert POLICY_BINDING.cells(binding, 0.0)[:3] == ["b", "p", "ns/x"]
