"""OpenAPI documents: those of 1.36 are a real server's, and all of them are valid."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator

from kapi.apimachinery.scheme import Scheme
from kapi.apis.install import install
from kapi.endpoints.openapi.documents import OpenAPI
from kapi.registry.catalogue import Catalogue, builtin_resources
from kapi.registry.rules import Rules
from kapi.util.clock import SystemClock

# By document: how many operations and schemas there are, and a digest of their names, parameters,
# media types and answers (``outline``), as a real server of 1.36 has them.
OUTLINES = json.loads(Path(__file__).with_name("openapi-1.36.json").read_text())
METHODS = {"get", "put", "post", "patch", "delete", "head", "options"}


@pytest.fixture(scope="module")
def document():
    """Build a document of a minor version."""
    rules = Rules()
    install(rules)
    servers = {}

    def build(minor, name, settings=None):
        key = (minor, str(settings))
        if key not in servers:
            catalogue, scheme = Catalogue(), Scheme.load(minor)
            catalogue.add(builtin_resources(scheme, rules, settings))
            servers[key] = OpenAPI(scheme, catalogue, SystemClock(), f"v1.{minor}.0")
        if name == "names":
            return servers[key]._names()
        return json.loads(servers[key]._document(name)[0])

    return build


def operations(paths):
    """Every operation with its path and method."""
    for path, item in paths.items():
        for method, operation in item.items():
            if method in METHODS:
                yield f"{method} {path}", operation, item


def outline(document):
    """What clients and generators rely on, as text in a fixed order."""
    lines = []
    for name, operation, item in operations(document["paths"]):
        parameters = [*operation.get("parameters", []), *item.get("parameters", [])]
        kind = operation.get("x-kubernetes-group-version-kind") or {}
        answers = {
            code: sorted(answer.get("content", {}))
            for code, answer in operation["responses"].items()
        }
        fact = {
            "id": operation["operationId"],
            "action": operation.get("x-kubernetes-action"),
            "gvk": [kind.get("group"), kind.get("version"), kind.get("kind")],
            "params": sorted(parameter["name"] for parameter in parameters),
            "consumes": sorted(operation.get("requestBody", {}).get("content", {})),
            "responses": answers,
        }
        lines.append(name + json.dumps(fact, sort_keys=True))
    return "\n".join([*sorted(lines), *sorted(document["components"].get("schemas", {}))])


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def without_defaults(schema):
    """Kubernetes' defaults of structs lack required members, which validators refuse."""
    if isinstance(schema, dict):
        return {
            key: without_defaults(value)
            for key, value in schema.items()
            if key != "default" or key in schema.get("properties", ())
        }
    return [without_defaults(item) for item in schema] if isinstance(schema, list) else schema


def test_the_documents_of_1_36_are_those_of_a_real_server(document):
    """The same documents with the same operations and schemas."""
    assert document(36, "names") == sorted(OUTLINES["v3"])
    different = []
    for name, (count, schemas, expected) in OUTLINES["v3"].items():
        built = document(36, f"v3/{name}")
        found = (
            sum(1 for _ in operations(built["paths"])),
            len(built["components"].get("schemas", {})),
            digest(outline(built)),
        )
        if found != (count, schemas, expected):
            different.append((name, found))
    assert different == []


def test_openapi_v2_of_1_36_names_what_a_real_server_names(document):
    """Paths and definitions, and the members of the document."""
    built = document(36, "v2")
    assert sorted(built) == OUTLINES["v2"]["members"]
    assert digest("\n".join(sorted(built["paths"]))) == OUTLINES["v2"]["paths"]
    assert digest("\n".join(sorted(built["definitions"]))) == OUTLINES["v2"]["definitions"]


@pytest.mark.parametrize("minor", [25, 31, 37])
def test_operations_have_names_of_their_own(document, minor):
    """With all APIs on; generated clients make functions of them."""
    settings = {"api/all": True}
    for name in document(minor, "names", settings):
        built = document(minor, f"v3/{name}", settings)
        ids = [operation["operationId"] for _, operation, _ in operations(built["paths"])]
        assert len(ids) == len(set(ids)), name


@pytest.mark.parametrize("minor", [25, 37])
@pytest.mark.parametrize("name", ["version", "apis/batch/v1", "apis/autoscaling/v2"])
def test_documents_are_valid_openapi_v3(document, minor, name):
    """By the specification's own schema."""
    built = without_defaults(document(minor, f"v3/{name}"))
    assert [str(error) for error in OpenAPIV30SpecValidator(built).iter_errors()] == []


def test_openapi_v2_is_valid(document):
    """By the specification's own schema; every reference leads somewhere."""
    only = {"api/all": False, "v1": True, "storage.k8s.io/v1beta1": True}
    built = document(36, "v2", only)
    assert [str(error) for error in OpenAPIV2SpecValidator(built).iter_errors()] == []


def test_defaults_of_older_schemas(document):
    """Items of lists had defaults before 1.36, and times before 1.29."""
    name = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    found = {}
    for minor in (28, 29, 35, 36):
        members = document(minor, "v3/apis/policy/v1")["components"]["schemas"][name]["properties"]
        found[minor] = (
            members["creationTimestamp"].get("default"),
            members["finalizers"]["items"].get("default"),
            "allOf" in members["ownerReferences"]["items"],
        )
    assert found == {
        28: ({}, "", True),
        29: (None, "", True),
        35: (None, "", True),
        36: (None, None, False),
    }
