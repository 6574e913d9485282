"""Admission policies and their bindings."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.admissionregistration.columns import POLICY_BINDING, VALIDATING_POLICY
from kapi.apis.admissionregistration.defaults import default_policy, default_policy_binding
from kapi.apis.admissionregistration.mutating_policy_validation import validate_mutating_policy
from kapi.apis.admissionregistration.policy_validation import (
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
    return errors_of(validate_policy_binding, obj, actions=not mutating, mutating=mutating)


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


def test_audit_keys_need_the_name_of_the_policy():
    """A policy without a name is told so at each key."""
    obj = policy(auditAnnotations=[{"key": "k", "valueExpression": "'x'"}])
    obj["metadata"] = {}
    assert errors_of(validate_validating_policy, obj) == [
        'spec.auditAnnotations[0].key: Invalid value: "k": requires metadata.name be non-empty'
    ]


def test_a_variable_that_does_not_compile_is_reported_once():
    """Who uses it is not wrong as well, unless a certain type is wanted."""
    variables = [{"name": "v", "expression": "nope"}, {"name": "w", "expression": "variables.v"}]
    good = policy(variables=variables, validations=[{"expression": "variables.w == 1"}])
    (error,) = errors_of(validate_validating_policy, good)
    assert error.startswith('spec.variables[0].expression: Invalid value: "nope"')
    bad = policy(variables=variables, validations=[{"expression": "variables.w"}])
    assert errors_of(validate_validating_policy, bad)[1:] == [
        (
            'spec.validations[0].expression: Invalid value: "variables.w": must evaluate to bool '
            "but got dyn"
        )
    ]


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
        (
            "spec.mutations[0].jsonPatch: Required value: must be specified when patchType is "
            "JSONPatch"
        ),
        (
            'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not '
            "be specified when patchType is JSONPatch"
        ),
        "spec.reinvocationPolicy: Required value",
    ]


def mutating(expression="Object{}", *, patches=False, **spec):
    """A MutatingAdmissionPolicy with one mutation."""
    member = "jsonPatch" if patches else "applyConfiguration"
    patch_type = "JSONPatch" if patches else "ApplyConfiguration"
    mutation = {"patchType": patch_type, member: {"expression": expression}}
    return policy(mutations=[mutation], reinvocationPolicy="Never", **spec)


@pytest.mark.parametrize(
    ("expression", "patches", "message"),
    [
        ("{'spec': 1}", False, "must evaluate to Object but got map(string, int)"),
        ("Object.spec{}", False, "must evaluate to Object but got Object.spec"),
        ("object", False, "must evaluate to Object but got dyn"),
        ("[]", True, "must evaluate to list(JSONPatch) but got list(dyn)"),
        ("JSONPatch{op: 'add'}", True, "must evaluate to list(JSONPatch) but got JSONPatch"),
        ("[JSONPatch{op: 1}]", True, "expected type of field 'op' is 'string' but provided type"),
        ("[JSONPatch{ops: ''}]", True, "undefined field 'ops'"),
        ("Objects{}", False, "undeclared reference to 'Objects' (in container '')"),
        ("Object{spec: params.x}", False, "undeclared reference to 'params' (in container '')"),
        ("Object{spec: variables.x}", False, "undeclared reference to 'variables'"),
        (" ", False, "spec.mutations[0].applyConfiguration.expression: Required value"),
    ],
)
def test_mutations_are_type_checked(expression, patches, message):
    """The type must be exact, and only what is declared can be named."""
    found = errors_of(validate_mutating_policy, mutating(expression, patches=patches))
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(
    ("expression", "patches"),
    [
        ("Object{metadata: Object.metadata{labels: {'a': 'b'}}}", False),
        ("true ? Object{} : Object{spec: Object.spec{?replicas: object.spec.?replicas}}", False),
        ("has(object.x) ? [] : [JSONPatch{op: 'remove', path: '/x'}]", True),
        ("[JSONPatch{op: 'test', path: '/' + jsonpatch.escapeKey('a/b')}] + []", True),
        ("object.items.map(i, JSONPatch{op: 'add', path: '/-', value: i})", True),
    ],
)
def test_mutations_of_the_right_type_are_accepted(expression, patches):
    """Empty lists become what they are joined with."""
    assert errors_of(validate_mutating_policy, mutating(expression, patches=patches)) == []


def test_only_mutations_make_objects():
    """Variables are typed for mutations, but cannot contain objects of their own."""
    obj = mutating(
        "Object{spec: Object.spec{replicas: variables.n}}",
        variables=[{"name": "n", "expression": "1"}],
        matchConditions=[{"name": "c", "expression": "variables.n == 1"}],
    )
    assert [error.split(":")[0] for error in errors_of(validate_mutating_policy, obj)] == [
        "spec.matchConditions[0].expression"
    ]
    obj = mutating("variables.o", variables=[{"name": "o", "expression": "Object{}"}])
    found = errors_of(validate_mutating_policy, obj)
    assert "undeclared reference to 'Object'" in found[0]
    assert "must evaluate to Object but got dyn" in found[1]


def test_what_is_deleted_cannot_be_changed():
    """Neither policies nor their bindings may be for DELETE."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
    for operations in (["CREATE", "UPDATE", "CONNECT"], ["*"]):
        match = {"resourceRules": [{**rule, "operations": operations}]}
        assert errors_of(validate_mutating_policy, mutating(matchConstraints=match)) == []
    match = {"resourceRules": [{**rule, "operations": ["DELETE"]}]}
    refused = (
        'resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", '
        '"CREATE", "UPDATE"'
    )
    assert errors_of(validate_mutating_policy, mutating(matchConstraints=match)) == [
        f"spec.matchConstraints.{refused}"
    ]
    assert binding_errors(matchResources=match, mutating=True) == [f"spec.matchResources.{refused}"]


def test_expressions_that_stay_are_not_compiled_again():
    """An update of something else is not refused for what was stored; one of variables may be."""
    old = mutating("Object{spec: nobody}", matchConditions=[{"name": "c", "expression": "1"}])
    new = {**old, "metadata": {"name": "p", "labels": {"a": "b"}}}
    assert errors_of(validate_mutating_policy, new, old=old) == []
    changed = {**old, "spec": {**old["spec"], "variables": [{"name": "v", "expression": "1"}]}}
    found = errors_of(validate_mutating_policy, changed, old=old)
    assert len(found) == 1
    assert "undeclared reference to 'nobody'" in found[0]


def test_actions_of_a_binding_do_not_contradict():
    """Mutating bindings have none."""
    assert "must not contain both" in binding_errors(validationActions=["Deny", "Warn"])[0]
    assert binding_errors(validationActions=[], mutating=True) == []
    assert binding_errors(validationActions=[]) == [
        "spec.validationActions: Required value: at least one validation action is required"
    ]


@pytest.mark.parametrize("mutating", [False, True])
def test_what_a_binding_matches_is_told_by_its_path(mutating):
    """The path is that of the field, for both kinds of binding."""
    rule = {**RULE, "resources": []}
    assert binding_errors(mutating=mutating, matchResources={"resourceRules": [rule]}) == [
        "spec.matchResources.resourceRules[0].resources: Required value"
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
