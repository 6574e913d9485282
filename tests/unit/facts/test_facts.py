"""The tables of facts agree with the schemas of the versions that they speak of."""

from __future__ import annotations

import importlib.resources
import json

import pytest

from kapi.apimachinery.scheme import Scheme
from kapi.apimachinery.types import GroupVersionKind
from kapi.registry.catalogue import resource_table
from kapi.server.options import MAXIMUM_MINOR, MINIMUM_MINOR

MINORS = range(MINIMUM_MINOR, MAXIMUM_MINOR + 1)
# Kinds with a list that are no resources.
NO_RESOURCES = {"APIGroup", "APIResource"}


def facts(name):
    return json.loads(importlib.resources.files("kapi.facts").joinpath(name).read_text())


@pytest.fixture(scope="module")
def schemes():
    """The types of every served version."""
    return {minor: Scheme.load(minor) for minor in MINORS}


def test_a_resource_is_served_exactly_as_long_as_its_schema_is_there(schemes):
    """The table has neither too much nor too little at any version."""
    table = resource_table()
    for minor, scheme in schemes.items():
        rows = [row for row in table if row["since"] <= minor <= row["until"]]
        kinds = {GroupVersionKind(row["group"], row["version"], row["kind"]) for row in rows}
        assert [kind for kind in kinds if scheme.definition_name(kind) is None] == []
        listed = {
            gvk._replace(kind=gvk.kind.removesuffix("List"))
            for gvk in scheme.kinds()
            if gvk.kind.endswith("List") and gvk.kind.removesuffix("List") not in NO_RESOURCES
        }
        assert listed - kinds == set()


def test_kinds_of_subresources_exist(schemes):
    """What a subresource reads and writes has a schema."""
    for row in resource_table():
        for sub in row.get("subresources", {}).values():
            kind = GroupVersionKind(*sub["responseKind"])
            if kind.kind.endswith("Options"):
                continue
            for minor in (max(sub["since"], row["since"]), min(sub["until"], row["until"])):
                assert schemes[minor].definition_name(kind) is not None, (row, minor)


def test_the_members_of_the_version_document(schemes):
    """Emulation is told since 1.33."""
    for minor, scheme in schemes.items():
        info = scheme.named("io.k8s.apimachinery.pkg.version.Info")
        assert ("emulationMajor" in info.fields) is (minor >= 33)


def test_gated_members_exist_before_their_gate_is_on(schemes):
    """A gate of a member that no version has, or has only with the gate on, is a mistake."""
    for name, since in facts("gates.json").items():
        owner, _, member = name.rpartition(".")
        having = [
            minor
            for minor in MINORS
            if member in schemes[minor].definitions.get(owner, {}).get("properties", {})
        ]
        assert having, name
        assert min(having) < since <= MAXIMUM_MINOR, name
        field = schemes[min(having)].named(owner).fields[member]
        assert field.gated
        assert field.pointer or field.omitempty, name  # else it could not be left out


def test_deprecated_kinds_are_served_and_end_when_announced(schemes):
    """The end that the last version announces is when the resource goes."""
    rows = {(row["group"], row["version"], row["kind"]): row for row in resource_table()}
    for group, version, kind, said in facts("lifecycle.json"):
        row = rows[group, version, kind]
        minor, deprecated, removed, _ = said[-1]
        assert row["since"] <= minor <= row["until"]
        assert deprecated <= minor < removed
        assert row["until"] == MAXIMUM_MINOR or row["until"] < removed


def test_defaults_and_enums_name_members_that_exist(schemes):
    """At least in one version."""
    properties = {
        f"{name}.{member}"
        for scheme in schemes.values()
        for name, definition in scheme.definitions.items()
        for member in definition.get("properties", ())
    }
    assert set(facts("defaults.json")) <= properties
    enums = {f"{name}.{field}" for name, fields in facts("enums.json").items() for field in fields}
    assert enums <= properties
