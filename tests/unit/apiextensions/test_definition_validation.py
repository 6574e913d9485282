"""Validation of CustomResourceDefinitions."""

from __future__ import annotations

from copy import deepcopy

import pytest

from kapi.apiextensions.definition.defaults import default_definition
from kapi.apiextensions.definition.schema_validation import unrecognized_formats
from kapi.apiextensions.definition.validation import (
    validate_definition,
    validate_definition_status,
    validate_definition_update,
)
from kapi.apimachinery.field import ErrorList

ROOT = "spec.validation.openAPIV3Schema"
X = f"{ROOT}.properties[x]"


def definition(schema=None, **spec):
    """A valid definition, but for what is given."""
    schema = {"type": "object"} if schema is None else schema
    obj = {
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
            **spec,
        },
        "status": {"storedVersions": ["v1"]},
    }
    default_definition(obj)
    return obj


def errors_of(obj):
    errors = ErrorList()
    validate_definition(obj, errors)
    return [str(error) for error in errors]


def with_x(**schema):
    return definition({"type": "object", "properties": {"x": schema}})


def test_a_good_definition():
    """A definition with defaults has no errors."""
    obj = definition()
    assert errors_of(obj) == []
    assert obj["spec"]["names"]["listKind"] == "WidgetList"
    assert obj["spec"]["conversion"] == {"strategy": "None"}


@pytest.mark.parametrize(
    ("schema", "error"),
    [
        ({}, f"{X}.type: Required value: must not be empty for specified object fields"),
        ({"type": "array"}, f"{X}.items: Required value: must be specified"),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "allOf": [{"type": "object"}],
            },
            f"{X}.allOf[0].type: Forbidden: must be empty to be structural",
        ),
        (
            {"type": "string", "default": 5},
            f'{X}.default: Invalid value: "integer":  in body must be of type string: "integer"',
        ),
        (
            {"type": "object", "default": {"b": 1}},
            f'{X}.default: Invalid value: {{"b":1}}: must not have unknown fields',
        ),
        (
            {"type": "string", "pattern": "a("},
            (
                f'{X}.pattern: Invalid value: "a(": must be a valid regular expression, but '
                "isn't: error parsing regexp: missing closing ): `a(`"
            ),
        ),
        (
            {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "bag"},
            (
                f'{X}.x-kubernetes-list-type: Unsupported value: "bag": supported values: '
                '"atomic", "set", "map"'
            ),
        ),
        ({"$ref": "#/a"}, f"{X}.$ref: Forbidden: $ref is not supported"),
    ],
)
def test_schemas(schema, error):
    """What a schema may not say is told with the path in the schema."""
    assert errors_of(with_x(**schema)) == [error]


def test_int_or_string_allows_one_any_of():
    """The well-known alternatives are allowed in their order only."""
    types = [{"type": "integer"}, {"type": "string"}]
    good = {"x-kubernetes-int-or-string": True, "anyOf": types}
    assert errors_of(with_x(**good)) == []
    assert len(errors_of(with_x(**{**good, "anyOf": types[::-1]}))) == 2


def test_errors_name_the_version_that_differs():
    """What is the same in all versions is reported above them, other things in their version."""
    versions = deepcopy(definition()["spec"]["versions"])
    second = deepcopy(versions[0])
    second.update(name="v2", storage=False)
    second["schema"] = {"openAPIV3Schema": {"type": "array", "items": {"type": "string"}}}
    (error,) = errors_of(definition(versions=[versions[0], second]))
    assert error.startswith("spec.versions[1].schema.openAPIV3Schema.type: Invalid value")


def test_exactly_one_storage_version():
    """The message shows the versions as Go names their members."""
    obj = definition()
    obj["spec"]["versions"][0]["storage"] = False
    obj["status"]["storedVersions"] = None
    first, second = errors_of(obj)
    assert first.startswith('spec.versions: Invalid value: [{"Name":"v1","Served":true,')
    assert '"Schema":null' in first
    assert second == (
        "status.storedVersions: Invalid value: null: must have at least one stored version"
    )


def test_a_stored_version_stays():
    """A version that objects may be stored in cannot be removed."""
    old = definition()
    new = deepcopy(old)
    new["spec"]["versions"][0]["name"] = "v2"
    new["status"]["storedVersions"] = ["v1", "v2"]
    errors = ErrorList()
    validate_definition_update(new, old, errors)
    assert [error.path for error in errors] == ["status.storedVersions[0]"]


def test_scope_and_kind_are_fixed_once_established():
    """Before, they may change; the group and the plural never."""
    old = definition()
    new = deepcopy(old)
    new["spec"]["scope"] = "Cluster"
    errors = ErrorList()
    validate_definition_update(new, old, errors)
    assert not errors
    old["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    validate_definition_update(new, old, errors)
    assert [str(error) for error in errors] == [
        'spec.scope: Invalid value: "Cluster": field is immutable'
    ]


def test_groups_of_the_project_need_approval():
    """A URL or a text that says unapproved will do."""
    obj = definition(group="a.k8s.io")
    obj["metadata"]["name"] = "widgets.a.k8s.io"
    assert len(errors_of(obj)) == 1
    for annotation, problems in (("https://a.b/c", 0), ("unapproved, x", 0), ("yes", 1)):
        obj["metadata"]["annotations"] = {"api-approved.kubernetes.io": annotation}
        assert len(errors_of(obj)) == problems


def test_no_name_is_taken_for_two_versions():
    """The second version of a name is not among the stored ones, in whatever is shown of it."""
    obj = definition()
    obj["spec"]["versions"] *= 2
    told = [error.partition(": ")[0] for error in errors_of(obj)]
    assert told == ["spec.versions", "spec.versions", "status.storedVersions"]
    assert errors_of(obj)[2].endswith('["v1"]: must have the storage version v1')


@pytest.mark.parametrize("versions", [None, []])
def test_no_versions(versions):
    """What was given is shown, null or empty."""
    obj = definition(versions=versions)
    shown = "null" if versions is None else "[]"
    assert errors_of(obj)[0] == (
        f"spec.versions: Invalid value: {shown}: must have exactly one version marked as storage "
        "version"
    )


def test_schemas_are_required():
    """A version without one is told by its place; an empty one is one."""
    obj = definition()
    del obj["spec"]["versions"][0]["schema"]
    assert errors_of(obj) == ["spec.versions[0].schema.openAPIV3Schema: Required value"]


def test_fields_are_selected_where_their_schema_stands():
    """Fields that differ by version have no schema where all versions have the same."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    obj = definition(schema)
    first = obj["spec"]["versions"][0]
    second = {**first, "name": "v2", "storage": False, "selectableFields": [{"jsonPath": ".a"}]}
    obj["spec"]["versions"].append(second)
    assert errors_of(obj) == [
        (
            'spec.versions[1].selectableFields: Invalid value: "": may only be set when '
            "`version.schema.openAPIV3Schema` is not included"
        )
    ]


def test_unknown_fields_are_not_preserved():
    """Nothing that needs to know all fields goes with it."""
    schema = {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}
    obj = definition(schema, preserveUnknownFields=True)
    told = errors_of(obj)
    assert told[0].endswith("must be false in order to use defaults in the schema")
    assert told[1].startswith("spec.preserveUnknownFields: Invalid value: true: cannot set to")
    obj["spec"]["conversion"] = {"strategy": "Webhook"}
    why = "must be None if spec.preserveUnknownFields is true"
    assert errors_of(obj)[1] == f'spec.conversion.strategy: Invalid value: "Webhook": {why}'


def test_generated_names_are_wrong():
    """A definition has the one name that its plural and group make."""
    obj = definition()
    obj["metadata"] = {"generateName": "x", "name": "xabcde"}
    told = [error.partition(": ")[0] for error in errors_of(obj)]
    assert told == ["metadata.generateName", "metadata.name"]


def test_accepted_names_are_names():
    """Also where the status changes alone."""
    errors = ErrorList()
    validate_definition_status({"status": {"acceptedNames": {"plural": "A_"}}}, errors)
    assert [error.path for error in errors] == ["status.acceptedNames.plural"]
    errors.clear()
    validate_definition_status({"status": {"acceptedNames": {"plural": "", "kind": ""}}}, errors)
    assert errors == []


def test_warnings_are_for_deprecated_versions():
    """Nothing else is told of one that is not."""
    obj = definition()
    obj["spec"]["versions"][0]["deprecationWarning"] = ""
    (told,) = errors_of(obj)
    assert told.endswith("can only be set for deprecated versions")


def test_a_missing_name_is_told_elsewhere():
    """Whatever else is wrong is told all the same."""
    assert errors_of(definition() | {"metadata": {}}) == []
    told = [error.partition(": ")[0] for error in errors_of({"metadata": {}, "spec": {}})]
    assert told == [
        "spec.group",
        "spec.scope",
        "spec.versions",
        *(f"spec.names.{member}" for member in ("plural", "singular", "kind", "listKind")),
        "spec.conversion.strategy",
        "status.storedVersions",
    ]


def test_definitions_in_use_need_certificates_that_can_be_read():
    """Unless what was there before could not be read either."""
    old = definition()
    old["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    client = {"url": "https://a.b", "caBundle": "YQ=="}
    webhook = {"conversionReviewVersions": ["v1"], "clientConfig": client}
    new = definition(conversion={"strategy": "Webhook", "webhook": webhook})
    assert errors_of(new) == []

    def told(before):
        errors = ErrorList()
        validate_definition_update(new, before, errors)
        return [str(error) for error in errors]

    why = "unable to load root certificates: unable to parse bytes as PEM block"
    at = "spec.conversion.webhookClientConfig.caBundle"
    assert told(old) == [f'{at}: Invalid value: "YQ==": {why}']
    old["spec"]["conversion"] = new["spec"]["conversion"]
    assert told(old) == []


def test_the_storage_version_has_been_stored():
    """A status that names no version is completed."""
    obj = definition()
    obj["status"] = {"storedVersions": []}
    default_definition(obj)
    assert obj["status"] == {"storedVersions": ["v1"]}


def test_formats_mean_something_for_some_types():
    """Formats of numbers belong to numbers, those of text to text; each is told once."""
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "string", "format": "foo"},
            "b": {"type": "integer", "format": "date-time"},
            "c": {"type": "integer", "format": "int32"},
            "d": {"type": "array", "items": {"format": "foo"}, "format": "int64"},
            "e": {"type": "number", "format": "double"},
            "f": {"type": "string", "format": "date-time"},
        },
    }
    assert unrecognized_formats(schema) == ["foo", "date-time", "int64"]
