"""Type checking of policies against the kinds that they name."""

from __future__ import annotations

import pytest

from kapi.admission.policy.kind_types import builtin_type, custom_type
from kapi.admission.policy.type_checking import kinds_to_check, type_warnings
from kapi.apimachinery.scheme import Scheme
from kapi.apimachinery.types import GroupVersionKind

_WIDGET = GroupVersionKind("example.com", "v1", "Widget")
_KINDS = {
    ("", "v1", "pods"): GroupVersionKind("", "v1", "Pod"),
    ("", "v1", "configmaps"): GroupVersionKind("", "v1", "ConfigMap"),
    ("apps", "v1", "deployments"): GroupVersionKind("apps", "v1", "Deployment"),
    ("apps", "v1", "replicasets"): GroupVersionKind("apps", "v1", "ReplicaSet"),
    ("example.com", "v1", "widgets"): _WIDGET,
}
_WIDGET_SCHEMA = {
    "type": "object",
    "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
}


class _Lookup:
    """The kinds of a scheme under the resources above."""

    def __init__(self):
        self._scheme = Scheme.load(36)

    def kinds_of(self, group, version, resource):
        return [
            kind
            for (g, v, r), kind in _KINDS.items()
            if group in ("", g) and (v, r) == (version, resource)
        ]

    def type_of(self, kind):
        definitions = self._scheme.definitions
        if kind == _WIDGET:
            return custom_type(definitions, _WIDGET_SCHEMA, "Widget")
        name = self._scheme.definition_name(kind)
        return None if name is None else builtin_type(definitions, name, kind.kind)


@pytest.fixture(scope="module")
def lookup():
    """The kinds of Kubernetes 1.36, and one that is custom."""
    return _Lookup()


def _rule(groups, resources, versions=("v1",)):
    return {"apiGroups": groups, "apiVersions": list(versions), "resources": resources}


def _policy(expression, *rules, message_expression="", **spec):
    validation = {"expression": expression}
    if message_expression:
        validation["messageExpression"] = message_expression
    return {
        "spec": {
            "matchConstraints": {"resourceRules": list(rules)},
            "validations": [validation],
            **spec,
        }
    }


_DEPLOYMENTS = _rule(["apps"], ["deployments"])


def test_the_example_of_the_documentation(lookup):
    """A field at the wrong place is told with kind, position and the line itself."""
    assert type_warnings(_policy("object.replicas > 1", _DEPLOYMENTS), lookup) == [
        {
            "fieldRef": "spec.validations[0].expression",
            "warning": (
                "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n"
                " | object.replicas > 1\n"
                " | ......^\n"
            ),
        }
    ]


def test_one_warning_for_all_kinds(lookup):
    """Kinds are told in order, the core group with an empty name."""
    rules = [_rule(["apps"], ["replicasets", "deployments"]), _rule([""], ["pods"])]
    (warning,) = type_warnings(_policy("object.spec.replicas > 1", *rules), lookup)
    assert warning["warning"] == (
        "/v1, Kind=Pod: ERROR: <input>:1:12: undefined field 'replicas'\n"
        " | object.spec.replicas > 1\n"
        " | ...........^\n"
    )
    (warning,) = type_warnings(_policy("object.spec.x", *rules), lookup)
    kinds = [line.partition(": ")[0] for line in warning["warning"].split("\n\n")]
    assert kinds == ["/v1, Kind=Pod", "apps/v1, Kind=Deployment", "apps/v1, Kind=ReplicaSet"]


@pytest.mark.parametrize(
    "expression",
    [
        "object.spec.replicas == 1 && oldObject.spec.paused",
        "object.metadata.labels['a'] == 'b' && 'x' in object.metadata.annotations",
        "object.metadata.creationTimestamp > timestamp('2026-01-01T00:00:00Z')",
        "object.spec.template.spec.containers.all(c, c.image.startsWith('a'))",
        "object.spec.strategy.rollingUpdate.maxSurge == 1",
        "object.spec.strategy.rollingUpdate.maxSurge == '10%'",
        "quantity(object.spec.template.spec.containers[0].resources.limits['cpu']).isInteger()",
        "object.spec.template.spec.containers[0].ports[0].containerPort < 1024",
        "request.operation == 'CREATE' && namespaceObject.metadata.name == 'x'",
        "authorizer.requestResource.check('get').allowed()",
        "object.apiVersion == 'apps/v1' && object.kind == 'Deployment'",
        "object.metadata.managedFields[0].manager == 'a'",
    ],
)
def test_what_is_fine(lookup, expression):
    """Fields have the types of the API documentation."""
    assert type_warnings(_policy(expression, _DEPLOYMENTS), lookup) == []


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("object.spec.replicas == 'a'", "found no matching overload for '_==_' applied to"),
        ("object.spec.replicas.x", "type 'int' does not support field selection"),
        ("object.metadata.creationTimestamp == 'x'", "applied to '(timestamp, string)'"),
        ("object.metadata.managedFields[0].fieldsV1.x", "undefined field 'x'"),
        ("params.data.x == 'y'", "undeclared reference to 'params'"),
        ("variables.missing", "undefined field 'missing'"),
    ],
)
def test_what_is_told(lookup, expression, text):
    """Wrong types, missing fields and missing variables are told."""
    (warning,) = type_warnings(_policy(expression, _DEPLOYMENTS), lookup)
    assert text in warning["warning"]


def test_message_expressions_and_positions(lookup):
    """A messageExpression has a warning of its own."""
    policy = _policy("true", _DEPLOYMENTS, message_expression="object.x")
    policy["spec"]["validations"].insert(0, {"expression": "true"})
    (warning,) = type_warnings(policy, lookup)
    assert warning["fieldRef"] == "spec.validations[1].messageExpression"


def test_variables_and_parameters_have_types(lookup):
    """Scalars, lists and maps keep their type; objects, and what has an error, may be anything."""
    variables = [
        {"name": "count", "expression": "object.spec.replicas"},
        {"name": "names", "expression": "object.spec.template.spec.containers.map(c, c.name)"},
        {"name": "spec", "expression": "object.spec"},
        {"name": "wrong", "expression": "object.nothing"},
        {"name": "twice", "expression": "variables.count * 2"},
    ]
    more = {"variables": variables, "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}
    fine = "variables.spec.anything == variables.wrong.x && params.data['a'] == 'b'"
    assert type_warnings(_policy(fine, _DEPLOYMENTS, **more), lookup) == []
    for expression, text in {
        "variables.count == 'a'": "(int, string)",
        "variables.twice == 'a'": "(int, string)",
        "variables.names[0] == 1": "(string, int)",
        "params.spec": "undefined field 'spec'",
    }.items():
        (warning,) = type_warnings(_policy(expression, _DEPLOYMENTS, **more), lookup)
        assert text in warning["warning"]


def test_custom_kinds(lookup):
    """A custom kind has the fields of its schema and the metadata of every object."""
    widgets = _rule(["example.com"], ["widgets"])
    fine = "object.spec.size > 1 && object.metadata.labels.size() == 0 && object.kind == 'Widget'"
    assert type_warnings(_policy(fine, widgets), lookup) == []
    (warning,) = type_warnings(_policy("object.spec.weight > 1", widgets), lookup)
    assert warning["warning"].startswith("example.com/v1, Kind=Widget: ERROR: <input>:1:12: ")


def test_types_that_contain_themselves(lookup):
    """Inside itself a type has no fields."""
    gvk = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    version = lookup.type_of(gvk).fields["spec"][1].fields["versions"][1].params[0]
    schema = version.fields["schema"][1].fields["openAPIV3Schema"][1]
    assert schema.fields["description"][1].name == "string"
    assert schema.fields["properties"][1].params[1].fields == {}


@pytest.mark.parametrize(
    ("rule", "kinds"),
    [
        (_rule(["*"], ["deployments"]), []),
        (_rule(["apps"], ["deployments"], ["v1", "*"]), []),
        (_rule(["apps"], ["*", "deployments", "deployments/scale", "*/status"]), ["Deployment"]),
        (_rule(["nothing"], ["deployments"]), []),
        (_rule([""], ["deployments"]), ["Deployment"]),
        (_rule(["", "apps"], ["pods", "replicasets"]), ["Pod", "ReplicaSet"]),
    ],
)
def test_kinds_of_rules(lookup, rule, kinds):
    """Wildcards name no kind, subresources are left out, the core group stands for any."""
    spec = {"matchConstraints": {"resourceRules": [rule]}}
    assert [kind.kind for kind in kinds_to_check(spec, lookup)] == kinds


def test_at_most_ten_kinds():
    """The rest of the kinds is not looked at."""

    class Many:
        def kinds_of(self, group, version, resource):
            return [GroupVersionKind("g", "v1", f"Kind{i:02}") for i in range(30)]

        def type_of(self, kind):
            raise AssertionError

    spec = {"matchConstraints": {"resourceRules": [_rule(["g"], ["things"])]}}
    assert len(kinds_to_check(spec, Many())) == 10
